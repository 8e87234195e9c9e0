#include <assert.h>
#include <stdint.h>

#include "base/ascii.h"
#include "base/utf8.h"
#include "letter/encode.h"
#include "letter/encode_line.h"

/* RFC 2231 7: attribute-char. */
static bool plain_in_parameter(char c)
{
    return ascii_is_alnum(c) || encode_among(SPAN("!#$&+-.^_`{|}~"), c);
}

/* `name="value"` where it needs no more. Readers drop blanks at its ends. */
static bool quotable(struct span name, struct span value)
{
    if (span_trim(value).len < value.len) {
        return false;
    }
    for (size_t i = 0; i < value.len; i++) {
        if (!ascii_is_ascii(value.data[i]) || value.data[i] == '"' ||
            value.data[i] == '\\') {
            return false;
        }
    }
    return name.len + value.len + 4 <= ENCODE_WORDS_LINE &&
           !encode_looks_encoded(value);
}

static void begin_parameter(struct encode_line *l, size_t width)
{
    encode_line_add(l, SPAN(";"));
    if (l->column + 1 + width > ENCODE_WORDS_LINE) {
        encode_line_fold(l);
    }
    encode_line_add(l, SPAN(" "));
}

static size_t size_in_parameter(struct span s)
{
    size_t size = 0;
    for (size_t i = 0; i < s.len; i++) {
        size += plain_in_parameter(s.data[i]) ? 1 : 3;
    }
    return size;
}

static void add_percent(struct encode_line *l, struct span s)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.data[i];
        bool plain = plain_in_parameter((char)c);
        char code[3] = {'%', digits[c >> 4], digits[c & 15]};
        code[0] = plain ? (char)c : '%';
        encode_line_add(l, span_from(code, plain ? 1 : 3));
    }
}

/* As much of s, in whole characters and at least one, as fits the room. */
static size_t fitting_parameter(struct span s, size_t room)
{
    size_t fits = 0;
    size_t size = 0;
    while (fits < s.len) {
        uint32_t point;
        size_t len = utf8_next(span_rest(s, fits), &point);
        len = len ? len : 1;
        size += size_in_parameter(span_slice(s, fits, fits + len));
        if (size > room && fits > 0) {
            break;
        }
        fits += len;
    }
    return fits;
}

/* RFC 2231 4 where one line is enough, else 3: in pieces, each in a line of
 * its own. */
static void add_extended(struct encode_line *l, struct span name,
                         struct span value)
{
    static const struct span charset = {"utf-8''", 7};
    size_t size = name.len + 2 + charset.len + size_in_parameter(value);
    bool whole = size + 2 <= ENCODE_WORDS_LINE;
    for (size_t number = 0; value.len > 0; number++) {
        begin_parameter(l, whole ? size + 1 : ENCODE_WORDS_LINE - 1);
        encode_line_add(l, name);
        encode_line_add(l, SPAN("*"));
        if (!whole) {
            size_t before = l->out->len;
            buf_append_number(l->out, number);
            buf_append_byte(l->out, '*');
            l->column += l->out->len - before;
        }
        encode_line_add(l, SPAN("="));
        encode_line_add(l, number == 0 ? charset : SPAN(""));
        size_t used = l->column + 1; /* the semicolon behind */
        size_t room = used < ENCODE_WORDS_LINE ? ENCODE_WORDS_LINE - used : 0;
        size_t fits = fitting_parameter(value, room);
        add_percent(l, span_slice(value, 0, fits));
        value = span_rest(value, fits);
    }
}

size_t encode_structure(struct buf *out, struct span name, struct span value)
{
    struct encode_line l = {.out = out};
    encode_line_add(&l, name);
    encode_line_add(&l, SPAN(":"));
    if (l.column + 1 + value.len >= ENCODE_FOLD_AT) {
        encode_line_fold(&l);
    }
    encode_line_add(&l, SPAN(" "));
    encode_line_add(&l, value);
    return l.column;
}

void encode_parameter(struct buf *out, size_t *column, struct span name,
                      struct span value)
{
    assert(!ascii_any_control(value));
    struct encode_line l = {.out = out, .column = *column};
    if (quotable(name, value)) {
        begin_parameter(&l, name.len + value.len + 3);
        encode_line_add(&l, name);
        encode_line_add(&l, SPAN("=\""));
        encode_line_add(&l, value);
        encode_line_add(&l, SPAN("\""));
    } else {
        add_extended(&l, name, value);
    }
    *column = l.column;
}
