#include "letter/mime_part.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "base/siphash.h"
#include "base/utf8.h"
#include "letter/encode.h"
#include "letter/wire.h"

enum { FIELD_BYTES_MAX = 1 << 16 };

bool mime_fail(struct mime_walk *w, unsigned line, const char *what)
{
    err_set(w->context->err, EX_DATAERR, "%s:%u: %s",
            w->context->source->origin.file, line, what);
    return false;
}

bool mime_end_bytes(struct mime_walk *w)
{
    if (w->bytes.overflowed || w->body->count + 2 > BODY_PIECES_MAX) {
        return mime_fail(w, w->body_line, "too much in this message");
    }
    if (w->bytes.len > 0) {
        body_add_bytes(w->body,
                       arena_copy(w->context->arena, buf_span(&w->bytes)));
        buf_clear(&w->bytes);
    }
    return true;
}

/* RFC 2045 5.1. */
static bool is_token(struct span s)
{
    static const struct span specials = {"()<>@,;:\\\"/[]?=", 15};
    for (size_t i = 0; i < s.len; i++) {
        if (s.data[i] <= ' ' || s.data[i] > '~' ||
            span_find(specials, s.data[i]) < specials.len) {
            return false;
        }
    }
    return s.len > 0 && s.len <= FIELDS_NAME_BYTES_MAX;
}

/* Without the controls that no header may have. */
static void append_clean(struct buf *out, const char *value)
{
    for (const char *c = value; *c; c++) {
        if (!ascii_is_control(*c)) {
            buf_append_byte(out, *c);
        }
    }
}

static void add_parameters(struct mime_walk *w, size_t *column,
                           GMimeParamList *list, const char *const *without)
{
    for (int i = 0; i < g_mime_param_list_length(list); i++) {
        GMimeParam *param = g_mime_param_list_get_parameter_at(list, i);
        const char *name = g_mime_param_get_name(param);
        const char *value = g_mime_param_get_value(param);
        bool left_out = !value || !is_token(span_of(name)) ||
                        encode_verb_first(span_of(name));
        for (const char *const *n = without; *n; n++) {
            left_out =
                left_out || span_equal_nocase(span_of(name), span_of(*n));
        }
        if (left_out) {
            continue;
        }
        struct buf clean;
        buf_init(&clean, FIELD_BYTES_MAX);
        append_clean(&clean, value);
        encode_parameter(&w->bytes, column, span_of(name), buf_span(&clean));
        buf_release(&clean);
    }
}

/* The parameters that are made anew. */
static const char *const replaced[][2] = {
    [MIME_TEXT] = {"charset", NULL},
    [MIME_ATTACHED] = {NULL, NULL},
    [MIME_MULTIPART] = {"boundary", NULL},
};

void mime_add_type(struct mime_walk *w, GMimeContentType *type,
                   enum mime_role role, struct span boundary)
{
    struct span major = span_of(g_mime_content_type_get_media_type(type));
    struct span minor = span_of(g_mime_content_type_get_media_subtype(type));
    struct buf name;
    buf_init(&name, 2 * FIELDS_NAME_BYTES_MAX + 1);
    if (is_token(major) && is_token(minor)) {
        buf_append(&name, major);
        buf_append(&name, SPAN("/"));
        buf_append(&name, minor);
    } else {
        buf_append(&name, SPAN("application/octet-stream"));
    }
    size_t column =
        encode_structure(&w->bytes, SPAN("Content-Type"), buf_span(&name));
    buf_release(&name);
    if (role == MIME_TEXT) {
        buf_append(&w->bytes, SPAN("; charset=utf-8"));
        column += 15;
    }
    if (role == MIME_MULTIPART) {
        encode_parameter(&w->bytes, &column, SPAN("boundary"), boundary);
    }
    add_parameters(w, &column, g_mime_content_type_get_parameters(type),
                   replaced[role]);
    buf_append(&w->bytes, SPAN("\r\n"));
}

static bool is_attached(GMimePart *part)
{
    const char *disposition =
        g_mime_object_get_disposition((GMimeObject *)part);
    return disposition &&
           span_equal_nocase(span_of(disposition), SPAN("attachment"));
}

