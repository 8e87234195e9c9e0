#include "letter/encode.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/ascii.h"

enum { SOFT_LINE = 76, BASE64_LINE_BYTES = 57 /* make 76 characters */ };

/* Four lower-case letters as one number, to be compared at once. */
#define FOUR(a, b, c, d)                                                       \
    ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 |                \
     (uint32_t)(d) << 24)

/* What a relay may take as a command: RFC 5321 with its forerunners, and the
 * extensions, those between relays too. */
static const struct verb {
    uint32_t four;
    struct span rest;
} verbs[] = {
    {FOUR('m', 'a', 'i', 'l'), {"", 0}},
    {FOUR('r', 'c', 'p', 't'), {"", 0}},
    {FOUR('d', 'a', 't', 'a'), {"", 0}},
    {FOUR('b', 'd', 'a', 't'), {"", 0}},
    {FOUR('r', 's', 'e', 't'), {"", 0}},
    {FOUR('e', 'h', 'l', 'o'), {"", 0}},
    {FOUR('h', 'e', 'l', 'o'), {"", 0}},
    {FOUR('l', 'h', 'l', 'o'), {"", 0}},
    {FOUR('a', 'u', 't', 'h'), {"", 0}},
    {FOUR('q', 'u', 'i', 't'), {"", 0}},
    {FOUR('n', 'o', 'o', 'p'), {"", 0}},
    {FOUR('h', 'e', 'l', 'p'), {"", 0}},
    {FOUR('v', 'r', 'f', 'y'), {"", 0}},
    {FOUR('e', 'x', 'p', 'n'), {"", 0}},
    {FOUR('e', 't', 'r', 'n'), {"", 0}},
    {FOUR('a', 't', 'r', 'n'), {"", 0}},
    {FOUR('t', 'u', 'r', 'n'), {"", 0}},
    {FOUR('b', 'u', 'r', 'l'), {"", 0}},
    {FOUR('s', 'e', 'n', 'd'), {"", 0}},
    {FOUR('s', 'o', 'm', 'l'), {"", 0}},
    {FOUR('s', 'a', 'm', 'l'), {"", 0}},
    {FOUR('s', 't', 'a', 'r'), {"ttls", 4}},
    {FOUR('x', 'c', 'l', 'i'), {"ent", 3}},
    {FOUR('x', 'f', 'o', 'r'), {"ward", 4}},
};

/* By the first letter of a verb: one bit for each letter that goes on. Most
 * lines are told from verbs by these two. */
#define LETTER(c) (1u << ((c) - 'a'))
static const uint32_t second_letters[26] = {
    ['a' - 'a'] = LETTER('t') | LETTER('u'),
    ['b' - 'a'] = LETTER('d') | LETTER('u'),
    ['d' - 'a'] = LETTER('a'),
    ['e' - 'a'] = LETTER('h') | LETTER('t') | LETTER('x'),
    ['h' - 'a'] = LETTER('e'),
    ['l' - 'a'] = LETTER('h'),
    ['m' - 'a'] = LETTER('a'),
    ['n' - 'a'] = LETTER('o'),
    ['q' - 'a'] = LETTER('u'),
    ['r' - 'a'] = LETTER('c') | LETTER('s'),
    ['s' - 'a'] = LETTER('a') | LETTER('e') | LETTER('o') | LETTER('t'),
    ['t' - 'a'] = LETTER('u'),
    ['v' - 'a'] = LETTER('r'),
    ['x' - 'a'] = LETTER('c') | LETTER('f'),
};

static bool begins_verb(char first, char second)
{
    return ascii_is_alpha(first) && ascii_is_alpha(second) &&
           (second_letters[ascii_lower(first) - 'a'] >>
                (ascii_lower(second) - 'a') &
            1);
}

static const struct verb *verb_of(uint32_t four)
{
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (verbs[i].four == four) {
            return &verbs[i];
        }
    }
    return NULL;
}

static bool verb_at(struct span word)
{
    if (word.len < 4 || !begins_verb(word.data[0], word.data[1])) {
        return false;
    }
    const char *w = word.data;
    const struct verb *verb = verb_of(FOUR(
        (unsigned char)ascii_lower(w[0]), (unsigned char)ascii_lower(w[1]),
        (unsigned char)ascii_lower(w[2]), (unsigned char)ascii_lower(w[3])));
    if (!verb || !span_starts_nocase(span_rest(word, 4), verb->rest)) {
        return false;
    }
    size_t len = 4 + verb->rest.len;
    return word.len == len || !ascii_is_alpha(word.data[len]);
}

bool encode_verb_first(struct span line)
{
    size_t at = 0;
    while (at < line.len && ascii_is_blank(line.data[at])) {
        at++;
    }
    return verb_at(span_rest(line, at));
}

