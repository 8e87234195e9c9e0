#include "letter/header.h"

#include <assert.h>
#include <gmime/gmime.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "letter/encode.h"
#include "letter/template_ops.h"
#include "letter/uri.h"

bool header_refuse(const struct header_row *row, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    *row->reason = arena_copy(row->arena, span_of(text));
    return false;
}

bool header_check_values(const struct template *t, struct span place,
                         const struct header_row *row)
{
    struct template_look look;
    template_look(t, &row->values->values, &look);
    size_t columns = row->names->column_count;
    if (!row->allow_empty && look.empty < columns) {
        struct span name = row->names->columns[look.empty];
        return header_refuse(row, "column \"%.*s\" is empty", (int)name.len,
                             name.data);
    }
    if (look.control != TEMPLATE_NO_VALUE) {
        struct span name = template_name_of(row->names, look.control);
        return header_refuse(row,
                             "column \"%.*s\" has a control character, which "
                             "may not enter %.*s",
                             (int)name.len, name.data, (int)place.len,
                             place.data);
    }
    if (look.bytes_max > *row->bytes_left) {
        return header_refuse(row, "%.*s is too long", (int)place.len,
                             place.data);
    }
    *row->bytes_left -= look.bytes_max;
    return true;
}

static bool check_address(const struct header *h, const struct header_row *row)
{
    size_t found = 0;
    for (size_t i = 0; i < h->mailboxes.count; i++) {
        const struct mailbox *box = &h->mailboxes.list[i];
        if ((box->phrase && !header_check_values(box->phrase, h->name, row)) ||
            (box->address &&
             !header_check_values(box->address, h->name, row))) {
            return false;
        }
        buf_clear(row->scratch);
        const char *fault =
            mailbox_append_address(box, row->values, row->scratch);
        if (fault) {
            return header_refuse(row, "%s in %.*s", fault, (int)h->name.len,
                                 h->name.data);
        }
        found += row->scratch->len > 0;
    }
    if (found == 0 && span_equal_nocase(h->name, SPAN("From"))) {
        return header_refuse(row, "From is empty");
    }
    return true;
}

/* A value may not break a URI, nor begin another one. */
static bool check_uris(const struct header *h, struct span value,
                       const struct header_row *row)
{
    struct span uri;
    size_t at = 0;
    bool first = true;
    for (; uri_next(value, &at, &uri); first = false) {
        const char *fault = uri_fault(uri);
        if (!fault && first && h->one_click && !uri_is_https(uri)) {
            fault = "not https";
        }
        if (fault) {
            return header_refuse(row, "%s in %.*s: <%.*s>", fault,
                                 (int)h->name.len, h->name.data,
                                 uri.len > 200 ? 200 : (int)uri.len, uri.data);
        }
    }
    return at == value.len ||
           header_refuse(row, "a < that does not end in %.*s", (int)h->name.len,
                         h->name.data);
}

static bool check_raw(const struct header *h, const struct header_row *row)
{
    struct buf *scratch = row->scratch;
    buf_clear(scratch);
    template_fill(h->value, &row->values->values, scratch);
    struct span value = arena_copy(row->arena, buf_span(scratch));
    buf_clear(scratch);
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] == '\t') {
            ((char *)value.data)[i] = ' ';
        }
    }
    if (!encode_header_raw(scratch, h->name, value)) {
        return header_refuse(row,
                             "%.*s is not ASCII, or has a word too long for a "
                             "line",
                             (int)h->name.len, h->name.data);
    }
    return h->kind != FIELD_URIS || check_uris(h, value, row);
}

bool header_check(const struct header *h, const struct header_row *row)
{
    if (h->fixed.len > 0) {
        return true;
    }
    if (h->kind == FIELD_ADDRESS) {
        return check_address(h, row);
    }
    return header_check_values(h->value, h->name, row) &&
           (h->kind == FIELD_TEXT || check_raw(h, row));
}

/* The template filled in, in the buffer alone; a TAB is a space. */
static struct span filled(const struct template *t,
                          const struct letter_values *values,
                          struct buf *scratch)
{
    buf_clear(scratch);
    template_fill(t, &values->values, scratch);
    assert(!scratch->overflowed);
    for (size_t i = 0; i < scratch->len; i++) {
        if (scratch->data[i] == '\t') {
            scratch->data[i] = ' ';
        }
    }
    return buf_span(scratch);
}

static void append_address(const struct header *h,
                           const struct letter_values *values,
                           struct buf *scratch, struct buf *out, bool *utf8)
{
    size_t start = out->len;
    buf_append(out, h->name);
    size_t column = h->name.len;
    bool any = false;
    for (size_t i = 0; i < h->mailboxes.count; i++) {
        const struct mailbox *box = &h->mailboxes.list[i];
        buf_clear(scratch);
        if (box->phrase) {
            filled(box->phrase, values, scratch);
        }
        size_t at = scratch->len;
        const char *fault = mailbox_append_address(box, values, scratch);
        assert(!fault);
        struct span address = span_rest(buf_span(scratch), at);
        if (address.len == 0) {
            continue;
        }
        struct span phrase = span_slice(buf_span(scratch), 0, at);
        struct span trimmed = span_trim(phrase);
        bool exact = box->phrase_exact && trimmed.len > 0;
        phrase = exact ? phrase : trimmed;
        buf_append(out, any ? SPAN(",") : SPAN(":"));
        column++;
        encode_mailbox(out, &column, phrase, address);
        *utf8 = *utf8 || !ascii_only(address);
        any = true;
    }
    if (any) {
        buf_append(out, SPAN("\r\n"));
    } else {
        buf_truncate(out, start);
    }
}

