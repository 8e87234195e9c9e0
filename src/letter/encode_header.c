#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/ascii.h"
#include "base/utf8.h"
#include "letter/encode.h"

enum {
    ENCODED_LINE = 76,     /* RFC 2047 2: a line that has an encoded-word */
    ENCODED_FRAME = 12,    /* =?utf-8?q? and ?= */
    ENCODED_ROOM_MIN = 12, /* one character of four bytes, Q-encoded */
    WORD_MAX = 900,        /* a longer one does not fit a line */
    PHRASE_MAX = 400,      /* a longer one is encoded */
};

/* A header line under way. */
struct line {
    struct buf *out;
    size_t column;
    bool empty; /* nothing is behind `Name:` or the fold: no fold helps */
};

static void add(struct line *l, struct span s)
{
    buf_append(l->out, s);
    l->column += s.len;
}

/* blanks and word, in this line or, where it would pass `most`, the next. */
static void add_word(struct line *l, struct span blanks, struct span word,
                     size_t most)
{
    if (!l->empty && l->column + blanks.len + word.len > most) {
        buf_append(l->out, SPAN("\r\n"));
        l->column = 0;
    }
    add(l, blanks);
    add(l, word);
    l->empty = false;
}

static bool has_control(struct span s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (ascii_is_control(s.data[i])) {
            return true;
        }
    }
    return false;
}

static bool looks_encoded(struct span s)
{
    for (size_t at = span_find(s, '='); at < s.len;) {
        if (at + 1 < s.len && s.data[at + 1] == '?') {
            return true;
        }
        at++;
        at += span_find(span_rest(s, at), '=');
    }
    return false;
}

/* RFC 2047 5 (3): what stands for itself in every place. */
static bool plain_in_q(char c)
{
    return ascii_is_alnum(c) || c == '!' || c == '*' || c == '+' || c == '-' ||
           c == '/' || c == ' ';
}

static size_t size_in_q(struct span s)
{
    size_t size = 0;
    for (size_t i = 0; i < s.len; i++) {
        size += plain_in_q(s.data[i]) ? 1 : 3;
    }
    return size;
}

static size_t size_in_b(size_t bytes)
{
    return (bytes + 2) / 3 * 4;
}

static void add_q(struct line *l, struct span s)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.data[i];
        char code[3] = {'=', digits[c >> 4], digits[c & 15]};
        bool plain = plain_in_q((char)c);
        code[0] = c == ' ' ? '_' : plain ? (char)c : '=';
        add(l, span_from(code, plain ? 1 : 3));
    }
}

/* How much of s, in whole characters, makes a word of at most room. Base64
 * is cut where no padding is needed, if it can: readers that join words before
 * they decode them stumble over it. */
static size_t fitting(struct span s, bool q, size_t room)
{
    size_t fits = 0;
    size_t unpadded = 0;
    size_t size = 0;
    while (fits < s.len) {
        uint32_t point;
        size_t len = utf8_next(span_rest(s, fits), &point);
        len = len ? len : 1;
        size = q ? size + size_in_q(span_slice(s, fits, fits + len))
                 : size_in_b(fits + len);
        if (size > room) {
            return !q && unpadded > 0 ? unpadded : fits;
        }
        fits += len;
        unpadded = fits % 3 == 0 ? fits : unpadded;
    }
    return fits;
}

static void add_encoded_word(struct line *l, struct span s, bool q)
{
    add(l, q ? SPAN("=?utf-8?q?") : SPAN("=?utf-8?b?"));
    if (q) {
        add_q(l, s);
    } else {
        encode_base64(l->out, s);
        l->column += size_in_b(s.len);
    }
    add(l, SPAN("?="));
    l->empty = false;
}

static void fold(struct line *l)
{
    buf_append(l->out, SPAN("\r\n"));
    l->column = 0;
}

/* A blank, and s as encoded-words with a fold between each. Where base64 can
 * not be cut without padding, that word is in Q. */
static void add_encoded(struct line *l, struct span s)
{
    bool q = size_in_q(s) <= size_in_b(s.len);
    while (s.len > 0) {
        size_t used = l->column + 1 + ENCODED_FRAME;
        if (used + ENCODED_ROOM_MIN > ENCODED_LINE) {
            fold(l);
            continue;
        }
        size_t fits = fitting(s, q, ENCODED_LINE - used);
        bool padded = !q && fits < s.len && fits % 3 != 0;
        if (padded && l->column > 0) {
            fold(l);
            continue;
        }
        if (padded) {
            fits = fitting(s, true, ENCODED_LINE - used);
        }
        add(l, SPAN(" "));
        add_encoded_word(l, span_slice(s, 0, fits), q || padded);
        s = span_rest(s, fits);
    }
}

