#include <assert.h>
#include <stdint.h>

#include "base/ascii.h"
#include "base/utf8.h"
#include "letter/encode.h"
#include "letter/encode_line.h"

/* Must a fold come before them, that the line has no more than `most`? */
static bool too_long(const struct encode_line *l, struct span blanks,
                     struct span word, size_t most)
{
    return !l->empty && l->column + blanks.len + word.len > most;
}

/* blanks and word, in this line or the next. No line begins with an SMTP verb,
 * not even behind a blank: such a word stays in its line, long as that is. */
static void add_word(struct encode_line *l, struct span blanks,
                     struct span word, size_t most)
{
    if (too_long(l, blanks, word, most) && !encode_verb_first(word)) {
        encode_line_fold(l);
    }
    encode_line_add(l, blanks);
    encode_line_add(l, word);
    l->empty = false;
}

/* RFC 2047 5 (3): what stands for itself in every place. */
static bool plain_in_q(char c)
{
    static const bool plain[256] = {
        ['0' ... '9'] = true, ['A' ... 'Z'] = true, ['a' ... 'z'] = true,
        ['!'] = true,         ['*'] = true,         ['+'] = true,
        ['-'] = true,         ['/'] = true,         [' '] = true,
    };
    return plain[(unsigned char)c];
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

static bool all_fits(struct span s, bool q, size_t room)
{
    return s.len <= room && (q ? size_in_q(s) : size_in_b(s.len)) <= room;
}

/* At most a line of it. */
static void add_q(struct encode_line *l, struct span s)
{
    static const char digits[] = "0123456789ABCDEF";
    char text[ENCODE_WORDS_LINE];
    size_t len = 0;
    assert(size_in_q(s) <= sizeof text);
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.data[i];
        if (plain_in_q((char)c)) {
            text[len++] = c == ' ' ? '_' : (char)c;
        } else {
            text[len++] = '=';
            text[len++] = digits[c >> 4];
            text[len++] = digits[c & 15];
        }
    }
    encode_line_add(l, span_from(text, len));
}

/* How much of s, in whole characters, makes a word of at most room. Base64
 * is cut where no padding is needed, if it can: readers that join words before
 * they decode them stumble over it. */
