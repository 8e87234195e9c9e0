#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "letter/template_ops.h"
#include "letter/template_tag.h"

/* A section that is open. */
struct section {
    struct span name;
    size_t value;
    bool url;
    bool inverted;
    size_t op;
    size_t from; /* of its text: where its tag stands */
};

struct parser {
    struct template *t;
    const struct template_source *source;
    const struct template_names *names;
    enum template_escape escape;
    struct err *err;
    struct buf literal; /* text that waits for the next op */
    struct section sections[TEMPLATE_SECTIONS_MAX];
    size_t section_count;
    size_t bytes; /* of all texts parsed */
};

static bool parse_text(struct parser *p, struct template_text *text);

/* What is wrong at that byte of the text, said with file, line and column
 * (counted in characters). */
static bool fail(struct parser *p, const struct template_text *text, size_t at,
                 const char *what, struct span name)
{
    bool top = text->outer == NULL;
    unsigned line = top ? p->source->line : 1;
    unsigned column = top && p->source->column > 0 ? p->source->column : 1;
    size_t line_start = 0;
    for (size_t i = 0; i < at; i++) {
        char c = text->all.data[i];
        column += ((unsigned char)c & 0xc0) != 0x80;
        if (c == '\n') {
            line++;
            column = 1;
            line_start = i + 1;
        }
    }
    if (at - line_start >= text->indent.len) {
        column -= (unsigned)text->indent.len;
    }
    err_set(p->err, EX_DATAERR, "%.*s:%u:%u: %s \"%.*s\"", (int)text->file.len,
            text->file.data, line, column, what, (int)name.len, name.data);
    return false;
}

/* More on what is wrong, behind what was said; all of it or nothing. */
static bool hint(struct parser *p, const char *before, struct span what,
                 const char *behind)
{
    struct buf text;
    buf_init(&text, sizeof p->err->text - 1);
    buf_append(&text, span_of(p->err->text));
    buf_append(&text, span_of(before));
    buf_append(&text, what);
    buf_append(&text, span_of(behind));
    if (!text.overflowed) {
        memcpy(p->err->text, text.data, text.len);
        p->err->text[text.len] = '\0';
    }
    buf_release(&text);
    return false;
}

static struct template_op *add_op(struct parser *p, enum template_op_kind kind)
{
    struct template *t = p->t;
    if (t->count == t->cap) {
        t->cap = t->cap ? t->cap * 2 : 8;
        t->ops = mem_resize(t->ops, t->cap, sizeof *t->ops);
    }
    t->ops[t->count] = (struct template_op){.kind = kind};
    return &t->ops[t->count++];
}

static void end_literal(struct parser *p)
{
    if (p->literal.len > 0) {
        struct span text = arena_copy(&p->t->arena, buf_span(&p->literal));
        add_op(p, TEMPLATE_OP_TEXT)->text = text;
        buf_clear(&p->literal);
    }
}

/* Unfolds (RFC 5322 2.2.3): a line end before a blank vanishes. One that a
 * partial brings along is a blank. */
static void add_header_literal(struct parser *p, struct span s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.data[i];
        bool folded = i + 1 < s.len && ascii_is_blank(s.data[i + 1]);
        if (c == '\n' && !folded) {
            buf_append_byte(&p->literal, ' ');
        } else if (c != '\n' && c != '\r') {
            buf_append_byte(&p->literal, c);
        }
    }
}

static void add_literal(struct parser *p, struct span s)
{
    if (p->source->header) {
        add_header_literal(p, s);
    } else {
        buf_append(&p->literal, s);
    }
}

/* {{.}}: the value of the innermost section that it is in. */
static bool find_current(const struct parser *p, size_t *value_out,
                         bool *url_out)
{
    for (size_t i = p->section_count; i > 0; i--) {
        const struct section *section = &p->sections[i - 1];
        if (!section->inverted) {
            *value_out = section->value;
            *url_out = section->url;
            return true;
        }
    }
    return false;
}

static bool find_name(struct parser *p, const struct template_text *text,
                      const struct template_tag *tag, size_t *value_out,
                      bool *url_out)
{
    if (template_name_find(p->names, tag->content, value_out, url_out)) {
        if (*value_out >= p->t->columns) {
            p->t->builtins |= 1u << (*value_out - p->t->columns);
        }
        return true;
    }
    if (span_equal(tag->content, SPAN("."))) {
        return find_current(p, value_out, url_out) ||
               fail(p, text, tag->from, "no section is round", tag->content);
    }
    struct span near = template_name_nearest(p->names, tag->content);
    fail(p, text, tag->from, "no column", tag->content);
    return near.len > 0 && hint(p, "; did you mean \"", near, "\"?");
}