static bool has_name(const char *name, const char *other)
{
    return span_equal_nocase(span_of(name), span_of(other));
}

static void add_disposition(struct mime_walk *w, GMimeObject *object)
{
    GMimeContentDisposition *disposition =
        g_mime_object_get_content_disposition(object);
    const char *kind =
        disposition ? g_mime_content_disposition_get_disposition(disposition)
                    : NULL;
    if (!kind || !is_token(span_of(kind))) {
        return;
    }
    size_t column =
        encode_structure(&w->bytes, SPAN("Content-Disposition"), span_of(kind));
    static const char *const none[] = {NULL};
    add_parameters(w, &column,
                   g_mime_content_disposition_get_parameters(disposition),
                   none);
    buf_append(&w->bytes, SPAN("\r\n"));
}

/* The part's other headers, those of the draft itself left out. */
static void add_headers(struct mime_walk *w, GMimeObject *object)
{
    add_disposition(w, object);
    GMimeHeaderList *headers = g_mime_object_get_header_list(object);
    for (int i = 0; i < g_mime_header_list_get_count(headers); i++) {
        GMimeHeader *header = g_mime_header_list_get_header_at(headers, i);
        const char *name = g_mime_header_get_name(header);
        const char *value = g_mime_header_get_value(header);
        bool ours = has_name(name, "Content-Type") ||
                    has_name(name, "Content-Transfer-Encoding") ||
                    has_name(name, "Content-Disposition") ||
                    has_name(name, "Content-Length") ||
                    has_name(name, "MIME-Version");
        if (ours || !value || !is_token(span_of(name))) {
            continue;
        }
        struct buf clean;
        buf_init(&clean, FIELD_BYTES_MAX);
        append_clean(&clean, value);
        if (!encode_header_raw(&w->bytes, span_of(name), buf_span(&clean))) {
            encode_header_text(&w->bytes, span_of(name), buf_span(&clean));
        }
        buf_release(&clean);
    }
}

bool mime_add_text(struct mime_walk *w, GMimeContentType *type,
                   struct span text, const struct template_source *origin)
{
    bool html = g_mime_content_type_is_type(type, "text", "html");
    return mime_end_bytes(w) &&
           body_add_text(w->body, text, origin, &w->context->source->names,
                         html ? TEMPLATE_HTML : TEMPLATE_PLAIN,
                         w->context->err);
}

static bool add_text_part(struct mime_walk *w, GMimePart *part)
{
    GMimeObject *object = (GMimeObject *)part;
    GMimeContentType *type = g_mime_object_get_content_type(object);
    struct template_source origin = w->context->source->origin;
    origin.line = mime_part_line(w, part);
    origin.column = 1;
    mime_add_type(w, type, MIME_TEXT, (struct span){0});
    add_headers(w, object);
    struct buf text;
    buf_init(&text, BODY_TEXT_BYTES_MAX);
    bool fine = mime_part_text(w, part, &text) &&
                fields_check_text(buf_span(&text), origin.file, origin.line,
                                  w->context->err) &&
                mime_add_text(w, type, buf_span(&text), &origin);
    buf_release(&text);
    return fine;
}

static bool add_attachment(struct mime_walk *w, GMimePart *part)
{
    GMimeObject *object = (GMimeObject *)part;
    mime_add_type(w, g_mime_object_get_content_type(object), MIME_ATTACHED,
                  (struct span){0});
    add_headers(w, object);
    struct buf bytes;
    buf_init(&bytes, BODY_BYTES_MAX / 2);
    mime_part_bytes(part, &bytes);
    buf_append(&w->bytes, SPAN("Content-Transfer-Encoding: base64\r\n\r\n"));
    encode_base64_lines(&w->bytes, buf_span(&bytes));
    bool fine = !bytes.overflowed;
    buf_release(&bytes);
    return fine || mime_fail(w, mime_part_line(w, part),
                             "an attachment of more than 128 MiB");
}

