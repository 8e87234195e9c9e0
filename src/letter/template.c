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

/* By byte, in the table below; 0 stands for itself. */
static const unsigned char entity_of[256] = {
    ['&'] = 1, ['<'] = 2, ['>'] = 3, ['"'] = 4, ['\''] = 5};

static const struct span entities[] = {
    {"", 0},     {"&amp;", 5},  {"&lt;", 4},
    {"&gt;", 4}, {"&quot;", 6}, {"&#39;", 5},
};

static size_t html_bytes(struct span value)
{
    size_t bytes = value.len;
    for (size_t i = 0; i < value.len; i++) {
        unsigned entity = entity_of[(unsigned char)value.data[i]];
        bytes += entity > 0 ? entities[entity].len - 1 : 0;
    }
    return bytes;
}

static void write_html(char *to, struct span value)
{
    for (size_t i = 0; i < value.len; i++) {
        unsigned entity = entity_of[(unsigned char)value.data[i]];
        if (entity > 0) {
            memcpy(to, entities[entity].data, entities[entity].len);
            to += entities[entity].len;
        } else {
            *to++ = value.data[i];
        }
    }
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

static size_t url_bytes(struct span value)
{
    size_t bytes = value.len;
    for (size_t i = 0; i < value.len; i++) {
        bytes += unreserved(value.data[i]) ? 0 : 2;
    }
    return bytes;
}

static void write_url(char *to, struct span value)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.data[i];
        if (unreserved((char)c)) {
            *to++ = (char)c;
        } else {
            *to++ = '%';
            *to++ = digits[c >> 4];
            *to++ = digits[c & 15];
        }
    }
}

static const struct {
    size_t (*bytes)(struct span value);
    void (*write)(char *to, struct span value);
} escapes[] = {
    [TEMPLATE_FORM_HTML] = {html_bytes, write_html},
    [TEMPLATE_FORM_URL] = {url_bytes, write_url},
};

/* Most values are written as they are. */
static struct span escape(struct span value, enum template_form form,
                          struct arena *arena)
{
    size_t bytes = escapes[form].bytes(value);
    if (bytes == value.len) {
        return value;
    }
    char *text = arena_alloc(arena, bytes);
    escapes[form].write(text, value);
    return span_from(text, bytes);
}

void template_see(struct span value, unsigned forms, struct arena *arena,
                  struct template_value *out)
{
    struct ascii_facts bytes = ascii_look(value);
    *out = (struct template_value){
        .written = {value},
        .high = bytes.high,
        .control = bytes.high && utf8_any_c1(value),
        .opens = encode_may_open(value),
    };
    for (size_t i = 0; bytes.control && i < value.len; i++) {
        char c = value.data[i];
        out->control = out->control || (ascii_is_control(c) && c != '\t');
        out->nul = out->nul || c == '\0';
    }
    for (enum template_form f = TEMPLATE_FORM_HTML; f < TEMPLATE_FORMS; f++) {
        if (forms >> f & 1) {
            out->written[f] = escape(value, f, arena);
        }
    }
}

void template_mark(const struct template *t, unsigned *forms)
{
    for (size_t i = 0; i < t->count; i++) {
        if (t->ops[i].kind != TEMPLATE_OP_TEXT) {
            forms[t->ops[i].value] |= 1u << t->ops[i].form;
        }
    }
}

/* True where a section op does not let its inside be used. */
static bool passed_over(const struct template_op *op,
                        const struct template_value *value)
{
    return (value->written[TEMPLATE_FORM_PLAIN].len == 0) ==
           (op->kind == TEMPLATE_OP_SECTION);
}

void template_fill(const struct template *t,
                   const struct template_value *values, struct buf *out)
{
    for (size_t i = 0; i < t->count;) {
        const struct template_op *op = &t->ops[i++];
        if (op->kind == TEMPLATE_OP_TEXT) {
            buf_append(out, op->text);
        } else if (op->kind == TEMPLATE_OP_VALUE) {
            buf_append(out, values[op->value].written[op->form]);
        } else if (passed_over(op, &values[op->value])) {
            i = op->end;
        }
    }
}

static size_t first(size_t known, bool here, size_t index)
{
    return here && known == TEMPLATE_NO_VALUE ? index : known;
}

static void look_at_value(const struct template_op *op,
                          const struct template_value *value,
                          struct template_look *look)
{
    bool raw = op->form != TEMPLATE_FORM_URL; /* where only ASCII is left */
    size_t bytes = value->written[op->form].len;
    look->bytes += bytes;
    look->opens |= value->opens;
    look->high |= raw && value->high;
    look->control = first(look->control, raw && value->control, op->value);
    look->nul = first(look->nul, raw && value->nul, op->value);
    if (bytes == 0 && !op->guarded && op->value < look->empty) {
        look->empty = op->value;
    }
}

void template_look(const struct template *t,
                   const struct template_value *values,
                   struct template_look *out)
{
    struct template_look look = {.empty = t->columns,
                                 .control = TEMPLATE_NO_VALUE,
                                 .nul = TEMPLATE_NO_VALUE};
    for (size_t i = 0; i < t->count;) {
        const struct template_op *op = &t->ops[i++];
        if (op->kind == TEMPLATE_OP_TEXT) {
            look.bytes += op->text.len;
        } else if (op->kind == TEMPLATE_OP_VALUE) {
            look_at_value(op, &values[op->value], &look);
        } else if (passed_over(op, &values[op->value])) {
            i = op->end;
        }
    }
    *out = look;
}