/* The text in words, each with the blanks before it. */
struct words {
    struct span text;
    size_t at; /* behind the word */
    struct span blanks;
    struct span word;
};

static bool next_word(struct words *w)
{
    size_t start = w->at;
    size_t end = start;
    while (end < w->text.len && ascii_is_blank(w->text.data[end])) {
        end++;
    }
    w->blanks = span_slice(w->text, start, end);
    size_t word = end;
    while (end < w->text.len && !ascii_is_blank(w->text.data[end])) {
        end++;
    }
    w->word = span_slice(w->text, word, end);
    w->at = end;
    return w->word.len > 0;
}

/* So that all blanks survive, those at the ends are encoded with their word,
 * and so are more than a line of them. */
static bool word_needs(const struct words *w)
{
    bool first = w->blanks.data == w->text.data;
    size_t behind = w->at;
    while (behind < w->text.len && ascii_is_blank(w->text.data[behind])) {
        behind++;
    }
    return (first && w->blanks.len > 0) ||
           (behind == w->text.len && behind > w->at) ||
           w->blanks.len > ENCODED_LINE || w->word.len > WORD_MAX ||
           !ascii_only(w->word) || looks_encoded(w->word);
}

/* From the word that w is at, all that must be encoded together: readers drop
 * the blanks between two encoded-words. Leaves w at the word behind them;
 * false where there is none. One blank on either side stays outside. */
static bool take_encoded(struct words *w, struct line *l)
{
    bool first = w->blanks.data == w->text.data;
    size_t from = (size_t)(w->word.data - w->text.data) - w->blanks.len;
    from += first ? 0 : 1;
    bool more;
    do {
        more = next_word(w);
    } while (more && word_needs(w));
    size_t to = w->text.len;
    if (more) {
        to = (size_t)(w->word.data - w->text.data) - 1;
        w->blanks = span_slice(w->text, to, to + 1);
    }
    add_encoded(l, span_slice(w->text, from, to));
    return more;
}

/* Unstructured text behind `Name:`; a blank goes before it. */
static void add_text(struct line *l, struct span text)
{
    struct words w = {.text = text};
    bool encoded = false;
    bool more = next_word(&w);
    if (!more && text.len > 0) { /* blanks alone */
        add_encoded(l, text);
    }
    while (more) {
        if (word_needs(&w)) {
            encoded = true;
            more = take_encoded(&w, l);
            continue;
        }
        bool first = w.word.data == text.data;
        add_word(l, first ? SPAN(" ") : w.blanks, w.word,
                 encoded ? ENCODED_LINE : ENCODE_FOLD_AT);
        more = next_word(&w);
    }
}

/* The usual one: ASCII that fits into the line, as it is. */
static bool simple(struct span text, size_t column)
{
    return text.len > 0 && column + 1 + text.len <= ENCODE_FOLD_AT &&
           !ascii_is_blank(text.data[0]) &&
           !ascii_is_blank(text.data[text.len - 1]) && ascii_only(text) &&
           !looks_encoded(text);
}

void encode_header_text(struct buf *out, struct span name, struct span value)
{
    assert(!has_control(value));
    struct line l = {.out = out, .empty = true};
    add(&l, name);
    add(&l, SPAN(":"));
    if (simple(value, l.column)) {
        add(&l, SPAN(" "));
        add(&l, value);
    } else {
        add_text(&l, value);
    }
    buf_append(out, SPAN("\r\n"));
}

bool encode_header_raw(struct buf *out, struct span name, struct span value)
{
    size_t start = out->len;
    struct line l = {.out = out, .empty = true};
    add(&l, name);
    add(&l, SPAN(":"));
    if (!ascii_only(value) || has_control(value)) {
        buf_truncate(out, start);
        return false;
    }
    struct words w = {.text = span_trim(value)};
    while (next_word(&w)) {
        if (w.word.len > WORD_MAX || w.blanks.len > ENCODED_LINE) {
            buf_truncate(out, start);
            return false;
        }
        add_word(&l, w.blanks.len > 0 ? w.blanks : SPAN(" "), w.word,
                 ENCODE_FOLD_AT);
    }
    buf_append(out, SPAN("\r\n"));
    return true;
}

static bool in(struct span set, char c)
{
    return span_find(set, c) < set.len;
}

/* RFC 5322 3.2.3, and the blank between two atoms. */
static bool atom_or_blank(char c)
{
    return ascii_is_alnum(c) ||
           (c == ' ' || in(SPAN("!#$%&'*+-/=?^_`{|}~"), c));
}

/* What goes as atoms: words of them with one blank between. */
static bool all_atoms(struct span phrase)
{
    bool blank = true;
    for (size_t i = 0; i < phrase.len; i++) {
        bool was_blank = blank;
        blank = phrase.data[i] == ' ';
        if (!atom_or_blank(phrase.data[i]) || (blank && was_blank)) {
            return false;
        }
    }
    return !blank;
}