static bool add_value(struct parser *p, struct template_text *text,
                      const struct template_tag *tag)
{
    size_t value;
    bool url;
    if (!find_name(p, text, tag, &value, &url)) {
        return false;
    }
    end_literal(p);
    struct template_op *op = add_op(p, TEMPLATE_OP_VALUE);
    op->value = value;
    bool html = p->escape == TEMPLATE_HTML && tag->sigil == '\0';
    op->form = url    ? TEMPLATE_FORM_URL
               : html ? TEMPLATE_FORM_HTML
                      : TEMPLATE_FORM_PLAIN;
    for (size_t i = 0; i < p->section_count; i++) {
        op->guarded = op->guarded || p->sections[i].value == value;
    }
    return true;
}

static bool open_section(struct parser *p, struct template_text *text,
                         const struct template_tag *tag)
{
    size_t value;
    bool url;
    if (!find_name(p, text, tag, &value, &url)) {
        return false;
    }
    if (p->section_count == TEMPLATE_SECTIONS_MAX) {
        return fail(p, text, tag->from, "too many sections open at",
                    tag->content);
    }
    end_literal(p);
    bool inverted = tag->sigil == '^';
    p->sections[p->section_count++] = (struct section){
        .name = tag->content,
        .value = value,
        .url = url,
        .inverted = inverted,
        .op = p->t->count,
        .from = tag->from,
    };
    add_op(p, inverted ? TEMPLATE_OP_INVERTED : TEMPLATE_OP_SECTION)->value =
        value;
    return true;
}

/* `base` sections were open when this text began: they are not its own. */
static bool close_section(struct parser *p, struct template_text *text,
                          const struct template_tag *tag, size_t base)
{
    if (p->section_count == base) {
        return fail(p, text, tag->from, "no section is open to close",
                    tag->content);
    }
    const struct section *section = &p->sections[p->section_count - 1];
    if (!span_equal(section->name, tag->content)) {
        return fail(p, text, tag->from, "this does not close the section",
                    section->name);
    }
    end_literal(p);
    p->t->ops[section->op].end = p->t->count;
    p->section_count--;
    return true;
}

/* From the Mustache specification: the indent of a partial that stands alone
 * goes before each of its lines, not before those of values in it. An empty
 * line stays empty, as with most of those who follow the specification. */
static struct span indented(struct parser *p, struct span text,
                            struct span indent)
{
    struct buf lines;
    buf_init(&lines, TEMPLATE_BYTES_MAX);
    while (text.len > 0) {
        size_t end = span_find(text, '\n');
        end += end < text.len;
        struct span line = span_slice(text, 0, end);
        bool empty =
            span_equal(line, SPAN("\n")) || span_equal(line, SPAN("\r\n"));
        buf_append(&lines, empty ? SPAN("") : indent);
        buf_append(&lines, line);
        text = span_rest(text, end);
    }
    bool fits = !lines.overflowed;
    struct span copy = arena_copy(&p->t->arena, buf_span(&lines));
    buf_release(&lines);
    return fits ? copy : (struct span){0};
}

/* The template itself was looked at by whoever read it. */
static bool is_text(struct span s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.data[i];
        if (ascii_is_control(c) && c != '\t' && c != '\r' && c != '\n') {
            return false;
        }
    }
    return utf8_valid(s);
}

/* Which partial is in which: `outermost > … > text's own > name`. */
static bool fail_chain(struct parser *p, const struct template_text *text,
                       const struct template_tag *tag, const char *what)
{
    const struct template_text *chain[TEMPLATE_PARTIALS_MAX + 1];
    size_t depth = 0;
    for (const struct template_text *t = text; t->outer; t = t->outer) {
        chain[depth++] = t;
    }
    struct buf names;
    buf_init(&names, ERR_TEXT_BYTES);
    while (depth > 0) {
        buf_append(&names, chain[--depth]->name);
        buf_append(&names, SPAN(" > "));
    }
    buf_append(&names, tag->content);
    fail(p, text, tag->from, what, buf_span(&names));
    buf_release(&names);
    return false;
}

static bool find_partial(struct parser *p, const struct template_text *text,
                         const struct template_tag *tag,
                         struct template_partial *out)
{
    const struct template_source *source = p->source;
    for (const struct template_text *t = text; t->outer; t = t->outer) {
        if (span_equal(t->name, tag->content)) {
            return fail_chain(p, text, tag, "a partial within itself:");
        }
    }
    if (text->depth == TEMPLATE_PARTIALS_MAX) {
        return fail_chain(p, text, tag, "partials in partials, too many:");
    }
    *out = (struct template_partial){0};
    if (source->partial) {
        *out = source->partial(source->context, tag->content);
    }
    if (!out->text.data) {
        fail(p, text, tag->from, "no partial", tag->content);
        return out->fault && hint(p, ": ", span_of(out->fault), "");
    }
    if (!is_text(out->text)) {
        return fail(p, text, tag->from,
                    "a control character, or what is no UTF-8, in partial",
                    tag->content);
    }
    return true;
}

