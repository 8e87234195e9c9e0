#include "sink/content.h"

#include <string.h>

#include "base/ascii.h"

void content_init(struct content *c, bool keep)
{
    buf_init(&c->kept, CONTENT_KEPT_BYTES_MAX);
    c->keep = keep;
    content_start(c);
}

void content_release(struct content *c)
{
    buf_release(&c->kept);
}

void content_start(struct content *c)
{
    buf_clear(&c->kept);
    c->bytes = 0;
    c->place = CONTENT_HEADER;
    c->dots = CONTENT_LINE_START;
    c->line_bytes = 0;
    c->id_bytes = 0;
}

struct span content_message_id(const struct content *c)
{
    return span_from(c->id, c->id_bytes);
}

static struct span without_line_end(struct span line)
{
    while (line.len > 0 && (line.data[line.len - 1] == '\r' ||
                            line.data[line.len - 1] == '\n')) {
        line.len--;
    }
    return line;
}

static void read_id(struct content *c, struct span text)
{
    struct span id = span_trim(text);
    if (id.len == 0) {
        c->place = CONTENT_ID_FOLDED;
        return;
    }
    c->id_bytes = id.len < sizeof c->id ? id.len : sizeof c->id;
    memcpy(c->id, id.data, c->id_bytes);
    c->place = CONTENT_REST; /* nothing else is wanted */
}

static void read_header_line(struct content *c, struct span line)
{
    static const struct span name = SPAN("message-id:");
    line = without_line_end(line);
    if (line.len == 0) {
        c->place = CONTENT_REST;
    } else if (c->place == CONTENT_ID_FOLDED && ascii_is_blank(line.data[0])) {
        read_id(c, line);
    } else if (ascii_lower(line.data[0]) == 'm' &&
               span_starts_nocase(line, name)) {
        read_id(c, span_rest(line, name.len));
    } else {
        c->place = CONTENT_HEADER;
    }
}

/* What does not fit is dropped: no Message-ID is that long. */
static void carry(struct content *c, struct span part)
{
    size_t room = sizeof c->line - c->line_bytes;
    size_t len = part.len < room ? part.len : room;
    memcpy(c->line + c->line_bytes, part.data, len);
    c->line_bytes += len;
}

static void read_header(struct content *c, struct span bytes)
{
    while (bytes.len > 0 && c->place != CONTENT_REST) {
        size_t end = span_find(bytes, '\n');
        if (end == bytes.len) {
            carry(c, bytes);
            return;
        }
        struct span line = span_slice(bytes, 0, end + 1);
        bytes = span_rest(bytes, end + 1);
        if (c->line_bytes > 0) {
            carry(c, line);
            line = span_from(c->line, c->line_bytes);
            c->line_bytes = 0;
        }
        read_header_line(c, line);
    }
}

void content_add(struct content *c, struct span bytes)
{
    c->bytes += bytes.len;
    if (c->place != CONTENT_REST) {
        read_header(c, bytes);
    }
    if (c->keep && !c->kept.overflowed) {
        buf_append(&c->kept, bytes);
    }
}

/* From `at`, inside a line: the index behind its end or behind the bytes. */
static size_t pass_text(struct content *c, struct span bytes, size_t at)
{
    const char *found = memchr(bytes.data + at, '\n', bytes.len - at);
    if (!found) {
        c->dots =
            bytes.data[bytes.len - 1] == '\r' ? CONTENT_TEXT_CR : CONTENT_TEXT;
        return bytes.len;
    }
    size_t end = (size_t)(found - bytes.data);
    bool ended =
        end > at ? bytes.data[end - 1] == '\r' : c->dots == CONTENT_TEXT_CR;
    c->dots = ended ? CONTENT_LINE_START : CONTENT_TEXT;
    return end + 1;
}

bool content_add_dotted(struct content *c, struct span *bytes)
{
    struct span in = *bytes;
    size_t run = 0; /* what is content and not yet added begins here */
    size_t at = 0;
    while (at < in.len) {
        switch (c->dots) {
        case CONTENT_LINE_START:
            if (in.data[at] != '.') {
                at = pass_text(c, in, at);
                break;
            }
            content_add(c, span_slice(in, run, at));
            run = ++at;
            c->dots = CONTENT_DOT;
            break;
        case CONTENT_DOT:
            if (in.data[at] != '\r') {
                at = pass_text(c, in, at);
                break;
            }
            run = ++at; /* held back until it is known what follows */
            c->dots = CONTENT_DOT_CR;
            break;
        case CONTENT_DOT_CR:
            if (in.data[at] == '\n') {
                *bytes = span_rest(in, at + 1);
                return true;
            }
            content_add(c, SPAN("\r"));
            c->dots = CONTENT_TEXT_CR;
            break;
        case CONTENT_TEXT:
        case CONTENT_TEXT_CR:
            at = pass_text(c, in, at);
            break;
        }
    }
    content_add(c, span_slice(in, run, in.len));
    *bytes = span_rest(in, in.len);
    return false;
}
