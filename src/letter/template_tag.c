#include "letter/template_tag.h"

#include <string.h>

#include "base/ascii.h"

static bool white(char c)
{
    return ascii_is_blank(c) || c == '\r' || c == '\n';
}

struct span template_tag_trim(struct span s)
{
    size_t from = 0;
    size_t to = s.len;
    while (from < to && white(s.data[from])) {
        from++;
    }
    while (to > from && white(s.data[to - 1])) {
        to--;
    }
    return span_slice(s, from, to);
}

/* The first place of what at or behind from; s.len where there is none. */
static size_t find(struct span s, size_t from, struct span what)
{
    for (size_t i = from; i + what.len <= s.len; i++) {
        i += span_find(span_rest(s, i), what.data[0]);
        if (span_starts(span_rest(s, i), what)) {
            return i;
        }
    }
    return s.len;
}

static char sigil_at(struct span rest)
{
    static const char sigils[] = "#^/!>={&";
    return rest.len > 0 && memchr(sigils, rest.data[0], sizeof sigils - 1)
               ? rest.data[0]
               : '\0';
}

enum template_tag_result template_tag_next(const struct template_text *text,
                                           struct template_tag *tag_out)
{
    struct span all = text->all;
    size_t from = find(all, text->at, text->open);
    *tag_out = (struct template_tag){.from = from};
    if (from == all.len) {
        return TEMPLATE_TAG_NONE;
    }
    size_t start = from + text->open.len;
    while (start < all.len && white(all.data[start])) {
        start++;
    }
    tag_out->sigil = sigil_at(span_rest(all, start));
    start += tag_out->sigil != '\0';

    size_t end = find(all, start, text->close);
    size_t to = end + text->close.len;
    char inner = tag_out->sigil == '{' ? '}' : tag_out->sigil;
    if (inner == '}' || inner == '=') { /* }}} and =}}: closed twice */
        end = start;
        do {
            end += span_find(span_rest(all, end), inner);
            end += end < all.len;
        } while (end < all.len &&
                 !span_starts(span_rest(all, end), text->close));
        to = end + text->close.len;
        end -= end > start;
    }
    if (to > all.len) {
        return TEMPLATE_TAG_UNCLOSED;
    }
    tag_out->content = template_tag_trim(span_slice(all, start, end));
    tag_out->to = to;
    return TEMPLATE_TAG_FOUND;
}

bool template_tag_alone(const struct template_text *text,
                        const struct template_tag *tag, size_t *from_out,
                        size_t *to_out)
{
    struct span all = text->all;
    size_t from = tag->from;
    size_t to = tag->to;
    while (from > 0 && ascii_is_blank(all.data[from - 1])) {
        from--;
    }
    while (to < all.len && ascii_is_blank(all.data[to])) {
        to++;
    }
    if (from > 0 && all.data[from - 1] != '\n') {
        return false;
    }
    if (to < all.len) {
        struct span rest = span_rest(all, to);
        size_t end = span_starts(rest, SPAN("\r\n")) ? 2 : 1;
        if (end == 1 && rest.data[0] != '\n') {
            return false;
        }
        to += end;
    }
    *from_out = from;
    *to_out = to;
    return true;
}

bool template_tag_delimiters(struct span content, struct span *open_out,
                             struct span *close_out)
{
    size_t open = 0;
    while (open < content.len && !white(content.data[open])) {
        open++;
    }
    *open_out = span_slice(content, 0, open);
    *close_out = template_tag_trim(span_rest(content, open));
    for (size_t i = 0; i < close_out->len; i++) {
        if (white(close_out->data[i])) {
            return false;
        }
    }
    return open > 0 && close_out->len > 0 &&
           span_find(*open_out, '=') == open_out->len &&
           span_find(*close_out, '=') == close_out->len;
}
