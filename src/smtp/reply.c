#include "smtp/reply.h"

#include <string.h>

#include "base/ascii.h"

enum {
    LINE_BYTES_KEPT = 4096,
    REPLY_BYTES_MAX = 65536,
    REPLY_LINES_MAX = 512,
};

void reply_parser_init(struct reply_parser *p)
{
    *p = (struct reply_parser){0};
    buf_init(&p->line, LINE_BYTES_KEPT);
    buf_init(&p->text, REPLY_BYTES_MAX);
    buf_init(&p->lines, REPLY_BYTES_MAX);
}

void reply_parser_release(struct reply_parser *p)
{
    buf_release(&p->line);
    buf_release(&p->text);
    buf_release(&p->lines);
}

static void begin_reply(struct reply_parser *p)
{
    buf_clear(&p->text);
    buf_clear(&p->lines);
    p->code = 0;
    p->line_count = 0;
    p->bytes = 0;
    p->whole = false;
}

struct span reply_lines(const struct reply_parser *p)
{
    return buf_span(&p->lines);
}

/* "d.ddd.ddd" (RFC 3463 2) at the start; its length, or 0. */
static size_t enhanced_length(struct span text)
{
    size_t at = 0;
    for (int part = 0; part < 3; part++) {
        size_t digits = 0;
        while (at < text.len && ascii_is_digit(text.data[at])) {
            at++;
            digits++;
        }
        if (digits == 0 || digits > 3 || (part == 0 && digits > 1)) {
            return 0;
        }
        if (part < 2 && (at == text.len || text.data[at++] != '.')) {
            return 0;
        }
    }
    return at == text.len || text.data[at] == ' ' ? at : 0;
}

struct span reply_enhanced(unsigned code, struct span text)
{
    size_t len = enhanced_length(text);
    if (len == 0 || (unsigned)(text.data[0] - '0') != code / 100) {
        return span_slice(text, 0, 0);
    }
    return span_slice(text, 0, len);
}

/* Code and what parts it from the text; false: this is no reply line. */
static bool read_code(struct span line, unsigned *code_out, bool *last_out)
{
    if (line.len < 3 || line.data[0] < '2' || line.data[0] > '5' ||
        !ascii_is_digit(line.data[1]) || !ascii_is_digit(line.data[2])) {
        return false;
    }
    if (line.len > 3 && line.data[3] != ' ' && line.data[3] != '-') {
        return false;
    }
    *code_out = (unsigned)(line.data[0] - '0') * 100 +
                (unsigned)(line.data[1] - '0') * 10 +
                (unsigned)(line.data[2] - '0');
    *last_out = line.len == 3 || line.data[3] == ' ';
    return true;
}

/* Later lines repeat the enhanced code of the first: once is enough. */
static void add_text(struct reply_parser *p, struct span text)
{
    buf_append(&p->lines, text);
    buf_append_byte(&p->lines, '\n');
    if (p->line_count > 1) {
        struct span again = reply_enhanced(p->code, text);
        struct span first = reply_enhanced(p->code, buf_span(&p->text));
        if (again.len > 0 && span_equal(again, first)) {
            text = span_trim(span_rest(text, again.len));
        }
        buf_append_byte(&p->text, ' ');
    }
    buf_append(&p->text, text);
}

/* One line, its line end cut off. */
static enum reply_result add_line(struct reply_parser *p, struct span line)
{
    unsigned code;
    bool last;
    if (!read_code(line, &code, &last) ||
        (p->line_count > 0 && code != p->code) ||
        p->line_count == REPLY_LINES_MAX || p->bytes > REPLY_BYTES_MAX) {
        return REPLY_MALFORMED;
    }
    p->code = code;
    p->line_count++;
    add_text(p, span_rest(line, line.len > 3 ? 4 : 3));
    if (!last) {
        return REPLY_PARTIAL;
    }
    p->whole = true;
    return REPLY_WHOLE;
}

/* Keeps what the line's ceiling allows; what is longer is still counted. */
static void keep(struct reply_parser *p, struct span part)
{
    size_t room = LINE_BYTES_KEPT - p->line.len;
    buf_append(&p->line,
               span_slice(part, 0, part.len < room ? part.len : room));
    p->bytes += part.len;
}

static enum reply_result end_line(struct reply_parser *p)
{
    struct span line = buf_span(&p->line);
    if (line.len > 0 && line.data[line.len - 1] == '\r') {
        line.len--;
    }
    enum reply_result result = add_line(p, line);
    buf_clear(&p->line);
    return result;
}

enum reply_result reply_parse(struct reply_parser *p, struct span *input,
                              struct reply *out)
{
    if (p->whole) {
        begin_reply(p);
    }
    while (input->len > 0 && !p->malformed) {
        size_t end = span_find(*input, '\n');
        keep(p, span_slice(*input, 0, end));
        bool ended = end < input->len;
        *input = span_rest(*input, ended ? end + 1 : end);
        enum reply_result result =
            ended ? end_line(p)
                  : (p->bytes > REPLY_BYTES_MAX ? REPLY_MALFORMED
                                                : REPLY_PARTIAL);
        p->malformed = result == REPLY_MALFORMED;
        if (result == REPLY_WHOLE) {
            out->code = p->code;
            out->text = buf_span(&p->text);
            out->enhanced = reply_enhanced(p->code, out->text);
            return REPLY_WHOLE;
        }
    }
    return p->malformed ? REPLY_MALFORMED : REPLY_PARTIAL;
}

bool reply_from_text(struct span text, struct buf *scratch, struct reply *out)
{
    struct reply_parser p;
    reply_parser_init(&p);
    struct span input = text;
    struct reply reply;
    enum reply_result result = reply_parse(&p, &input, &reply);
    if (result == REPLY_PARTIAL) {
        struct span end = SPAN("\n");
        result = reply_parse(&p, &end, &reply);
    }
    bool whole = result == REPLY_WHOLE && input.len == 0;
    if (whole) {
        buf_clear(scratch);
        buf_append(scratch, reply.text);
        *out = (struct reply){
            .code = reply.code,
            .text = buf_span(scratch),
            .enhanced = reply_enhanced(reply.code, buf_span(scratch)),
        };
    }
    reply_parser_release(&p);
    return whole;
}
