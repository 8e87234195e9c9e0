#include "letter/mime_part.h"

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
    [MIME_MESSAGE] = {NULL, NULL},
    [MIME_MULTIPART] = {"boundary", NULL},
};

/* Where the type says something else. */
static const char *const otherwise[] = {
    [MIME_TEXT] = "text/plain",
    [MIME_ATTACHED] = "application/octet-stream",
    [MIME_MESSAGE] = "message/rfc822",
    [MIME_MULTIPART] = "multipart/mixed",
};

/* Can a part that plays this role say so? What GMime takes for a message is
 * one to other readers by its name alone. */
static bool can_say(enum mime_role role, struct span major, struct span minor)
{
    return is_token(major) && is_token(minor) &&
           (role != MIME_MESSAGE || span_equal_nocase(minor, SPAN("global")) ||
            span_equal_nocase(minor, SPAN("news")));
}

void mime_add_type(struct mime_walk *w, GMimeContentType *type,
                   enum mime_role role, struct span boundary)
{
    struct span major = span_of(g_mime_content_type_get_media_type(type));
    struct span minor = span_of(g_mime_content_type_get_media_subtype(type));
    struct buf name;
    buf_init(&name, 2 * FIELDS_NAME_BYTES_MAX + 1);
    if (can_say(role, major, minor)) {
        buf_append(&name, major);
        buf_append(&name, SPAN("/"));
        buf_append(&name, minor);
    } else {
        buf_append(&name, span_of(otherwise[role]));
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

static bool has_name(const char *name, const char *other)
{
    return span_equal_nocase(span_of(name), span_of(other));
}

/* A file, though a reader may show it beneath the text. */
static bool is_attached(GMimePart *part)
{
    const char *disposition =
        g_mime_object_get_disposition((GMimeObject *)part);
    return has_name(disposition ? disposition : "", "attachment") ||
           g_mime_part_get_filename(part) != NULL;
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
void mime_add_headers(struct mime_walk *w, GMimeObject *object)
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
                    has_name(name, "Content-MD5") ||
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

static bool refuse_sealed(struct mime_walk *w, unsigned line)
{
    return mime_fail(w, line,
                     "a signed or encrypted message is no template: what is "
                     "filled in would break it");
}

/* RFC 9580 6 and 7. */
static bool is_pgp(struct span text)
{
    while (text.len > 0 && (unsigned char)text.data[0] <= ' ') {
        text = span_rest(text, 1);
    }
    return span_starts(text, SPAN("-----BEGIN PGP SIGNED MESSAGE-----")) ||
           span_starts(text, SPAN("-----BEGIN PGP MESSAGE-----"));
}

bool mime_add_text(struct mime_walk *w, GMimeContentType *type,
                   struct span text, const struct template_source *origin)
{
    if (is_pgp(text)) {
        return refuse_sealed(w, origin->line);
    }
    const char *delsp = g_mime_content_type_get_parameter(type, "delsp");
    struct mime_tags how = {
        .html = g_mime_content_type_is_type(type, "text", "html"),
        .delsp = has_name(delsp ? delsp : "", "yes"),
    };
    bool flowed = g_mime_content_type_get_parameter(type, "format") != NULL;
    struct buf mended;
    buf_init(&mended, BODY_TEXT_BYTES_MAX);
    if (how.html || flowed || w->entity.len > 0) {
        mime_mend_tags(text, &how, &mended);
        text = buf_span(&mended);
    }
    bool fine = mime_end_bytes(w) &&
                body_add_text(w->body, text, origin, &w->context->source->names,
                              how.html ? TEMPLATE_HTML : TEMPLATE_PLAIN,
                              w->context->err);
    buf_release(&mended);
    return fine;
}

static bool add_text_part(struct mime_walk *w, GMimePart *part)
{
    GMimeObject *object = (GMimeObject *)part;
    GMimeContentType *type = g_mime_object_get_content_type(object);
    struct template_source origin = w->context->source->origin;
    origin.line = mime_part_line(w, part);
    origin.column = 1;
    mime_add_type(w, type, MIME_TEXT, (struct span){0});
    mime_add_headers(w, object);
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
    mime_add_headers(w, object);
    struct buf bytes;
    buf_init(&bytes, BODY_BYTES_MAX / 2);
    mime_part_bytes(w, part, &bytes);
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
    mime_add_headers(w, object);
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

/* RFC 8551 3.2: opaque, signed or encrypted. */
static bool is_pkcs7(GMimeObject *object)
{
    GMimeContentType *type = g_mime_object_get_content_type(object);
    return g_mime_content_type_is_type(type, "application", "pkcs7-mime") ||
           g_mime_content_type_is_type(type, "application", "x-pkcs7-mime");
}

static bool is_sealed(GMimeObject *object, unsigned depth)
{
    return GMIME_IS_MULTIPART_SIGNED(object) ||
           GMIME_IS_MULTIPART_ENCRYPTED(object) ||
           (depth == 0 && is_pkcs7(object));
}

/* RFC 2045 5.1. What is none says nothing of what is to be filled in. */
static bool has_type(struct mime_walk *w, GMimePart *part)
{
    const char *value =
        g_mime_object_get_header((GMimeObject *)part, "Content-Type");
    struct span type = span_trim(span_of(value));
    size_t slash = span_find(type, '/');
    struct span minor = span_rest(type, slash + (slash < type.len));
    if (!value || (slash > 0 && is_token(span_slice(type, 0, slash)) &&
                   minor.len > 0 && is_token(span_slice(minor, 0, 1)))) {
        return true;
    }
    err_set(w->context->err, EX_DATAERR,
            "%s:%u: what this is, \"%.*s\" does not say: a Content-Type is "
            "text/plain, text/html or the like",
            w->context->source->origin.file, mime_part_line(w, part),
            type.len > 80 ? 80 : (int)type.len, type.data);
    return false;
}

bool mime_add_object(struct mime_walk *w, GMimeObject *object, unsigned depth)
{
    if (is_sealed(object, depth)) {
        return refuse_sealed(w, w->body_line);
    }
    if (GMIME_IS_MULTIPART(object)) {
        return add_multipart(w, (GMimeMultipart *)object, depth);
    }
    if (GMIME_IS_MESSAGE_PART(object)) {
        return mime_add_message(w, (GMimeMessagePart *)object);
    }
    if (!GMIME_IS_PART(object)) {
        return mime_fail(w, w->body_line, "a part of no known kind");
    }
    GMimePart *part = (GMimePart *)object;
    GMimeContentType *type = g_mime_object_get_content_type(object);
    bool text = g_mime_content_type_is_type(type, "text", "*");
    bool filled_in = text && (depth == 0 || !is_attached(part));
    return has_type(w, part) && mime_part_sound(w, part) &&
           (filled_in ? add_text_part(w, part) : add_attachment(w, part));
}
