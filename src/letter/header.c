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
#include "letter/encoded_text.h"
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
    template_look(t, row->seen, &look);
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
    if (look.bytes > *row->bytes_left) {
        return header_refuse(row, "%.*s is too long", (int)place.len,
                             place.data);
    }
    *row->bytes_left -= look.bytes;
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

/* The template filled in, in scratch alone; a TAB is a space. False where the
 * row's values may not enter this header. */
static bool fill(const struct template *t, const struct header *h,
                 const struct header_row *row, struct span *value_out)
{
    struct buf *scratch = row->scratch;
    if (!header_check_values(t, h->name, row)) {
        return false;
    }
    buf_clear(scratch);
    template_fill(t, row->seen, scratch);
    assert(!scratch->overflowed);
    for (size_t at = span_find(buf_span(scratch), '\t'); at < scratch->len;
         at += span_find(span_rest(buf_span(scratch), at), '\t')) {
        scratch->data[at++] = ' ';
    }
    *value_out = buf_span(scratch);
    return true;
}

/* How a mailbox of more than an address is written, where that was missed. */
static const char *form_of(const struct mailbox *box)
{
    size_t column;
    bool alone = !box->address || template_fixed(box->address) ||
                 template_only_column(box->address, &column);
    return box->phrase || alone ? ""
                                : " (a name goes before it: Name <address>)";
}

/* Phrase and address of a mailbox, one behind the other in scratch; no address
 * where there is none. */
static bool fill_mailbox(const struct mailbox *box, const struct header *h,
                         const struct header_row *row, struct span *phrase_out,
                         struct span *address_out)
{
    struct span phrase = {0};
    buf_clear(row->scratch);
    if ((box->phrase && !fill(box->phrase, h, row, &phrase)) ||
        (box->address && !header_check_values(box->address, h->name, row))) {
        return false;
    }
    const char *fault = mailbox_append_address(box, row->values->address,
                                               row->seen, row->scratch);
    if (fault) {
        return header_refuse(row, "%s in %.*s%s", fault, (int)h->name.len,
                             h->name.data, form_of(box));
    }
    struct span both = buf_span(row->scratch);
    *address_out = span_rest(both, phrase.len);
    phrase = span_slice(both, 0, phrase.len);
    struct span trimmed = span_trim(phrase);
    bool exact = box->phrase_exact && trimmed.len > 0;
    *phrase_out = exact ? phrase : trimmed;
    return true;
}

static bool append_address(const struct header *h, const struct header_row *row,
                           struct buf *out, bool *utf8)
{
    size_t start = out->len;
    buf_append(out, h->name);
    size_t column = h->name.len;
    bool any = false;
    for (size_t i = 0; i < h->mailboxes.count; i++) {
        struct span phrase;
        struct span address;
        if (!fill_mailbox(&h->mailboxes.list[i], h, row, &phrase, &address)) {
            return false;
        }
        if (address.len > 0) {
            buf_append(out, any ? SPAN(",") : SPAN(":"));
            column++;
            encode_mailbox(out, &column, phrase, address);
            *utf8 = *utf8 || !ascii_only(address);
            any = true;
        }
    }
    if (any) {
        buf_append(out, SPAN("\r\n"));
        return true;
    }
    buf_truncate(out, start);
    return !span_equal_nocase(h->name, SPAN("From")) ||
           header_refuse(row, "From is empty");
}

static bool put_raw(const struct header *h, const struct header_row *row,
                    struct span value, struct buf *out)
{
    return span_trim(value).len == 0 ||
           encode_header_raw(out, h->name, value) ||
           header_refuse(row,
                         "%.*s is not ASCII, or has a word too long for a line",
                         (int)h->name.len, h->name.data);
}

static bool append_raw(const struct header *h, const struct header_row *row,
                       struct buf *out)
{
    struct span value;
    return fill(h->value, h, row, &value) && put_raw(h, row, value, out) &&
           (h->kind != FIELD_URIS || check_uris(h, value, row));
}

/* RFC 2919 3: at most 255 octets of ASCII without blanks. */
static bool names_list(struct span name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] == '>' || ascii_is_blank(name.data[i])) {
            return false;
        }
    }
    return name.len > 0 && name.len <= 255 && ascii_only(name);
}

static struct span without_quotes(struct span words)
{
    bool quoted =
        words.len > 1 && words.data[0] == '"' && span_ends(words, SPAN("\""));
    return quoted ? span_slice(words, 1, words.len - 1) : words;
}

/* The words before the name are those of a mailbox. What is the same in all
 * rows can be written as it stands. */
static bool append_list_id(const struct header *h, const struct header_row *row,
                           struct buf *out)
{
    struct span value;
    if (!fill(h->value, h, row, &value)) {
        return false;
    }
    value = span_trim(value);
    size_t open = span_find_last(value, '<');
    struct span words = span_trim(span_slice(value, 0, open));
    struct span name = span_rest(value, open + (open < value.len));
    name = span_slice(name, 0, name.len - (name.len > 0));
    if ((template_fixed(h->value) && ascii_only(value)) || words.len == 0 ||
        !span_ends(value, SPAN(">")) || !names_list(name)) {
        return put_raw(h, row, value, out);
    }
    encode_list_id(out, h->name, without_quotes(words), name);
    return true;
}

static bool append_text(const struct header *h, const struct header_row *row,
                        struct buf *out)
{
    struct span value;
    if (!fill(h->value, h, row, &value)) {
        return false;
    }
    if (value.len > 0) {
        encode_header_text(out, h->name, value);
    }
    return true;
}

bool header_append(const struct header *h, const struct header_row *row,
                   struct buf *out, bool *utf8)
{
    if (h->fixed.len > 0) {
        buf_append(out, h->fixed);
        *utf8 = *utf8 || h->fixed_utf8;
        return true;
    }
    if (h->kind == FIELD_ADDRESS) {
        return append_address(h, row, out, utf8);
    }
    if (h->kind == FIELD_LIST_ID) {
        return append_list_id(h, row, out);
    }
    return h->kind == FIELD_TEXT ? append_text(h, row, out)
                                 : append_raw(h, row, out);
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
    if (fields_kind(field->name) != FIELD_TEXT) {
        return compile_text(field->value, origin, context);
    }
    struct template *t = NULL;
    struct buf text;
    buf_init(&text, context->scratch->bytes_max);
    if (encoded_text_append(&text, field->value, origin, context->err)) {
        t = compile_text(buf_span(&text), origin, context);
    }
    buf_release(&text);
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
        if (!mailboxes_compile(&out->mailboxes, field->value, &origin,
                               &mailbox)) {
            return false;
        }
        if (field->value.len > 0 && out->mailboxes.count == 0) {
            err_set(context->err, EX_DATAERR, "%s:%u: no address in %.*s",
                    field->file, field->line, (int)field->name.len,
                    field->name.data);
        }
        return field->value.len == 0 || out->mailboxes.count > 0;
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
    struct buf out;
    buf_init(&out, context->scratch->bytes_max);
    bool fine = header_append(h, &row, &out, &h->fixed_utf8);
    if (fine) {
        h->fixed = arena_copy(context->arena, buf_span(&out));
    } else {
        err_set(context->err, EX_DATAERR, "%s:%u: %.*s", field->file,
                field->line, (int)reason.len, reason.data);
    }
    buf_release(&out);
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