void header_append(const struct header *h, const struct letter_values *values,
                   struct buf *scratch, struct buf *out, bool *utf8)
{
    if (h->fixed.len > 0) {
        buf_append(out, h->fixed);
        *utf8 = *utf8 || h->fixed_utf8;
    } else if (h->kind == FIELD_ADDRESS) {
        append_address(h, values, scratch, out, utf8);
    } else {
        struct span value = filled(h->value, values, scratch);
        bool empty =
            h->kind == FIELD_TEXT ? value.len == 0 : span_trim(value).len == 0;
        if (empty) {
            return;
        }
        if (h->kind == FIELD_TEXT) {
            encode_header_text(out, h->name, value);
        } else {
            bool fine = encode_header_raw(out, h->name, value);
            assert(fine);
        }
    }
}

static struct template *compile_text(struct span text,
                                     const struct template_source *origin,
                                     const struct header_context *context)
{
    return template_compile(text, origin, &context->source->names,
                            TEMPLATE_PLAIN, context->err);
}

/* Encoded-words that a mail program saved become text. */
static struct template *compile_value(const struct field *field,
                                      const struct template_source *origin,
                                      const struct header_context *context)
{
    char *text = mem_copy_text(field->value.data, field->value.len);
    bool encoded =
        fields_kind(field->name) == FIELD_TEXT && strstr(text, "=?") != NULL;
    struct template *t = NULL;
    if (encoded) {
        char *decoded = g_mime_utils_header_decode_text(NULL, text);
        if (fields_check_text(span_of(decoded), origin->file, origin->line,
                              context->err)) {
            t = compile_text(span_of(decoded), origin, context);
        }
        g_free(decoded);
    } else {
        t = compile_text(field->value, origin, context);
    }
    free(text);
    return t;
}

static bool compile_parts(struct header *out, const struct field *field,
                          const struct header_context *context)
{
    struct template_source origin = context->source->origin;
    origin.file = field->file;
    origin.line = field->line;
    origin.column = field->column;
    origin.header = true;
    if (out->kind == FIELD_ADDRESS && mailboxes_empty_group(field->value) &&
        !span_equal_nocase(field->name, SPAN("From"))) {
        out->kind = FIELD_RAW;
    }
    if (out->kind == FIELD_ADDRESS) {
        struct mailbox_context mailbox = {
            .names = &context->source->names,
            .address_column = context->source->address_column,
            .err = context->err,
        };
        return mailboxes_compile(&out->mailboxes, field->value, &origin,
                                 &mailbox);
    }
    out->value = compile_value(field, &origin, context);
    return out->value != NULL;
}

static bool is_fixed(const struct header *h)
{
    if (h->kind != FIELD_ADDRESS) {
        return template_fixed(h->value);
    }
    for (size_t i = 0; i < h->mailboxes.count; i++) {
        const struct mailbox *box = &h->mailboxes.list[i];
        if (!box->address || !template_fixed(box->address) ||
            (box->phrase && !template_fixed(box->phrase))) {
            return false;
        }
    }
    return true;
}

static bool fix(struct header *h, const struct field *field,
                const struct header_context *context)
{
    struct letter_values none = {0};
    struct span reason = {0};
    size_t bytes_left = HEADER_VALUES_BYTES_MAX;
    struct arena arena;
    arena_init(&arena);
    struct header_row row = {
        .values = &none,
        .names = &context->source->names,
        .allow_empty = true,
        .arena = &arena,
        .scratch = context->scratch,
        .bytes_left = &bytes_left,
        .reason = &reason,
    };
    bool fine = header_check(h, &row);
    if (fine) {
        struct buf out;
        buf_init(&out, context->scratch->bytes_max);
        header_append(h, &none, context->scratch, &out, &h->fixed_utf8);
        h->fixed = arena_copy(context->arena, buf_span(&out));
        buf_release(&out);
    } else {
        err_set(context->err, EX_DATAERR, "%s:%u: %.*s", field->file,
                field->line, (int)reason.len, reason.data);
    }
    arena_release(&arena);
    return fine;
}

bool header_compile(struct header *out, const struct field *field,
                    const struct header_context *context)
{
    *out = (struct header){
        .name = arena_copy(context->arena, field->name),
        .kind = fields_kind(field->name),
        .one_click = field->one_click,
    };
    if (!compile_parts(out, field, context) ||
        (is_fixed(out) && !fix(out, field, context))) {
        header_release(out);
        return false;
    }
    return true;
}

void header_release(struct header *h)
{
    template_destroy(h->value);
    mailboxes_release(&h->mailboxes);
}