/* One of them begins with the other, as far as both go. */
static bool verb_open(const struct verb *verb, struct span word)
{
    char text[16];
    size_t len = 0;
    for (; len < 4; len++) {
        text[len] = (char)(verb->four >> 8 * len & 0xff);
    }
    for (size_t i = 0; i < verb->rest.len; i++) {
        text[len++] = verb->rest.data[i];
    }
    len = word.len < len ? word.len : len;
    return span_equal_nocase(span_from(text, len), span_slice(word, 0, len));
}

bool encode_may_open(struct span beginning)
{
    if (beginning.len < 2 || beginning.data[0] == '-' ||
        ascii_is_blank(beginning.data[0])) {
        return true;
    }
    return begins_verb(beginning.data[0], beginning.data[1]);
}

bool encode_open(struct span beginning)
{
    static const struct span boundary = {"--" ENCODE_BOUNDARY_PREFIX, 4};
    size_t len = beginning.len < boundary.len ? beginning.len : boundary.len;
    bool open =
        span_equal(span_slice(beginning, 0, len), span_slice(boundary, 0, len));
    struct span word = beginning;
    while (word.len > 0 && ascii_is_blank(word.data[0])) {
        word = span_rest(word, 1);
    }
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        open = open || verb_open(&verbs[i], word);
    }
    return open;
}

static bool line_start_needs(struct span rest)
{
    return encode_verb_first(rest) ||
           span_starts(rest, SPAN("--" ENCODE_BOUNDARY_PREFIX));
}

/* Looks at a line without its end. */
static void look_at_line(struct span line, struct encode_facts *facts)
{
    struct ascii_facts bytes = ascii_look(line);
    facts->needed = facts->needed || line.len > (size_t)ENCODE_LINE_MAX ||
                    line_start_needs(line);
    facts->eight_bit = facts->eight_bit || bytes.high;
    if (!bytes.control) {
        return;
    }
    for (size_t i = 0; i < line.len; i++) {
        char c = line.data[i];
        bool control = ascii_is_control(c) && c != '\t';
        facts->needed = facts->needed || control;
        facts->bare = facts->bare || c == '\r' || c == '\n';
        facts->nul = facts->nul || c == '\0';
    }
}

/* Where the line ends that text begins with: its CRLF, or the end. */
static size_t line_bytes(struct span text)
{
    size_t len = span_find(text, '\r');
    while (len + 1 < text.len && text.data[len + 1] != '\n') {
        len++;
        len += span_find(span_rest(text, len), '\r');
    }
    return len + 1 < text.len ? len : text.len;
}

struct encode_facts encode_look(struct span text)
{
    struct encode_facts facts = {0};
    size_t at = 0;
    do {
        size_t len = line_bytes(span_rest(text, at));
        look_at_line(span_slice(text, at, at + len), &facts);
        at += len;
        at += at < text.len ? 2 : 0;
    } while (at < text.len);
    return facts;
}

bool encode_needed(struct span text)
{
    return encode_look(text).needed;
}

/* Where quoted-printable goes: to memory, or nowhere to be counted. */
struct quoted {
    char *to; /* NULL: only counted */
    size_t bytes;
    size_t column;
    bool line_blank; /* only blanks are in this line as yet */
};

static void put(struct quoted *q, const char *bytes, size_t len)
{
    if (q->to) {
        memcpy(q->to + q->bytes, bytes, len);
    }
    q->bytes += len;
}

/* The byte at `at` must be escaped, at the beginning of a line on the wire:
 * the first letter of a verb, "From " that a mailbox would quote, a lone dot,
 * and a boundary's hyphen (its = would be escaped too). */
static bool escaped_first(struct span text, size_t at)
{
    struct span rest = span_rest(text, at);
    if (rest.data[0] == '.') {
        return rest.len == 1 || rest.data[1] == '\r';
    }
    return verb_at(rest) || span_starts(rest, SPAN("From "));
}

static bool line_end_at(struct span text, size_t at)
{
    return text.len - at >= 2 && text.data[at] == '\r' &&
           text.data[at + 1] == '\n';
}

/* Only blanks were written in this line up to here. */
static bool escaped(struct span text, size_t at, bool line_blank)
{
    char c = text.data[at];
    if (ascii_is_blank(c)) {
        return at + 1 == text.len || line_end_at(text, at + 1);
    }
    return c == '=' || ascii_is_control(c) || !ascii_is_ascii(c) ||
           (line_blank && escaped_first(text, at));
}

static bool plain_visible(char c)
{
    return c > ' ' && c <= '~' && c != '=';
}

/* How many bytes from `at` on, at most `most`, stand for themselves wherever
 * they are. A blank does with something behind it. */