static size_t fitting(struct span s, bool q, size_t room)
{
    size_t fits = all_fits(s, q, room) ? s.len : 0;
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

static void add_encoded_word(struct encode_line *l, struct span s, bool q)
{
    encode_line_add(l, q ? SPAN("=?utf-8?q?") : SPAN("=?utf-8?b?"));
    if (q) {
        add_q(l, s);
    } else {
        encode_base64(l->out, s);
        l->column += size_in_b(s.len);
    }
    encode_line_add(l, SPAN("?="));
    l->empty = false;
}

/* For the inside of an encoded-word. Some readers keep the blank of a fold
 * right behind `Name:`, so that a long name has a long line. */
static size_t room_of(const struct encode_line *l)
{
    size_t used = l->column + 1 + ENCODE_FRAME;
    size_t room = used < ENCODE_WORDS_LINE ? ENCODE_WORDS_LINE - used : 0;
    return l->empty && room < ENCODE_ROOM_MIN ? ENCODE_ROOM_MIN : room;
}

/* A blank, and s as encoded-words with a fold between each. Where base64 can
 * not be cut without padding, that word is in Q. */
static void add_encoded(struct encode_line *l, struct span s)
{
    bool q = size_in_q(s) <= size_in_b(s.len);
    while (s.len > 0) {
        size_t room = room_of(l);
        size_t fits = fitting(s, q, room);
        bool padded = !q && fits < s.len && fits % 3 != 0;
        if (room < ENCODE_ROOM_MIN || (padded && l->column > 0 && !l->empty)) {
            encode_line_fold(l);
            continue;
        }
        if (padded) {
            fits = fitting(s, true, room);
        }
        encode_line_add(l, SPAN(" "));
        add_encoded_word(l, span_slice(s, 0, fits), q || padded);
        s = span_rest(s, fits);
    }
}

/* What that takes as one word. */
static size_t encoded_size(struct span s)
{
    size_t q = size_in_q(s);
    size_t b = size_in_b(s.len);
    return 1 + ENCODE_FRAME + (q <= b ? q : b);
}

/* Nothing in it has to be an encoded-word for its own sake. */
static bool plain(struct span s)
{
    return ascii_only(s) && !encode_looks_encoded(s);
}

/* The text in words, each with the blanks before it. */
struct words {
    struct span text;
    bool plain; /* and so is each word */
    size_t at;  /* behind the word */
    struct span blanks;
    struct span word;
};

static bool next_word(struct words *w)
{
    size_t start = w->at;
    while (start < w->text.len && ascii_is_blank(w->text.data[start])) {
        start++;
    }
    w->blanks = span_slice(w->text, w->at, start);
    struct span rest = span_rest(w->text, start);
    rest = span_slice(rest, 0, span_find(rest, ' '));
    w->word = span_slice(rest, 0, span_find(rest, '\t'));
    w->at = start + w->word.len;
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
           w->blanks.len > ENCODE_WORDS_LINE || w->word.len > ENCODE_WORD_MAX ||
           !(w->plain || plain(w->word));
}

/* From the word that w is at, all that must be encoded together: readers drop
 * the blanks between two encoded-words. A verb is among them, for it might have
 * to be encoded on its own. Leaves w at the word behind them; false where there
 * is none. One blank on either side stays outside. */
static bool take_encoded(struct words *w, struct encode_line *l)
{
    bool first = w->blanks.data == w->text.data;
    size_t from = (size_t)(w->word.data - w->text.data) - w->blanks.len;
    from += first ? 0 : 1;
    bool more;
    do {
        more = next_word(w);
    } while (more && (word_needs(w) || encode_verb_first(w->word)));
    size_t to = w->text.len;
    if (more) {
        to = (size_t)(w->word.data - w->text.data) - 1;
        w->blanks = span_slice(w->text, to, to + 1);
    }
    add_encoded(l, span_slice(w->text, from, to));
    return more;
}

/* Some readers make the blanks at a fold one blank. */
static bool folds_badly(struct span blanks, struct span word)
{
    return blanks.len > 1 || encode_verb_first(word);
}

/* Unstructured text behind `Name:`; a blank goes before it. A word that would
 * begin a line with an SMTP verb is encoded. */
static void add_text(struct encode_line *l, struct span text)
{
    struct words w = {.text = text, .plain = plain(text)};
    size_t most = ENCODE_FOLD_AT;
    bool more = next_word(&w);
    if (!more && text.len > 0) { /* blanks alone */
        add_encoded(l, text);
    }
    while (more) {
        bool first = w.word.data == text.data;
        struct span blanks = first ? SPAN(" ") : w.blanks;
        if (word_needs(&w) || (too_long(l, blanks, w.word, most) &&
                               folds_badly(blanks, w.word))) {
            most = ENCODE_WORDS_LINE;
            more = take_encoded(&w, l);
        } else {
            add_word(l, blanks, w.word, most);
            more = next_word(&w);
        }
    }
}

/* The usual one: ASCII that fits into the line, as it is. */
static bool simple(struct span text, size_t column)
{
    return text.len > 0 && column + 1 + text.len <= ENCODE_FOLD_AT &&
           !ascii_is_blank(text.data[0]) &&
           !ascii_is_blank(text.data[text.len - 1]) && plain(text);
}

void encode_header_text(struct buf *out, struct span name, struct span value)
{
    assert(!ascii_any_control(value));
    struct encode_line l = {.out = out, .empty = true};
    encode_line_add(&l, name);
    encode_line_add(&l, SPAN(":"));
    if (simple(value, l.column)) {
        encode_line_add(&l, SPAN(" "));
        encode_line_add(&l, value);
    } else {
        add_text(&l, value);
    }
    buf_append(out, SPAN("\r\n"));
}

bool encode_header_raw(struct buf *out, struct span name, struct span value)
{
    size_t start = out->len;
    struct encode_line l = {.out = out, .empty = true};
    encode_line_add(&l, name);
    encode_line_add(&l, SPAN(":"));
    struct ascii_facts bytes = ascii_look(value);
    if (bytes.high || bytes.control) {
        buf_truncate(out, start);
        return false;
    }
    struct words w = {.text = span_trim(value)};
    while (next_word(&w)) {
        struct span blanks = w.blanks.len > 0 ? w.blanks : SPAN(" ");
        if (w.word.len > ENCODE_WORD_MAX || blanks.len > ENCODE_WORDS_LINE ||
            (encode_verb_first(w.word) &&
             too_long(&l, blanks, w.word, ENCODE_LINE_MAX))) {
            buf_truncate(out, start);
            return false;
        }
        add_word(&l, blanks, w.word, ENCODE_FOLD_AT);
    }
    buf_append(out, SPAN("\r\n"));
    return true;
}

/* RFC 5322 3.2.3, and the blank between two atoms. */
static bool atom_or_blank(char c)
{
    static const bool marks[256] = {
        ['!'] = true,  ['#'] = true, ['$'] = true, ['%'] = true, ['&'] = true,
        ['\''] = true, ['*'] = true, ['+'] = true, ['-'] = true, ['/'] = true,
        ['='] = true,  ['?'] = true, ['^'] = true, ['_'] = true, ['`'] = true,
        ['{'] = true,  ['|'] = true, ['}'] = true, ['~'] = true, [' '] = true,
    };
    return ascii_is_alnum(c) || marks[(unsigned char)c];
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

/* RFC 5322 3.2.4. */
static size_t size_quoted(struct span s)
{
    size_t size = s.len + 2;
    for (size_t i = 0; i < s.len; i++) {
        size += s.data[i] == '"' || s.data[i] == '\\';
    }
    return size;
}

/* At most that long quoted, and not folded within: some readers keep the line
 * end of a quoted string. */
static void add_quoted(struct encode_line *l, struct span s)
{
    char quoted[ENCODE_QUOTED_MAX];
    size_t len = 0;
    assert(size_quoted(s) <= sizeof quoted);
    quoted[len++] = '"';
    for (size_t i = 0; i < s.len; i++) {
        char c = s.data[i];
        if (c == '"' || c == '\\') {
            quoted[len++] = '\\';
        }
        quoted[len++] = c;
    }
    quoted[len++] = '"';
    add_word(l, SPAN(" "), span_from(quoted, len), ENCODE_WORDS_LINE);
}

/* A piece of a phrase that is plain: as atoms, or quoted. */
static void add_plain(struct encode_line *l, struct span s)
{
    bool folds = too_long(l, SPAN(" "), s, ENCODE_WORDS_LINE);
    if (all_atoms(s) && !(folds && encode_verb_first(s))) {
        add_word(l, SPAN(" "), s, ENCODE_WORDS_LINE);
    } else {
        add_quoted(l, s);
    }
}

/* Must the word be encoded in a phrase of several pieces? Readers keep no more
 * than one blank between pieces, and none at the ends. */
static bool phrase_word_needs(const struct words *w)
{
    bool first = w->blanks.data == w->text.data;
    bool at_end = span_trim(span_rest(w->text, w->at)).len == 0;
    return w->blanks.len > (first ? 0u : 1u) ||
           (at_end && w->at < w->text.len) || !plain(w->word) ||
           size_quoted(w->word) > ENCODE_QUOTED_MAX;
}

/* What a plain piece is shorter than: a line, or what is left of one where
 * nothing may be folded. */
static size_t piece_max(const struct encode_line *l)
{
    return ENCODE_WORDS_LINE - (l->empty ? l->column : 0);
}

/* Words that go together as one piece, and as many of them as fit a line
 * where they are plain. Between pieces is one blank, which is no part of
 * either. */
static void add_pieces(struct encode_line *l, struct span phrase)
{
    struct words w = {.text = phrase};
    bool more = next_word(&w);
    for (size_t from = 0; more;) {
        bool needs = phrase_word_needs(&w);
        size_t to;
        do {
            to = w.at;
            more = next_word(&w);
        } while (more && phrase_word_needs(&w) == needs &&
                 (needs ||
                  size_quoted(span_slice(phrase, from, w.at)) < piece_max(l)));
        struct span piece = span_slice(phrase, from, more ? to : phrase.len);
        if (needs) {
            add_encoded(l, piece);
        } else {
            add_plain(l, piece);
        }
        from = to + 1;
    }
}

/* Some readers leave a blank between encoded-words in a phrase: a name is one
 * word where that fits a line, and else no more is encoded than must be. */
static void add_phrase(struct encode_line *l, struct span phrase)
{
    bool as_it_is = plain(phrase);
    if (as_it_is && size_quoted(phrase) < piece_max(l)) {
        add_plain(l, phrase);
        return;
    }
    size_t size = encoded_size(phrase);
    if (!as_it_is && size <= ENCODE_WORDS_LINE) {
        if (!l->empty && l->column + size > ENCODE_WORDS_LINE) {
            encode_line_fold(l);
        }
        add_encoded(l, phrase);
    } else {
        add_pieces(l, phrase);
    }
}

static void add_angled(struct encode_line *l, struct span address)
{
    if (l->column + address.len + 3 > ENCODE_WORDS_LINE) {
        encode_line_fold(l);
    }
    encode_line_add(l, SPAN(" <"));
    encode_line_add(l, address);
    encode_line_add(l, SPAN(">"));
}

void encode_mailbox(struct buf *out, size_t *column, struct span phrase,
                    struct span address)
{
    assert(!ascii_any_control(phrase));
    struct encode_line l = {.out = out, .column = *column};
    if (phrase.len > 0) {
        add_phrase(&l, phrase);
    }
    if (phrase.len > 0 || encode_verb_first(address)) {
        add_angled(&l, address);
    } else {
        add_word(&l, SPAN(" "), address, ENCODE_WORDS_LINE);
    }
    *column = l.column;
}

void encode_list_id(struct buf *out, struct span name, struct span words,
                    struct span id)
{
    assert(!ascii_any_control(words) && words.len > 0);
    struct encode_line l = {.out = out, .empty = true};
    encode_line_add(&l, name);
    encode_line_add(&l, SPAN(":"));
    add_phrase(&l, words);
    add_angled(&l, id);
    buf_append(out, SPAN("\r\n"));
}
