#include "letter/mime.h"

#include <gmime/gmime.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "letter/mime_part.h"

static char *unfolded(struct span value)
{
    char *text = mem_copy_text(value.data, value.len);
    for (char *c = text; *c; c++) {
        *c = *c == '\r' || *c == '\n' ? ' ' : *c;
    }
    return text;
}

static bool value_among(struct span value, const char *const *names)
{
    for (; *names; names++) {
        if (span_equal_nocase(value, span_of(*names))) {
            return true;
        }
    }
    return false;
}

/* Is the body one text, as it stands? Then its lines are the template's. */
static bool is_plain(GMimeContentType *type, const struct fields *fields)
{
    static const char *const charsets[] = {"utf-8", "utf8", "us-ascii", NULL};
    static const char *const encodings[] = {"7bit", "8bit", "binary", NULL};
    const char *charset = g_mime_content_type_get_parameter(type, "charset");
    const struct field *encoding =
        fields_find(fields, SPAN("Content-Transfer-Encoding"));
    return g_mime_content_type_is_type(type, "text", "*") &&
           (!charset || value_among(span_of(charset), charsets)) &&
           (!encoding || value_among(encoding->value, encodings));
}

/* What was read before the parts are made. */
struct whole {
    GMimeContentType *type;
    const struct fields *fields;
    struct span body;
    unsigned line; /* of the template's file: the body's first */
};

static bool compile_plain(struct mime_walk *w, const struct whole *message)
{
    struct span body = message->body;
    struct template_source origin = w->context->source->origin;
    origin.line = message->line;
    origin.column = 1;
    if (!fields_check_text(body, origin.file, origin.line, w->context->err)) {
        return false;
    }
    mime_add_type(w, message->type, MIME_TEXT, (struct span){0});
    return mime_add_text(w, message->type, body, &origin);
}

/* What GMime reads: the draft's own Content-… and what is behind. */
static struct span whole_entity(struct buf *out, const struct fields *fields,
                                struct span body)
{
    for (size_t i = 0; i < fields->count; i++) {
        const struct field *field = &fields->list[i];
        if (fields_kind(field->name) == FIELD_CONTENT && field->value.len > 0) {
            buf_append(out, field->name);
            buf_append(out, SPAN(": "));
            char *value = unfolded(field->value);
            buf_append(out, span_of(value));
            free(value);
            buf_append(out, SPAN("\n"));
        }
    }
    buf_append(out, SPAN("\n"));
    buf_append(out, body);
    return buf_span(out);
}

static bool compile_parts(struct mime_walk *w, const struct whole *message)
{
    struct buf text;
    buf_init(&text, BODY_BYTES_MAX);
    w->entity = whole_entity(&text, message->fields, message->body);
    w->body_at = w->entity.len - (text.overflowed ? 0 : message->body.len);
    GMimeStream *stream =
        g_mime_stream_mem_new_with_buffer(w->entity.data, w->entity.len);
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    GMimeObject *object = g_mime_parser_construct_part(parser, NULL);
    bool fine;
    if (text.overflowed) {
        fine = mime_fail(w, w->body_line, "a template of more than 256 MiB");
    } else {
        fine = object ? mime_add_object(w, object, 0)
                      : mime_fail(w, w->body_line, "no MIME message");
    }
    if (object) {
        g_object_unref(object);
    }
    g_object_unref(parser);
    g_object_unref(stream);
    buf_release(&text);
    return fine;
}

/* The template's own part, or parts. */
static bool compile_own(struct mime_walk *w, const struct whole *message)
{
    return is_plain(message->type, message->fields) ? compile_plain(w, message)
                                                    : compile_parts(w, message);
}

/* A multipart of that kind, empty yet. */
static bool open_new(struct mime_walk *w, struct mime_container *c,
                     const char *subtype, const char *root)
{
    GMimeContentType *type = g_mime_content_type_new("multipart", subtype);
    if (root) {
        g_mime_content_type_set_parameter(type, "type", root);
    }
    mime_begin(w, c, type);
    g_object_unref(type);
    return mime_open(w, c);
}

