#include "letter/encoded_text.h"

#include <gmime/gmime.h>

#include "base/ascii.h"
#include "letter/charset.h"
#include "letter/fields.h"
#include "letter/template_tag.h"

enum { TEXT_BYTES_MAX = 1 << 20 };

struct word {
    struct span charset;
    bool base64;
    struct span inside;
    size_t end; /* behind it */
};

/* Up to a question mark, and behind it. False: there is none, or a byte below
 * `least` comes first. */
static bool take_token(struct span text, size_t *at, char least,
                       struct span *token_out)
{
    struct span rest = span_rest(text, *at);
    size_t len = span_find(rest, '?');
    *token_out = span_slice(rest, 0, len);
    *at += len + 1;
    for (size_t i = 0; i < token_out->len; i++) {
        if ((unsigned char)token_out->data[i] < (unsigned char)least) {
            return false;
        }
    }
    return len < rest.len;
}

/* RFC 2047 2, and 2231 5: a language may stand behind the charset. Blanks
 * within are against the rules, and all readers take them. */
static bool word_at(struct span text, size_t at, struct word *out)
{
    struct span encoding;
    if (!span_starts(span_rest(text, at), SPAN("=?"))) {
        return false;
    }
    at += 2;
    if (!take_token(text, &at, '!', &out->charset) ||
        !take_token(text, &at, '!', &encoding) ||
        !take_token(text, &at, ' ', &out->inside) || at >= text.len ||
        text.data[at] != '=') {
        return false;
    }
    out->charset = span_slice(out->charset, 0, span_find(out->charset, '*'));
    out->base64 = span_equal_nocase(encoding, SPAN("b"));
    out->end = at + 1;
    return out->charset.len > 0 &&
           (out->base64 || span_equal_nocase(encoding, SPAN("q")));
}

static bool append_base64(struct buf *out, struct span inside)
{
    gint state = 0;
    guint save = 0;
    size_t from = out->len;
    for (size_t i = 0; i < inside.len; i++) {
        guchar bytes[4];
        size_t count =
            g_base64_decode_step(inside.data + i, 1, bytes, &state, &save);
        buf_append(out, span_from((const char *)bytes, count));
    }
    return out->len > from || inside.len == 0;
}

static bool append_q(struct buf *out, struct span inside)
{
    for (size_t i = 0; i < inside.len; i++) {
        char c = inside.data[i];
        bool coded = c == '=' && i + 2 < inside.len &&
                     g_ascii_isxdigit(inside.data[i + 1]) &&
                     g_ascii_isxdigit(inside.data[i + 2]);
        if (coded) {
            int byte = g_ascii_xdigit_value(inside.data[i + 1]) << 4 |
                       g_ascii_xdigit_value(inside.data[i + 2]);
            buf_append_byte(out, (char)byte);
            i += 2;
        } else {
            buf_append_byte(out, c == '_' ? ' ' : c);
        }
    }
    return true;
}

/* Encoded-words that are read as one. */
struct run {
    struct span charset;
    struct buf bytes;
};

/* A line end in them would be taken for a fold. */
static bool flush(struct run *run, struct buf *out)
{
    size_t from = out->len;
    bool fine = run->bytes.len == 0 ||
                charset_append(out, run->charset, buf_span(&run->bytes));
    buf_clear(&run->bytes);
    struct span text = span_rest(buf_span(out), from);
    return fine && span_find(text, '\n') == text.len &&
           span_find(text, '\r') == text.len;
}

static bool add_word(struct run *run, const struct word *word, struct buf *out)
{
    if (!span_equal_nocase(run->charset, word->charset) && !flush(run, out)) {
        return false;
    }
    run->charset = word->charset;
    return word->base64 ? append_base64(&run->bytes, word->inside)
                        : append_q(&run->bytes, word->inside);
}

static bool white(char c)
{
    return template_tag_trim(span_from(&c, 1)).len == 0;
}

/* Where the next encoded-word begins, or the end. */
static size_t text_end(struct span text, size_t at)
{
    struct word word;
    while (at < text.len && !word_at(text, at, &word)) {
        at++;
    }
    return at;
}

static bool blank(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!white(text.data[i])) {
            return false;
        }
    }
    return true;
}

static bool append_all(struct buf *out, struct span text, struct run *run)
{
    struct word word;
    for (size_t at = 0; at < text.len;) {
        size_t end = text_end(text, at);
        struct span between = span_slice(text, at, end);
        bool dropped = at > 0 && end < text.len && blank(between);
        if (!dropped) {
            if (!flush(run, out)) {
                return false;
            }
            buf_append(out, between);
        }
        at = end;
        if (word_at(text, at, &word)) {
            if (!add_word(run, &word, out)) {
                return false;
            }
            at = word.end;
        }
    }
    return flush(run, out);
}

bool encoded_text_append(struct buf *out, struct span text,
                         const struct template_source *source, struct err *err)
{
    struct run run = {0};
    buf_init(&run.bytes, TEXT_BYTES_MAX);
    size_t from = out->len;
    bool fine = append_all(out, text, &run) && !run.bytes.overflowed &&
                !out->overflowed;
    buf_release(&run.bytes);
    if (!fine) {
        err_set(err, EX_DATAERR,
                "%s:%u: an encoded-word (RFC 2047) that is no text in its "
                "charset",
                source->file, source->line);
        return false;
    }
    return fields_check_text(span_rest(buf_span(out), from), source->file,
                             source->line, err);
}
