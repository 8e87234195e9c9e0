#include "base/json.h"

#include "base/utf8.h"

/* A comma is due unless this is the first of its object or array. */
static void separate(struct buf *out)
{
    char last = out->len > 0 ? out->data[out->len - 1] : '{';
    if (last != '{' && last != '[' && last != ':' && last != '\n') {
        buf_append_byte(out, ',');
    }
}

void json_open(struct buf *out)
{
    separate(out);
    buf_append_byte(out, '{');
}

void json_close(struct buf *out)
{
    buf_append_byte(out, '}');
}

static void append_escaped(struct buf *out, uint32_t point, struct span bytes)
{
    if (point == '"' || point == '\\') {
        buf_append_byte(out, '\\');
        buf_append(out, bytes);
    } else if (point < 0x20 || point == 0x7f) {
        static const char digits[] = "0123456789abcdef";
        char text[6] = {
            '\\', 'u', '0', '0', digits[point >> 4], digits[point & 15]};
        buf_append(out, span_from(text, sizeof text));
    } else {
        buf_append(out, bytes);
    }
}

static void append_string(struct buf *out, struct span text)
{
    buf_append_byte(out, '"');
    for (size_t i = 0; i < text.len;) {
        uint32_t point;
        size_t length = utf8_next(span_rest(text, i), &point);
        if (length == 0) {
            buf_append(out, SPAN("\xef\xbf\xbd")); /* U+FFFD */
            i++;
            continue;
        }
        append_escaped(out, point, span_slice(text, i, i + length));
        i += length;
    }
    buf_append_byte(out, '"');
}

void json_name_span(struct buf *out, struct span name)
{
    separate(out);
    append_string(out, name);
    buf_append_byte(out, ':');
}

void json_name(struct buf *out, const char *name)
{
    json_name_span(out, span_of(name));
}

void json_text(struct buf *out, struct span text)
{
    separate(out);
    append_string(out, text);
}

void json_number(struct buf *out, uint64_t number)
{
    separate(out);
    buf_append_number(out, number);
}

void json_bool(struct buf *out, bool truth)
{
    separate(out);
    buf_append(out, truth ? SPAN("true") : SPAN("false"));
}

void json_add_text(struct buf *out, const char *name, struct span text)
{
    json_name(out, name);
    json_text(out, text);
}

void json_add_number(struct buf *out, const char *name, uint64_t number)
{
    json_name(out, name);
    json_number(out, number);
}

void json_add_bool(struct buf *out, const char *name, bool truth)
{
    json_name(out, name);
    json_bool(out, truth);
}
