#include "cli/classify.h"

#include <popt.h>
#include <stdio.h>
#include <sysexits.h>

#include "base/ascii.h"
#include "base/err.h"
#include "base/json.h"
#include "cli/say.h"
#include "cli/usual.h"
#include "smtp/classify.h"

/* A reply of 64 KiB, each byte of it escaped, and what makes it too long. */
enum { LINE_BYTES_MAX = 2 * 65536 + 2, VERDICT_BYTES_MAX = 4096 };

/* --- from a line to a reply --- */

/* False at the end of the input. What passes the ceiling is dropped: such a
 * line is too long to be a reply in any case. */
static bool read_line(FILE *from, struct buf *out)
{
    buf_clear(out);
    int c;
    while ((c = getc(from)) != EOF && c != '\n') {
        if (out->len < LINE_BYTES_MAX) {
            buf_append_byte(out, (char)c);
        }
    }
    return c != EOF || out->len > 0;
}

static void unescape(struct span line, struct buf *out)
{
    static const struct {
        char written, meant;
    } escapes[] = {{'n', '\n'}, {'r', '\r'}, {'\\', '\\'}};
    buf_clear(out);
    for (size_t i = 0; i < line.len; i++) {
        char byte = line.data[i];
        char next = i + 1 < line.len ? line.data[i + 1] : '\0';
        for (size_t e = 0; byte == '\\' && e < 3; e++) {
            if (escapes[e].written == next) {
                byte = escapes[e].meant;
                i++;
                break;
            }
        }
        buf_append_byte(out, byte);
    }
}

/* Logs cut replies, or join their lines: the line's end ends the reply, even
 * where `550-` says that more was to come. */
static void end_reply(struct buf *text)
{
    while (text->len > 0 && (text->data[text->len - 1] == '\n' ||
                             text->data[text->len - 1] == '\r')) {
        buf_truncate(text, text->len - 1);
    }
    size_t last = span_find_last(buf_span(text), '\n');
    size_t at = last < text->len ? last + 1 : 0;
    if (at + 3 < text->len && text->data[at + 3] == '-') {
        text->data[at + 3] = ' ';
    }
}

/* --- from a reply to a verdict --- */

/* The enhanced code in front, even where it contradicts the code. */
static struct span enhanced_as_said(const struct reply *reply)
{
    static const unsigned classes[] = {200, 400, 500};
    struct span said = reply->enhanced;
    for (size_t i = 0; i < 3 && said.len == 0; i++) {
        said = reply_enhanced(classes[i], reply->text);
    }
    return said;
}

static void write_verdict(const struct reply *reply, struct buf *out)
{
    struct finding f = classify(STEP_NONE, reply);
    buf_clear(out);
    json_open(out);
    if (reply->code > 0) {
        json_add_number(out, "code", reply->code);
    } else {
        json_add_text(out, "code", SPAN(""));
    }
    json_add_text(out, "enhanced", enhanced_as_said(reply));
    json_add_text(out, "severity", span_of(severity_name(f.severity)));
    json_add_text(out, "scope", span_of(scope_name(f.scope)));
    json_add_text(out, "class", span_of(failure_class_name(f.class)));
    json_add_bool(out, "retry", f.retry);
    json_close(out);
    buf_append_byte(out, '\n');
}

static int classify_lines(struct err *err)
{
    struct buf line, text, scratch, verdict;
    buf_init(&line, LINE_BYTES_MAX);
    buf_init(&text, LINE_BYTES_MAX);
    buf_init(&scratch, LINE_BYTES_MAX);
    buf_init(&verdict, VERDICT_BYTES_MAX);
    bool written = true;
    while (written && read_line(stdin, &line)) {
        struct reply reply = {0};
        unescape(span_trim(buf_span(&line)), &text);
        end_reply(&text);
        if (!reply_from_text(buf_span(&text), &scratch, &reply)) {
            reply = (struct reply){0};
        }
        write_verdict(&reply, &verdict);
        written = fwrite(verdict.data, 1, verdict.len, stdout) == verdict.len;
    }
    buf_release(&line);
    buf_release(&text);
    buf_release(&scratch);
    buf_release(&verdict);
    if (!written || fflush(stdout) != 0) {
        err_set(err, EX_IOERR, "standard output cannot be written");
    } else if (ferror(stdin)) {
        err_set(err, EX_NOINPUT, "standard input cannot be read");
    }
    return err->status;
}

/* --- the verb --- */

static const struct poptOption options[] = {USUAL_ROW, POPT_TABLEEND};

/* False: *err, or there is nothing more to do. */
static bool read_words(poptContext popt, struct err *err)
{
    int result = poptGetNextOpt(popt);
    if (usual_shown(popt, result, err)) {
        return false;
    }
    if (result < -1) {
        err_set(err, EX_USAGE, "%s: %s",
                poptBadOption(popt, POPT_BADOPTION_NOALIAS),
                poptStrerror(result));
    } else if (poptPeekArg(popt)) {
        err_set(err, EX_USAGE,
                "classify reads its replies from stdin and takes no %s",
                poptPeekArg(popt));
    }
    return err->status == 0;
}

int verb_classify(int argc, const char **argv)
{
    struct say say = {.loudest = SAY_ERROR};
    struct err err = {0};
    poptContext popt = poptGetContext("mailshot", argc, argv, options, 0);
    poptReadDefaultConfig(popt, 0);
    /* Who asks line by line is answered line by line. */
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (read_words(popt, &err)) {
        (void)classify_lines(&err);
    }
    if (err.status != 0) {
        say_text(&say, SAY_ERROR, err.text);
    }
    poptFreeContext(popt);
    return err.status;
}
