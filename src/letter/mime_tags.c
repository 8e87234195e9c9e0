/* What mail programs and editors do to a tag that a person wrote: they break
 * lines in it, write blanks and special characters in other ways,
 * percent-encode it in links, and mark its spelling. Within tags this is
 * undone; all else stays as it is. */
#include "base/ascii.h"
#include "base/utf8.h"
#include "letter/mime_part.h"

enum { TAG_BYTES_MAX = 1000 };

static const struct {
    struct span text;
    struct span means;
} entities[] = {
    {{"&amp;", 5}, {"&", 1}},  {{"&lt;", 4}, {"<", 1}},
    {{"&gt;", 4}, {">", 1}},   {{"&quot;", 6}, {"\"", 1}},
    {{"&apos;", 6}, {"'", 1}}, {{"&#39;", 5}, {"'", 1}},
    {{"&nbsp;", 6}, {" ", 1}}, {{"&#160;", 6}, {" ", 1}},
    {{"&#xa0;", 6}, {" ", 1}},
};

/* Bytes of the entity that rest begins with; 0: none. */
static size_t add_entity(struct span rest, struct buf *out)
{
    for (size_t i = 0; i < sizeof entities / sizeof entities[0]; i++) {
        if (span_starts_nocase(rest, entities[i].text)) {
            buf_append(out, entities[i].means);
            return entities[i].text.len;
        }
    }
    return 0;
}

/* Of an element's tag, such as <span class=SpellE>; 0: none. */
static size_t element_bytes(struct span rest)
{
    size_t end = span_find(rest, '>');
    bool one = rest.len > 1 && end < rest.len && rest.data[0] == '<' &&
               (ascii_is_alpha(rest.data[1]) || rest.data[1] == '/');
    return one ? end + 1 : 0;
}

/* Of blanks with a line end among them; 0: none. */
static size_t break_bytes(struct span rest)
{
    bool line_end = false;
    size_t len = 0;
    for (; len < rest.len; len++) {
        char c = rest.data[len];
        line_end = line_end || c == '\n' || c == '\r';
        if (!ascii_is_blank(c) && c != '\n' && c != '\r') {
            break;
        }
    }
    return line_end ? len : 0;
}

static void add_tag(struct span tag, const struct mime_tags *how,
                    struct buf *out)
{
    for (size_t at = 0; at < tag.len;) {
        struct span rest = span_rest(tag, at);
        size_t len = break_bytes(rest);
        if (len > 0) {
            /* RFC 3676 4.1: with DelSp, one blank is of the break. */
            bool joined = how->delsp && rest.data[0] == ' ' &&
                          !ascii_is_blank(rest.data[1]);
            buf_append(out, joined ? SPAN("") : SPAN(" "));
        } else if (span_starts(rest, SPAN("\xc2\xa0"))) {
            buf_append(out, SPAN(" "));
            len = 2;
        } else if (how->html) {
            len = element_bytes(rest);
            len = len > 0 ? len : add_entity(rest, out);
        }
        if (len == 0) {
            buf_append_byte(out, rest.data[0]);
            len = 1;
        }
        at += len;
    }
}

static bool ends_link(char c)
{
    return (unsigned char)c <= ' ' || c == '"' || c == '\'' || c == '<' ||
           c == '>';
}

/* Of a tag in a link, as editors write it there; 0: none. */
static size_t escaped_bytes(struct span rest)
{
    if (!span_starts_nocase(rest, SPAN("%7b%7b"))) {
        return 0;
    }
    for (size_t len = 6; len < rest.len && len < TAG_BYTES_MAX; len++) {
        if (ends_link(rest.data[len])) {
            break;
        }
        if (span_starts_nocase(span_rest(rest, len), SPAN("%7d%7d"))) {
            len += 6;
            bool three = span_starts_nocase(span_rest(rest, len), SPAN("%7d"));
            return three ? len + 3 : len;
        }
    }
    return 0;
}

static void append_byte_at(struct span s, size_t *at, struct buf *out)
{
    struct span rest = span_rest(s, *at);
    int high = rest.len > 2 ? ascii_hex_value(rest.data[1]) : -1;
    int low = rest.len > 2 ? ascii_hex_value(rest.data[2]) : -1;
    bool escaped = rest.data[0] == '%' && high >= 0 && low >= 0;
    buf_append_byte(out, escaped ? (char)(high * 16 + low) : rest.data[0]);
    *at += escaped ? 3 : 1;
}

/* What is no text then stays as it is. */
static void unescape(struct span tag, struct buf *out)
{
    size_t start = out->len;
    for (size_t at = 0; at < tag.len;) {
        append_byte_at(tag, &at, out);
    }
    struct span text = span_rest(buf_span(out), start);
    if (!utf8_valid(text) || ascii_any_control(text) || utf8_any_c1(text)) {
        buf_truncate(out, start);
        buf_append(out, tag);
    }
}

/* A text that was made of HTML has its links, too. */
static void unescape_links(struct span text, struct buf *out)
{
    for (size_t at = 0; at < text.len;) {
        struct span rest = span_rest(text, at);
        size_t before = span_find(rest, '%');
        buf_append(out, span_slice(rest, 0, before));
        rest = span_rest(rest, before);
        size_t tag = escaped_bytes(rest);
        unescape(span_slice(rest, 0, tag), out);
        if (tag == 0 && rest.len > 0) {
            buf_append_byte(out, '%');
            tag = 1;
        }
        at += before + tag;
    }
}

static void mend(struct span text, const struct mime_tags *how, struct buf *out)
{
    for (size_t at = 0; at < text.len;) {
        struct span rest = span_rest(text, at);
        size_t open = 0;
        while (open < rest.len &&
               !span_starts(span_rest(rest, open), SPAN("{{"))) {
            open++;
        }
        buf_append(out, span_slice(rest, 0, open));
        rest = span_rest(rest, open);
        at += open;
        size_t len = 2;
        while (len < rest.len && len < TAG_BYTES_MAX &&
               !span_starts(span_rest(rest, len), SPAN("}}"))) {
            len++;
        }
        bool closed = span_starts(
            span_rest(rest, len < rest.len ? len : rest.len), SPAN("}}"));
        bool comment = rest.len > 2 && rest.data[2] == '!';
        size_t taken = closed ? len + 2 : rest.len < 2 ? rest.len : 2;
        struct span tag = span_slice(rest, 0, taken);
        if (closed && !comment) {
            add_tag(tag, how, out);
        } else {
            buf_append(out, tag);
        }
        at += taken;
    }
}

void mime_mend_tags(struct span text, const struct mime_tags *how,
                    struct buf *out)
{
    struct buf links;
    buf_init(&links, out->bytes_max);
    unescape_links(text, &links);
    mend(buf_span(&links), how, out);
    buf_release(&links);
}