/* RFC 5322 3.2.4; a blank within the quotes may be folded. */
static void add_quoted(struct line *l, struct span phrase)
{
    char quoted[PHRASE_MAX * 2 + 2];
    size_t len = 0;
    quoted[len++] = '"';
    for (size_t i = 0; i < phrase.len; i++) {
        char c = phrase.data[i];
        if (c == '"' || c == '\\') {
            quoted[len++] = '\\';
        }
        quoted[len++] = c;
    }
    quoted[len++] = '"';
    struct words w = {.text = span_from(quoted, len)};
    while (next_word(&w)) {
        add_word(l, w.blanks.len > 0 ? w.blanks : SPAN(" "), w.word,
                 ENCODE_FOLD_AT);
    }
}

static void add_phrase(struct line *l, struct span phrase)
{
    if (phrase.len > PHRASE_MAX || !ascii_only(phrase) ||
        looks_encoded(phrase)) {
        add_encoded(l, phrase);
    } else if (all_atoms(phrase)) {
        add_text(l, phrase);
    } else {
        add_quoted(l, phrase);
    }
}

void encode_mailbox(struct buf *out, size_t *column, struct span phrase,
                    struct span address)
{
    assert(!has_control(phrase));
    struct line l = {.out = out, .column = *column};
    if (phrase.len > 0) {
        add_phrase(&l, phrase);
        if (l.column + address.len + 3 > ENCODE_FOLD_AT) {
            buf_append(out, SPAN("\r\n"));
            l.column = 0;
        }
        add(&l, SPAN(" <"));
        add(&l, address);
        add(&l, SPAN(">"));
    } else {
        add_word(&l, SPAN(" "), address, ENCODE_FOLD_AT);
    }
    *column = l.column;
}

/* RFC 2231 7: attribute-char. */
static bool plain_in_parameter(char c)
{
    return ascii_is_alnum(c) || in(SPAN("!#$&+-.^_`{|}~"), c);
}

/* `name="value"` where it needs no more. */
static bool quotable(struct span name, struct span value)
{
    for (size_t i = 0; i < value.len; i++) {
        if (!ascii_is_ascii(value.data[i]) || value.data[i] == '"' ||
            value.data[i] == '\\') {
            return false;
        }
    }
    return name.len + value.len + 4 <= ENCODED_LINE && !looks_encoded(value);
}

static void begin_parameter(struct line *l, size_t width)
{
    add(l, SPAN(";"));
    if (l->column + 1 + width > ENCODED_LINE) {
        buf_append(l->out, SPAN("\r\n"));
        l->column = 0;
    }
    add(l, SPAN(" "));
}

static size_t size_in_parameter(struct span s)
{
    size_t size = 0;
    for (size_t i = 0; i < s.len; i++) {
        size += plain_in_parameter(s.data[i]) ? 1 : 3;
    }
    return size;
}

static void add_percent(struct line *l, struct span s)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.data[i];
        bool plain = plain_in_parameter((char)c);
        char code[3] = {'%', digits[c >> 4], digits[c & 15]};
        code[0] = plain ? (char)c : '%';
        add(l, span_from(code, plain ? 1 : 3));
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
static void add_extended(struct line *l, struct span name, struct span value)
{
    static const struct span charset = {"utf-8''", 7};
    size_t size = name.len + 2 + charset.len + size_in_parameter(value);
    bool whole = size + 2 <= ENCODED_LINE;
    for (size_t number = 0; value.len > 0; number++) {
        begin_parameter(l, whole ? size + 1 : ENCODED_LINE - 1);
        add(l, name);
        add(l, SPAN("*"));
        if (!whole) {
            size_t before = l->out->len;
            buf_append_number(l->out, number);
            buf_append_byte(l->out, '*');
            l->column += l->out->len - before;
        }
        add(l, SPAN("="));
        add(l, number == 0 ? charset : SPAN(""));
        size_t used = l->column + 1; /* the semicolon behind */
        size_t room = used < ENCODED_LINE ? ENCODED_LINE - used : 0;
        size_t fits = fitting_parameter(value, room);
        add_percent(l, span_slice(value, 0, fits));
        value = span_rest(value, fits);
    }
}

void encode_parameter(struct buf *out, size_t *column, struct span name,
                      struct span value)
{
    assert(!has_control(value));
    struct line l = {.out = out, .column = *column};
    if (quotable(name, value)) {
        begin_parameter(&l, name.len + value.len + 3);
        add(&l, name);
        add(&l, SPAN("=\""));
        add(&l, value);
        add(&l, SPAN("\""));
    } else {
        add_extended(&l, name, value);
    }
    *column = l.column;
}
