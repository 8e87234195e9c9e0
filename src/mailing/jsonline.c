#include "mailing/jsonline.h"

#include <stddef.h>
#include <stdint.h>

#include "base/ascii.h"

/* What is still to be read. */
struct scan {
    struct span rest;
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_space(struct scan *s)
{
    while (s->rest.len > 0 && is_space(s->rest.data[0])) {
        s->rest = span_rest(s->rest, 1);
    }
}

static bool take(struct scan *s, char c)
{
    skip_space(s);
    if (s->rest.len == 0 || s->rest.data[0] != c) {
        return false;
    }
    s->rest = span_rest(s->rest, 1);
    return true;
}

/* What stands between the quotes, escapes as they are. */
static bool take_string(struct scan *s, struct span *raw_out)
{
    if (!take(s, '"')) {
        return false;
    }
    for (size_t i = 0; i < s->rest.len; i++) {
        if (s->rest.data[i] == '"') {
            *raw_out = span_slice(s->rest, 0, i);
            s->rest = span_rest(s->rest, i + 1);
            return true;
        }
        if (s->rest.data[i] == '\\') {
            i++;
        }
    }
    return false;
}

/* A number, true, false or null. */
static bool take_word(struct scan *s, struct span *word_out)
{
    skip_space(s);
    size_t i = 0;
    while (i < s->rest.len &&
           (ascii_is_alnum(s->rest.data[i]) || s->rest.data[i] == '-' ||
            s->rest.data[i] == '+' || s->rest.data[i] == '.')) {
        i++;
    }
    *word_out = span_slice(s->rest, 0, i);
    s->rest = span_rest(s->rest, i);
    return i > 0;
}

static bool hex4(struct span raw, uint32_t *value_out)
{
    if (raw.len < 4) {
        return false;
    }
    *value_out = 0;
    for (size_t i = 0; i < 4; i++) {
        int digit = ascii_hex_value(raw.data[i]);
        if (digit < 0) {
            return false;
        }
        *value_out = *value_out << 4 | (uint32_t)digit;
    }
    return true;
}

static size_t put_utf8(char *to, uint32_t point)
{
    if (point < 0x80) {
        to[0] = (char)point;
        return 1;
    }
    if (point < 0x800) {
        to[0] = (char)(0xc0 | point >> 6);
        to[1] = (char)(0x80 | (point & 0x3f));
        return 2;
    }
    if (point < 0x10000) {
        to[0] = (char)(0xe0 | point >> 12);
        to[1] = (char)(0x80 | (point >> 6 & 0x3f));
        to[2] = (char)(0x80 | (point & 0x3f));
        return 3;
    }
    to[0] = (char)(0xf0 | point >> 18);
    to[1] = (char)(0x80 | (point >> 12 & 0x3f));
    to[2] = (char)(0x80 | (point >> 6 & 0x3f));
    to[3] = (char)(0x80 | (point & 0x3f));
    return 4;
}

/* uXXXX, or two of them that are one character; never longer than what it
 * stands for. Returns the bytes read, 0 where it is none. */
static size_t unicode_escape(struct span raw, uint32_t *point_out)
{
    uint32_t low;
    if (!hex4(span_rest(raw, 1), point_out)) {
        return 0;
    }
    if (*point_out >= 0xdc00 && *point_out < 0xe000) {
        return 0;
    }
    if (*point_out < 0xd800 || *point_out >= 0xdc00) {
        return 5;
    }
    struct span second = span_rest(raw, 5);
    if (!span_starts(second, SPAN("\\u")) ||
        !hex4(span_rest(second, 2), &low) || low < 0xdc00 || low >= 0xe000) {
        return 0;
    }
    *point_out = 0x10000 + ((*point_out & 0x3ff) << 10 | (low & 0x3ff));
    return 11;
}

/* What follows a backslash. Returns the bytes read, 0 where it is none. */
static size_t decode_escape(struct span raw, char *to, size_t *written_out)
{
    static const char names[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    if (raw.len == 0) {
        return 0;
    }
    if (raw.data[0] == 'u') {
        uint32_t point;
        size_t length = unicode_escape(raw, &point);
        *written_out = length > 0 ? put_utf8(to, point) : 0;
        return length;
    }
    size_t which = span_find(span_of(names), raw.data[0]);
    if (which == sizeof names - 1) {
        return 0;
    }
    to[0] = meanings[which];
    *written_out = 1;
    return 1;
}

static bool decode(struct span raw, struct arena *arena, struct span *text_out)
{
    char *text = arena_alloc(arena, raw.len);
    size_t len = 0;
    for (size_t i = 0; i < raw.len;) {
        if (raw.data[i] != '\\') {
            text[len++] = raw.data[i++];
            continue;
        }
        size_t written;
        size_t length =
            decode_escape(span_rest(raw, i + 1), text + len, &written);
        if (length == 0) {
            return false;
        }
        len += written;
        i += 1 + length;
    }
    *text_out = span_from(text, len);
    return true;
}

/* The first member of that name that is a string, or that is none, as it
 * stands. */
static bool find(struct span line, struct span name, bool text,
                 struct span *raw_out)
{
    struct scan s = {line};
    if (!take(&s, '{')) {
        return false;
    }
    do {
        struct span member;
        if (!take_string(&s, &member) || !take(&s, ':')) {
            return false;
        }
        skip_space(&s);
        bool is_text = span_starts(s.rest, SPAN("\""));
        if (is_text ? !take_string(&s, raw_out) : !take_word(&s, raw_out)) {
            return false;
        }
        if (is_text == text && span_equal(member, name)) {
            return true;
        }
    } while (take(&s, ','));
    return false;
}

bool jsonline_text(struct span line, struct span name, struct arena *arena,
                   struct span *text_out)
{
    struct span raw;
    return find(line, name, true, &raw) && decode(raw, arena, text_out);
}

bool jsonline_number(struct span line, struct span name, uint64_t max,
                     uint64_t *number_out)
{
    struct span raw;
    return find(line, name, false, &raw) &&
           ascii_parse_number(raw, max, number_out);
}