/* The line end at the end of its file is no blank at the end of a header. */
static struct span without_line_end(struct span text)
{
    size_t len = text.len;
    len -= len > 0 && text.data[len - 1] == '\n';
    len -= len > 0 && len < text.len && text.data[len - 1] == '\r';
    return span_slice(text, 0, len);
}

static bool add_partial(struct parser *p, struct template_text *text,
                        const struct template_tag *tag, struct span indent)
{
    struct template_partial found;
    if (!find_partial(p, text, tag, &found)) {
        return false;
    }
    struct span all = p->source->header ? without_line_end(found.text)
                      : indent.len > 0  ? indented(p, found.text, indent)
                                        : found.text;
    if (indent.len > 0 && all.len == 0 && found.text.len > 0) {
        return fail(p, text, tag->from, "too much text in partial",
                    tag->content);
    }
    struct template_text inner = {
        .all = all,
        .open = SPAN("{{"),
        .close = SPAN("}}"),
        .indent = indent,
        .name = tag->content,
        .file = found.file.len > 0 ? found.file : tag->content,
        .outer = text,
        .depth = text->depth + 1,
    };
    return parse_text(p, &inner);
}

static bool set_delimiters(struct parser *p, struct template_text *text,
                           const struct template_tag *tag)
{
    if (!template_tag_delimiters(tag->content, &text->open, &text->close)) {
        return fail(p, text, tag->from, "no delimiters:", tag->content);
    }
    return true;
}

static bool add_tag(struct parser *p, struct template_text *text,
                    const struct template_tag *tag, struct span indent,
                    size_t base)
{
    switch (tag->sigil) {
    case '#':
    case '^':
        return open_section(p, text, tag);
    case '/':
        return close_section(p, text, tag, base);
    case '>':
        return add_partial(p, text, tag, indent);
    case '=':
        return set_delimiters(p, text, tag);
    case '!':
        return true;
    default:
        return add_value(p, text, tag);
    }
}

static bool parse_tag(struct parser *p, struct template_text *text,
                      const struct template_tag *tag, size_t base)
{
    bool variable =
        tag->sigil == '\0' || tag->sigil == '{' || tag->sigil == '&';
    size_t from = tag->from;
    size_t to = tag->to;
    if (!variable && !p->source->header) {
        template_tag_alone(text, tag, &from, &to);
    }
    add_literal(p, span_slice(text->all, text->at, from));
    text->at = to;
    struct span indent = span_slice(text->all, from, tag->from);
    return add_tag(p, text, tag, indent, base);
}

static bool parse_text(struct parser *p, struct template_text *text)
{
    size_t base = p->section_count;
    p->bytes += text->all.len;
    if (p->bytes > TEMPLATE_BYTES_MAX) {
        return fail(p, text, 0, "too much text, with", text->file);
    }
    for (;;) {
        struct template_tag tag;
        enum template_tag_result result = template_tag_next(text, &tag);
        if (result == TEMPLATE_TAG_UNCLOSED) {
            return fail(p, text, tag.from, "no end of the tag", text->open);
        }
        if (result == TEMPLATE_TAG_NONE) {
            break;
        }
        if (!parse_tag(p, text, &tag, base)) {
            return false;
        }
    }
    add_literal(p, span_rest(text->all, text->at));
    if (p->section_count > base) {
        const struct section *open = &p->sections[p->section_count - 1];
        return fail(p, text, open->from, "no end of the section", open->name);
    }
    return true;
}

struct template *template_compile(struct span text,
                                  const struct template_source *source,
                                  const struct template_names *names,
                                  enum template_escape escape, struct err *err)
{
    struct parser p = {
        .t = mem_alloc_zero(1, sizeof *p.t),
        .source = source,
        .names = names,
        .escape = escape,
        .err = err,
    };
    struct template_text top = {
        .all = text,
        .open = SPAN("{{"),
        .close = SPAN("}}"),
        .file = span_of(source->file),
    };
    arena_init(&p.t->arena);
    p.t->columns = names->column_count;
    buf_init(&p.literal, TEMPLATE_BYTES_MAX);
    bool fine = parse_text(&p, &top);
    end_literal(&p);
    buf_release(&p.literal);
    if (!fine) {
        template_destroy(p.t);
        return NULL;
    }
    return p.t;
}