static size_t plain_run(struct span text, size_t at, size_t most)
{
    size_t end = text.len - at < most ? text.len : at + most;
    size_t i = at;
    while (i < end && (plain_visible(text.data[i]) ||
                       (text.data[i] == ' ' && i + 1 < text.len &&
                        plain_visible(text.data[i + 1])))) {
        i++;
    }
    return i - at;
}

/* One byte, with a soft line break before it where it no longer fits. */
static void quote_byte(struct quoted *q, struct span text, size_t at)
{
    static const char digits[] = "0123456789ABCDEF";
    unsigned char c = (unsigned char)text.data[at];
    bool escape = escaped(text, at, q->line_blank);
    bool last = at + 1 == text.len || line_end_at(text, at + 1);
    size_t width = escape ? 3 : 1;
    if (q->column + width > SOFT_LINE - (last ? 0u : 1u)) {
        put(q, "=\r\n", 3);
        q->column = 0;
        q->line_blank = true;
        escape = escaped(text, at, true);
        width = escape ? 3 : 1;
    }
    char code[3] = {escape ? '=' : (char)c, digits[c >> 4], digits[c & 15]};
    put(q, code, width);
    q->column += width;
    q->line_blank = q->line_blank && !escape && ascii_is_blank((char)c);
}

static void quote(struct quoted *q, struct span text)
{
    q->line_blank = true;
    for (size_t at = 0; at < text.len;) {
        if (line_end_at(text, at)) {
            put(q, "\r\n", 2);
            q->column = 0;
            q->line_blank = true;
            at += 2;
            continue;
        }
        bool room = !q->line_blank && q->column + 1 < SOFT_LINE;
        size_t run = room ? plain_run(text, at, SOFT_LINE - 1 - q->column) : 0;
        if (run > 0) {
            put(q, text.data + at, run);
            q->column += run;
            at += run;
        } else {
            quote_byte(q, text, at++);
        }
    }
}

size_t encode_quoted_printable_size(struct span text)
{
    struct quoted q = {0};
    quote(&q, text);
    return q.bytes;
}

/* What it takes at most, where that is little; counting takes as long as
 * writing. */
static size_t reserved_for(struct span text)
{
    enum { LITTLE = 1 << 16 };
    return text.len < LITTLE ? text.len * 3 + text.len / 8 + 8
                             : encode_quoted_printable_size(text);
}

void encode_quoted_printable(struct buf *out, struct span text)
{
    size_t bytes = reserved_for(text);
    struct quoted q = {.to = buf_reserve(out, bytes)};
    if (q.to) {
        quote(&q, text);
        assert(q.bytes <= bytes);
        buf_commit(out, q.bytes);
    }
}

static void base64_group(char *to, const unsigned char *from, size_t count)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t bits = (uint32_t)from[0] << 16;
    bits |= count > 1 ? (uint32_t)from[1] << 8 : 0;
    bits |= count > 2 ? from[2] : 0;
    to[0] = digits[bits >> 18];
    to[1] = digits[bits >> 12 & 63];
    to[2] = count > 1 ? digits[bits >> 6 & 63] : '=';
    to[3] = count > 2 ? digits[bits & 63] : '=';
}

void encode_base64(struct buf *out, struct span data)
{
    char *to = buf_reserve(out, (data.len + 2) / 3 * 4);
    if (!to) {
        return;
    }
    const unsigned char *from = (const unsigned char *)data.data;
    size_t bytes = 0;
    for (size_t i = 0; i < data.len; i += 3) {
        base64_group(to + bytes, from + i, data.len - i < 3 ? data.len - i : 3);
        bytes += 4;
    }
    buf_commit(out, bytes);
}

size_t encode_base64_lines_size(struct span data)
{
    size_t lines = (data.len + BASE64_LINE_BYTES - 1) / BASE64_LINE_BYTES;
    return (data.len + 2) / 3 * 4 + lines * 2;
}

/* "DATA+" may begin a line of base64, too: a reader skips a line end put
 * within it, and what is left begins no verb. */
static void split_verb(struct buf *out, size_t start)
{
    struct span line = span_rest(buf_span(out), start);
    if (!encode_verb_first(line)) {
        return;
    }
    char tail[SOFT_LINE];
    size_t len = line.len - 2;
    memcpy(tail, line.data + 2, len);
    buf_truncate(out, start + 2);
    buf_append(out, SPAN("\r\n"));
    buf_append(out, span_from(tail, len));
}

void encode_base64_lines(struct buf *out, struct span data)
{
    while (data.len > 0 && !out->overflowed) {
        size_t len =
            data.len < BASE64_LINE_BYTES ? data.len : BASE64_LINE_BYTES;
        size_t start = out->len;
        encode_base64(out, span_slice(data, 0, len));
        split_verb(out, start);
        buf_append(out, SPAN("\r\n"));
        data = span_rest(data, len);
    }
}
