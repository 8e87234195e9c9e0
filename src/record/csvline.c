#include "record/csvline.h"

#include <stdbool.h>
#include <string.h>

#include "base/ascii.h"
#include "base/utf8.h"

static bool runs_as_formula(struct span text)
{
    return text.len > 0 && !ascii_is_alnum(text.data[0]) &&
           text.data[0] != '\0' && strchr("=+-@\t\r", text.data[0]) != NULL;
}

static bool has(struct span text, char c)
{
    return span_find(text, c) < text.len;
}

static bool needs_quotes(struct span text, char delimiter)
{
    return has(text, delimiter) || has(text, '"') || has(text, '\r') ||
           has(text, '\n');
}

/* C0 but TAB, CR and LF; DEL; C1. */
static bool hidden(uint32_t point)
{
    return (point < 0x20 && point != '\t' && point != '\r' && point != '\n') ||
           (point >= 0x7f && point < 0xa0);
}

static void append_clean(struct buf *out, struct span text)
{
    for (size_t i = 0; i < text.len;) {
        uint32_t point;
        size_t length = utf8_next(span_rest(text, i), &point);
        struct span bytes = span_slice(text, i, i + (length ? length : 1));
        if (length == 0 || hidden(point)) {
            utf8_append_printable(out, bytes);
        } else if (point == '"') {
            buf_append(out, SPAN("\"\""));
        } else {
            buf_append(out, bytes);
        }
        i += bytes.len;
    }
}

void csvline_field(struct buf *out, struct span text, char delimiter)
{
    bool plain = ascii_plain(text, '"', delimiter);
    bool quotes = !plain && needs_quotes(text, delimiter);
    if (quotes) {
        buf_append_byte(out, '"');
    }
    if (runs_as_formula(text)) {
        buf_append_byte(out, '\'');
    }
    if (plain) {
        buf_append(out, text);
    } else {
        append_clean(out, text);
    }
    if (quotes) {
        buf_append_byte(out, '"');
    }
}
