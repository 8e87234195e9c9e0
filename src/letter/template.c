#include "letter/template.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/utf8.h"
#include "letter/encode.h"
#include "letter/template_ops.h"

void template_destroy(struct template *t)
{
    if (t) {
        arena_release(&t->arena);
        free(t->ops);
        free(t);
    }
}

bool template_fixed(const struct template *t)
{
    return t->count == 0 ||
           (t->count == 1 && t->ops[0].kind == TEMPLATE_OP_TEXT);
}

bool template_uses(const struct template *t, enum template_builtin which)
{
    return t->builtins >> which & 1;
}

bool template_only_column(const struct template *t, size_t *column_out)
{
    const struct template_op *op = t->ops;
    if (t->count != 1 || op->kind != TEMPLATE_OP_VALUE ||
        op->form == TEMPLATE_FORM_URL || op->value >= t->columns) {
        return false;
    }
    *column_out = op->value;
    return true;
}

struct span template_tail(const struct template *t)
{
    if (t->count == 0 || t->ops[t->count - 1].kind != TEMPLATE_OP_TEXT) {
        return (struct span){0};
    }
    for (size_t i = 0; i < t->count; i++) {
        if (t->ops[i].end == t->count) { /* the text is within a section */
            return (struct span){0};
        }
    }
    return t->ops[t->count - 1].text;
}

static struct span value_of(const struct template *t,
                            const struct template_values *values, size_t index)
{
    return index < t->columns ? values->columns[index]
                              : values->builtin[index - t->columns];
}

/* By byte, in the table below; 0 stands for itself. */
static const unsigned char entity_of[256] = {
    ['&'] = 1, ['<'] = 2, ['>'] = 3, ['"'] = 4, ['\''] = 5};

static const struct span entities[] = {
    {"", 0},     {"&amp;", 5},  {"&lt;", 4},
    {"&gt;", 4}, {"&quot;", 6}, {"&#39;", 5},
};

static void append_html(struct buf *out, struct span value)
{
    size_t from = 0;
    for (size_t i = 0; i < value.len; i++) {
        unsigned entity = entity_of[(unsigned char)value.data[i]];
        if (entity > 0) {
            buf_append(out, span_slice(value, from, i));
            buf_append(out, entities[entity]);
            from = i + 1;
        }
    }
    buf_append(out, span_rest(value, from));
}

/* RFC 3986 2.3: what stands for itself in every part of a URL. */
static bool unreserved(char c)
{
    static const bool fine[256] = {
        ['0' ... '9'] = true, ['A' ... 'Z'] = true, ['a' ... 'z'] = true,
        ['-'] = true,         ['.'] = true,         ['_'] = true,
        ['~'] = true,
    };
    return fine[(unsigned char)c];
}

static void append_url(struct buf *out, struct span value)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t from = 0;
    for (size_t i = 0; i < value.len; i++) {
        if (!unreserved(value.data[i])) {
            unsigned char byte = (unsigned char)value.data[i];
            char escaped[3] = {'%', digits[byte >> 4], digits[byte & 15]};
            buf_append(out, span_slice(value, from, i));
            buf_append(out, span_from(escaped, sizeof escaped));
            from = i + 1;
        }
    }
    buf_append(out, span_rest(value, from));
}

static void append_value(struct buf *out, enum template_form form,
                         struct span value)
{
    switch (form) {
    case TEMPLATE_FORM_PLAIN:
        buf_append(out, value);
        break;
    case TEMPLATE_FORM_HTML:
        append_html(out, value);
        break;
    case TEMPLATE_FORM_URL:
        append_url(out, value);
        break;
    }
}

/* True where a section op does not let its inside be used. */
static bool passed_over(const struct template_op *op, struct span value)
{
    return (value.len == 0) == (op->kind == TEMPLATE_OP_SECTION);
}

void template_fill(const struct template *t,
                   const struct template_values *values, struct buf *out)
{
    for (size_t i = 0; i < t->count;) {
        const struct template_op *op = &t->ops[i++];
        if (op->kind == TEMPLATE_OP_TEXT) {
            buf_append(out, op->text);
            continue;
        }
        struct span value = value_of(t, values, op->value);
        if (op->kind == TEMPLATE_OP_VALUE) {
            append_value(out, op->form, value);
        } else if (passed_over(op, value)) {
            i = op->end;
        }
    }
}

/* Each byte of a value takes at most that many. */
static size_t growth(enum template_form form)
{
    static const size_t growths[] = {
        [TEMPLATE_FORM_PLAIN] = 1,
        [TEMPLATE_FORM_HTML] = 6,
        [TEMPLATE_FORM_URL] = 3,
    };
    return growths[form];
}

static void look_at_bytes(size_t index, struct span value,
                          struct template_look *out)
{
    for (size_t i = 0; i < value.len; i++) {
        char c = value.data[i];
        if (ascii_is_control(c) && c != '\t') {
            if (out->control == TEMPLATE_NO_VALUE) {
                out->control = index;
            }
            if (c == '\0' && out->nul == TEMPLATE_NO_VALUE) {
                out->nul = index;
            }
        }
    }
}

static void look_at_value(const struct template *t,
                          const struct template_op *op, struct span value,
                          struct template_look *out)
{
    out->bytes_max += value.len * growth(op->form);
    if (value.len == 0 && !op->guarded && op->value < out->empty) {
        out->empty = op->value < t->columns ? op->value : out->empty;
    }
    out->opens = out->opens || encode_may_open(value);
    if (op->form == TEMPLATE_FORM_URL) { /* where none of these is left */
        return;
    }
    struct ascii_facts bytes = ascii_look(value);
    out->high = out->high || bytes.high;
    if (bytes.control) {
        look_at_bytes(op->value, value, out);
    }
    if (bytes.high && out->control == TEMPLATE_NO_VALUE && utf8_any_c1(value)) {
        out->control = op->value;
    }
}

void template_look(const struct template *t,
                   const struct template_values *values,
                   struct template_look *out)
{
    *out = (struct template_look){.empty = t->columns,
                                  .control = TEMPLATE_NO_VALUE,
                                  .nul = TEMPLATE_NO_VALUE};
    for (size_t i = 0; i < t->count;) {
        const struct template_op *op = &t->ops[i++];
        if (op->kind == TEMPLATE_OP_TEXT) {
            out->bytes_max += op->text.len;
            continue;
        }
        struct span value = value_of(t, values, op->value);
        if (op->kind == TEMPLATE_OP_VALUE) {
            look_at_value(t, op, value, out);
        } else if (passed_over(op, value)) {
            i = op->end;
        }
    }
}
