#include "letter/mailbox_parts.h"

#include "letter/template_tag.h"

enum { PART_BYTES_MAX = 1 << 20 };

void mailbox_parts_init(struct mailbox_parts *p)
{
    *p = (struct mailbox_parts){0};
    buf_init(&p->phrase, PART_BYTES_MAX);
    buf_init(&p->address, PART_BYTES_MAX);
    buf_init(&p->bare, PART_BYTES_MAX);
    buf_init(&p->comment, PART_BYTES_MAX);
}

void mailbox_parts_release(struct mailbox_parts *p)
{
    buf_release(&p->phrase);
    buf_release(&p->address);
    buf_release(&p->bare);
    buf_release(&p->comment);
}

bool mailbox_parts_overflowed(const struct mailbox_parts *p)
{
    return p->phrase.overflowed || p->address.overflowed ||
           p->bare.overflowed || p->comment.overflowed;
}

size_t mailbox_tag_bytes(struct span value, size_t at)
{
    if (!span_starts(span_rest(value, at), SPAN("{{"))) {
        return 0;
    }
    for (size_t end = at + 2; end < value.len; end++) {
        if (span_starts(span_rest(value, end), SPAN("}}"))) {
            end += 2;
            end += end < value.len && value.data[end] == '}';
            return end - at;
        }
    }
    return value.len - at;
}

/* The tag's first byte that is no blank, and what follows it; 0: no tag. */
static char sigil_of(struct span tag, struct span *rest_out)
{
    struct span inside = {0};
    if (tag.len > 4) {
        inside = template_tag_trim(span_slice(tag, 2, tag.len - 2));
    }
    *rest_out = template_tag_trim(span_rest(inside, inside.len > 0));
    return inside.len > 0 ? inside.data[0] : '\0';
}

char mailbox_section_sigil(struct span tag, struct span *name_out)
{
    char sigil = sigil_of(tag, name_out);
    return sigil == '#' || sigil == '^' || sigil == '/' ? sigil : '\0';
}

static bool white(char c)
{
    return template_tag_trim(span_from(&c, 1)).len == 0;
}

static size_t fail(struct mailbox_parts *p, size_t at, const char *what)
{
    p->fault = what;
    p->fault_at = at;
    return at;
}

/* The end of a quoted string or comment that opens at `at`; its text without
 * backslashes goes to out. A comment may hold others, a quoted string not
 * (RFC 5322 3.2.2, 3.2.4). Tags stay as they are. 0: it does not end. */
static size_t skip_enclosed(struct span value, size_t at, char close,
                            struct buf *out)
{
    size_t open = 1;
    at++;
    while (at < value.len) {
        size_t bytes = mailbox_tag_bytes(value, at);
        char c = value.data[at];
        if (bytes == 0 && c == '\\' && at + 1 < value.len) {
            at++;
        } else if (bytes == 0 && c == close && --open == 0) {
            return at + 1;
        } else if (c == '(' && close == ')') {
            open++;
        }
        bytes = bytes > 0 ? bytes : 1;
        buf_append(out, span_slice(value, at, at + bytes));
        at += bytes;
    }
    return 0;
}

/* Between angle brackets nothing is unquoted: "a b"@example.org is one
 * address. The end of what opens at `at`; 0: it does not end. */
static size_t skip_angled(struct span value, size_t at, struct buf *out)
{
    bool quoted = false;
    at++;
    while (at < value.len && (quoted || value.data[at] != '>')) {
        size_t bytes = mailbox_tag_bytes(value, at);
        char c = value.data[at];
        quoted ^= c == '"';
        bool pair = quoted && c == '\\' && at + 1 < value.len;
        bytes = bytes > 0 ? bytes : pair ? 2 : 1;
        buf_append(out, span_slice(value, at, at + bytes));
        at += bytes;
    }
    return at < value.len ? at + 1 : 0;
}

static void append_blank(struct buf *out)
{
    if (out->len > 0 && !white(out->data[out->len - 1])) {
        buf_append_byte(out, ' ');
    }
}

/* A comment is a blank: it parts words, and never joins an address. */
static size_t take_comment(struct mailbox_parts *p, struct span value,
                           size_t at)
{
    append_blank(&p->comment);
    size_t end = skip_enclosed(value, at, ')', &p->comment);
    if (end == 0) {
        return fail(p, at, "a ( that does not end");
    }
    append_blank(&p->phrase);
    append_blank(&p->bare);
    while (end < value.len && white(value.data[end])) {
        end++;
    }
    return end;
}

static size_t take_angled(struct mailbox_parts *p, struct span value, size_t at)
{
    size_t end = skip_angled(value, at, &p->address);
    if (end == 0) {
        return fail(p, at, "a < that does not end");
    }
    if (template_tag_trim(buf_span(&p->address)).len == 0) {
        return fail(p, at, "no address between < and >");
    }
    p->angled = true;
    p->address_at = at + 1;
    return end;
}

static size_t take_quoted(struct mailbox_parts *p, struct span value, size_t at)
{
    size_t end = skip_enclosed(value, at, '"', &p->phrase);
    if (end == 0) {
        return fail(p, at, "a \" that does not end");
    }
    buf_append(&p->bare, span_slice(value, at, end));
    return end;
}

static size_t take_text(struct mailbox_parts *p, struct span value, size_t at)
{
    size_t tag = mailbox_tag_bytes(value, at);
    struct span text = span_slice(value, at, at + (tag > 0 ? tag : 1));
    buf_append(&p->phrase, text);
    buf_append(&p->bare, text);
    return at + text.len;
}

/* Before an address, or where there is none in angle brackets. */
static size_t take_piece(struct mailbox_parts *p, struct span value, size_t at)
{
    switch (value.data[at]) {
    case '(':
        return take_comment(p, value, at);
    case '"':
        return take_quoted(p, value, at);
    case '<':
        return take_angled(p, value, at);
    case '>':
        return fail(p, at, "a > without a <");
    case ')':
        return fail(p, at, "a ) without a (");
    default:
        return take_text(p, value, at);
    }
}

/* Behind an address in angle brackets: a comment, or the end of a section
 * round it. */
static size_t take_behind(struct mailbox_parts *p, struct span value, size_t at)
{
    size_t tag = mailbox_tag_bytes(value, at);
    struct span rest;
    char sigil = sigil_of(span_slice(value, at, at + tag), &rest);
    if (sigil == '#' || sigil == '^' || sigil == '/' || sigil == '!') {
        buf_append(&p->phrase, span_slice(value, at, at + tag));
        return at + tag;
    }
    char c = value.data[at];
    if (c == '(') {
        return take_comment(p, value, at);
    }
    if (c == '<') {
        return fail(p, at, "two addresses in one mailbox: a comma is missing");
    }
    return white(c)
               ? at + 1
               : fail(p, at,
                      "text behind an address in angle brackets; is a comma "
                      "missing?");
}

static bool separator(char c)
{
    return c == ',' || c == ';' || c == ':';
}

size_t mailbox_parts_take(struct mailbox_parts *p, struct span value, size_t at)
{
    p->phrase_at = at;
    while (at < value.len && !separator(value.data[at]) && !p->fault) {
        at = p->angled ? take_behind(p, value, at) : take_piece(p, value, at);
    }
    return at;
}
