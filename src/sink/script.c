#include "sink/script.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/descriptor.h"
#include "base/mem.h"
#include "smtp/steps.h"

/* A line of what the client says stands for a chunk where BDAT is before it. */
static bool behind_bdat(const struct script *s)
{
    const struct script_line *last = s->count ? &s->lines[s->count - 1] : NULL;
    return last && last->act == SCRIPT_HEAR &&
           step_of_command(last->text) == STEP_BDAT;
}

static bool read_say(const struct script *s, struct script_line *line)
{
    (void)s;
    line->act = SCRIPT_SAY;
    return true;
}

static bool read_hear(const struct script *s, struct script_line *line)
{
    line->act = SCRIPT_HEAR;
    if (behind_bdat(s)) {
        line->act = SCRIPT_CHUNK;
    } else if (span_starts(line->text, SPAN("{"))) {
        line->act = SCRIPT_CONTENT;
        return span_ends(line->text, SPAN(" dot}"));
    }
    return true;
}

static bool read_secured(const struct script *s, struct script_line *line)
{
    (void)s;
    line->act = SCRIPT_SECURE;
    return line->text.len == 0;
}

static bool read_wait(const struct script *s, struct script_line *line)
{
    (void)s;
    line->act = SCRIPT_WAIT;
    return ascii_parse_number(line->text, SCRIPT_WAIT_MS_MAX, &line->wait_ms);
}

static bool read_lost(const struct script *s, struct script_line *line)
{
    (void)s;
    bool reset = span_equal(line->text, SPAN("reset"));
    line->act = reset ? SCRIPT_RESET : SCRIPT_LOSE;
    return reset || line->text.len == 0;
}

static const struct {
    struct span word;
    /* False: what stands behind the word does not fit it. NULL: not for us. */
    bool (*read)(const struct script *s, struct script_line *line);
} words[] = {
    {SPAN("S:"), read_say},
    {SPAN("C:"), read_hear},
    {SPAN("secured"), read_secured},
    {SPAN("wait"), read_wait},
    {SPAN("lost"), read_lost},
    {SPAN("set"), NULL},
    {SPAN("letter"), NULL},
    {SPAN("utf8"), NULL},
    {SPAN("requiretls"), NULL},
    {SPAN("big"), NULL},
    {SPAN("unread"), NULL},
    {SPAN("quit"), NULL},
    {SPAN("verdict"), NULL},
    {SPAN("end"), NULL},
    {SPAN("tier"), NULL},
    {SPAN("unfit"), NULL},
};

enum { WORDS = sizeof words / sizeof *words };

static void add(struct script *s, const struct script_line *line)
{
    /* 64, 128, 256, …: grown whenever it is full. */
    if (s->count == 0 || (s->count >= 64 && (s->count & (s->count - 1)) == 0)) {
        size_t room = s->count ? s->count * 2 : 64;
        s->lines = mem_resize(s->lines, room, sizeof *s->lines);
    }
    s->lines[s->count++] = *line;
}

static bool read_line(struct script *s, struct span text, unsigned number)
{
    if (span_ends(text, SPAN("\r"))) {
        text.len--;
    }
    struct span word = span_slice(text, 0, span_find(text, ' '));
    if (word.len == 0 || word.data[0] == '#') {
        return true;
    }
    struct script_line line = {.number = number};
    /* One blank is the format's, any more are the line's own. */
    line.text = span_rest(text, word.len + (word.len < text.len));
    for (size_t i = 0; i < WORDS; i++) {
        if (span_equal(word, words[i].word)) {
            bool fine = !words[i].read || words[i].read(s, &line);
            if (fine && words[i].read) {
                add(s, &line);
            }
            return fine;
        }
    }
    return false;
}

static bool read_lines(struct script *s, const char *name, struct err *err)
{
    struct span rest = buf_span(&s->text);
    for (unsigned number = 1; rest.len > 0; number++) {
        size_t end = span_find(rest, '\n');
        struct span text = span_slice(rest, 0, end);
        if (!read_line(s, text, number)) {
            err_set(err, EX_DATAERR, "%s:%u: not a line of a script: %.*s",
                    name, number, (int)(text.len < 200 ? text.len : 200),
                    text.data);
            return false;
        }
        rest = span_rest(rest, end < rest.len ? end + 1 : end);
    }
    return true;
}

static void init(struct script *s)
{
    *s = (struct script){0};
    buf_init(&s->text, SCRIPT_BYTES_MAX);
}

bool script_parse(struct script *s, const char *name, struct span text,
                  struct err *err)
{
    init(s);
    buf_append(&s->text, text);
    if (s->text.overflowed) {
        err_set(err, EX_DATAERR, "%s: longer than a script can be", name);
        return false;
    }
    return read_lines(s, name, err);
}

bool script_read(struct script *s, const char *path, struct err *err)
{
    init(s);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    bool whole = file >= 0 && descriptor_read_all(file, &s->text);
    if (!whole) {
        err_set(err, EX_NOINPUT, "%s: %s", path, strerror(errno));
    }
    if (file >= 0) {
        close(file);
    }
    if (!whole) {
        return false;
    }
    return read_lines(s, path, err);
}

void script_release(struct script *s)
{
    free(s->lines);
    buf_release(&s->text);
    s->lines = NULL;
    s->count = 0;
}