/* The HTML, whatever it is made of, beside the files that it shows. */
static bool compile_related(struct mime_walk *w, const struct whole *message,
                            bool (*html)(struct mime_walk *w,
                                         const struct whole *message))
{
    if (!mime_has_files(w, true)) {
        return html(w, message);
    }
    struct mime_container related;
    if (!open_new(w, &related, "related", "text/html")) {
        return false;
    }
    mime_next(w, &related);
    return html(w, message) && mime_add_files(w, &related, true) &&
           mime_close(w, &related);
}

/* --html: an HTML of UTF-8, without headers. */
static bool compile_html(struct mime_walk *w, const struct whole *message)
{
    (void)message;
    const struct template_source *origin = &w->context->source->html_origin;
    if (!fields_check_text(w->html, origin->file, origin->line,
                           w->context->err)) {
        return false;
    }
    GMimeContentType *type = g_mime_content_type_new("text", "html");
    mime_add_type(w, type, MIME_TEXT, (struct span){0});
    bool fine = mime_add_text(w, type, w->html, origin);
    g_object_unref(type);
    return fine;
}

/* RFC 2046 5.1.4: the plainest form first. */
static bool compile_alternative(struct mime_walk *w,
                                const struct whole *message)
{
    bool text = g_mime_content_type_is_type(message->type, "text", "*");
    if (!text || g_mime_content_type_is_type(message->type, "text", "html")) {
        return mime_fail(w, 1,
                         "--html goes with a template of plain text; this one "
                         "has its parts, or its HTML, already");
    }
    struct mime_container alternative;
    if (!open_new(w, &alternative, "alternative", NULL)) {
        return false;
    }
    mime_next(w, &alternative);
    if (!compile_own(w, message)) {
        return false;
    }
    mime_next(w, &alternative);
    return compile_related(w, message, compile_html) &&
           mime_close(w, &alternative);
}

/* What the letter says, without the files that are only attached. */
static bool compile_content(struct mime_walk *w, const struct whole *message)
{
    return w->context->source->html.data
               ? compile_alternative(w, message)
               : compile_related(w, message, compile_own);
}

static bool compile_whole(struct mime_walk *w, const struct whole *message)
{
    bool mixed =
        g_mime_content_type_is_type(message->type, "multipart", "mixed");
    if (mixed || !mime_has_files(w, false)) {
        return compile_content(w, message);
    }
    struct mime_container outer;
    if (!open_new(w, &outer, "mixed", NULL)) {
        return false;
    }
    mime_next(w, &outer);
    return compile_content(w, message) && mime_add_files(w, &outer, false) &&
           mime_close(w, &outer);
}

/* The HTML, where it is one text that need not be decoded. */
static struct span html_of(const struct draft_source *source,
                           const struct whole *message)
{
    struct span html = source->html;
    if (html.data) {
        return span_starts(html, SPAN("\xef\xbb\xbf")) ? span_rest(html, 3)
                                                       : html;
    }
    bool own = g_mime_content_type_is_type(message->type, "text", "html") &&
               is_plain(message->type, message->fields);
    return own ? message->body : (struct span){0};
}

bool mime_compile(struct body *out, const struct fields *fields,
                  struct span body, unsigned body_line,
                  const struct header_context *context)
{
    struct mime_walk w = {
        .body = out, .context = context, .body_line = body_line};
    const struct field *field = fields_find(fields, SPAN("Content-Type"));
    char *value = field && field->value.len > 0 ? unfolded(field->value) : NULL;
    struct whole message = {
        .type = value ? g_mime_content_type_parse(NULL, value)
                      : g_mime_content_type_new("text", "plain"),
        .fields = fields,
        .body = body,
        .line = body_line,
    };
    w.html = html_of(context->source, &message);
    buf_init(&w.bytes, BODY_BYTES_MAX);
    buf_append(&w.bytes, SPAN("MIME-Version: 1.0\r\n"));
    bool fine = compile_whole(&w, &message);
    if (w.bytes.len > 0 && !span_ends(buf_span(&w.bytes), SPAN("\r\n"))) {
        buf_append(&w.bytes, SPAN("\r\n")); /* of a message within */
    }
    fine = fine && mime_end_bytes(&w);
    if (fine && out->list[out->count - 1].kind == PIECE_TEXT) {
        out->list[out->count - 1].ends_line = true;
    }
    g_object_unref(message.type);
    free(value);
    buf_release(&w.bytes);
    return fine;
}