static bool add_multipart(struct mime_walk *w, GMimeMultipart *multipart,
                          unsigned depth)
{
    GMimeObject *object = (GMimeObject *)multipart;
    GMimeContentType *type = g_mime_object_get_content_type(object);
    int count = g_mime_multipart_get_count(multipart);
    if (depth == MIME_DEPTH_MAX || count == 0) {
        return mime_fail(w, w->body_line,
                         count == 0 ? "a multipart without parts"
                                    : "multiparts in multiparts, too many");
    }
    struct mime_container container;
    mime_begin(w, &container, type);
    add_headers(w, object);
    bool fine = mime_open(w, &container);
    for (int i = 0; fine && i < count; i++) {
        mime_next(w, &container);
        fine = mime_add_object(w, g_mime_multipart_get_part(multipart, i),
                               depth + 1);
    }
    bool mixed = g_mime_content_type_is_type(type, "multipart", "mixed");
    return fine &&
           (depth > 0 || !mixed || mime_add_files(w, &container, false)) &&
           mime_close(w, &container);
}

/* A message within may not be encoded as a whole (RFC 2046 5.2.1): its parts
 * are, and then no line of theirs is one of these boundaries. */
static void encode_leaf(GMimeObject *parent, GMimeObject *part, gpointer data)
{
    struct mime_walk *w = data;
    (void)parent;
    if (GMIME_IS_PART(part)) {
        g_mime_part_set_content_encoding((GMimePart *)part,
                                         GMIME_CONTENT_ENCODING_BASE64);
    }
    if (GMIME_IS_MULTIPART(part)) {
        GMimeMultipart *multipart = (GMimeMultipart *)part;
        char boundary[16];
        snprintf(boundary, sizeof boundary, "=-%08x", w->boundaries++);
        g_mime_multipart_set_boundary(multipart, boundary);
        g_mime_multipart_set_prologue(multipart, NULL);
        g_mime_multipart_set_epilogue(multipart, NULL);
    }
    if (GMIME_IS_MESSAGE_PART(part)) {
        GMimeMessage *message =
            g_mime_message_part_get_message((GMimeMessagePart *)part);
        if (message) {
            g_mime_message_foreach(message, encode_leaf, data);
        }
    }
}

static bool add_message(struct mime_walk *w, GMimeMessagePart *part)
{
    GMimeMessage *message = g_mime_message_part_get_message(part);
    if (!message) {
        return mime_fail(w, w->body_line, "an attached message is none");
    }
    g_mime_message_foreach(message, encode_leaf, w);
    mime_add_type(w, g_mime_object_get_content_type((GMimeObject *)part),
                  MIME_ATTACHED, (struct span){0});
    add_headers(w, (GMimeObject *)part);
    buf_append(&w->bytes, SPAN("\r\n"));
    char *text = g_mime_object_to_string((GMimeObject *)message, NULL);
    size_t start = w->bytes.len;
    wire_append_lines(&w->bytes, span_of(text));
    g_free(text);
    struct encode_facts facts =
        encode_look(span_rest(buf_span(&w->bytes), start));
    if (facts.needed || facts.eight_bit) {
        return mime_fail(w, w->body_line,
                         "an attached message has a line that no relay may "
                         "see: attach it as a file");
    }
    return true;
}

bool mime_add_object(struct mime_walk *w, GMimeObject *object, unsigned depth)
{
    if (GMIME_IS_MULTIPART_SIGNED(object) ||
        GMIME_IS_MULTIPART_ENCRYPTED(object)) {
        return mime_fail(w, w->body_line,
                         "a signed or encrypted message is no template: what "
                         "is filled in would break it");
    }
    if (GMIME_IS_MULTIPART(object)) {
        return add_multipart(w, (GMimeMultipart *)object, depth);
    }
    if (GMIME_IS_MESSAGE_PART(object)) {
        return add_message(w, (GMimeMessagePart *)object);
    }
    if (!GMIME_IS_PART(object)) {
        return mime_fail(w, w->body_line, "a part of no known kind");
    }
    GMimePart *part = (GMimePart *)object;
    GMimeContentType *type = g_mime_object_get_content_type(object);
    bool text = g_mime_content_type_is_type(type, "text", "*");
    return text && !is_attached(part) ? add_text_part(w, part)
                                      : add_attachment(w, part);
}
