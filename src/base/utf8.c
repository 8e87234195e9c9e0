#include "base/utf8.h"

#include "base/ascii.h"

/* The smallest code point that needs that many bytes; below it: overlong. */
static const uint32_t smallest[5] = {0, 0, 0x80, 0x800, 0x10000};

static size_t length_by_lead(unsigned char lead)
{
    if (lead < 0x80) {
        return 1;
    }
    if (lead >= 0xc2 && lead <= 0xdf) {
        return 2;
    }
    if (lead >= 0xe0 && lead <= 0xef) {
        return 3;
    }
    return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

size_t utf8_next(struct span s, uint32_t *code_point_out)
{
    if (s.len == 0) {
        return 0;
    }
    unsigned char lead = (unsigned char)s.data[0];
    size_t length = length_by_lead(lead);
    if (length == 0 || length > s.len) {
        return 0;
    }
    uint32_t point = length == 1 ? lead : lead & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        unsigned char next = (unsigned char)s.data[i];
        if ((next & 0xc0) != 0x80) {
            return 0;
        }
        point = point << 6 | (next & 0x3f);
    }
    if (point < smallest[length] || point > 0x10ffff ||
        (point >= 0xd800 && point <= 0xdfff)) {
        return 0;
    }
    *code_point_out = point;
    return length;
}

bool utf8_valid(struct span s)
{
    if (ascii_only(s)) {
        return true;
    }
    for (size_t i = 0; i < s.len;) {
        uint32_t point;
        size_t length = utf8_next(span_rest(s, i), &point);
        if (length == 0) {
            return false;
        }
        i += length;
    }
    return true;
}

bool utf8_any_c1(struct span s)
{
    for (size_t i = 0; i + 1 < s.len; i++) {
        unsigned char next = (unsigned char)s.data[i + 1];
        if ((unsigned char)s.data[i] == 0xc2 && next < 0xa0) {
            return true;
        }
    }
    return false;
}

/* Controls, and what makes a terminal show text in another order. */
static bool unsafe(uint32_t point)
{
    return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x061c ||
           point == 0x200e || point == 0x200f ||
           (point >= 0x2028 && point <= 0x202e) ||
           (point >= 0x2066 && point <= 0x2069) || point == 0xfeff;
}

static void append_hex(struct buf *out, struct span bytes)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char byte = (unsigned char)bytes.data[i];
        char text[4] = {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
        buf_append(out, span_from(text, sizeof text));
    }
}

void utf8_append_printable(struct buf *out, struct span s)
{
    for (size_t i = 0; i < s.len;) {
        uint32_t point;
        size_t length = utf8_next(span_rest(s, i), &point);
        struct span bytes = span_slice(s, i, i + (length ? length : 1));
        if (length == 0) {
            append_hex(out, bytes);
        } else if (point == '\t') {
            buf_append_byte(out, ' ');
        } else if (point == '\\') {
            buf_append(out, SPAN("\\\\"));
        } else if (unsafe(point)) {
            append_hex(out, bytes);
        } else {
            buf_append(out, bytes);
        }
        i += bytes.len;
    }
}
