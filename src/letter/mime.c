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

static bool compile_plain(struct mime_walk *w, GMimeContentType *type,
                          struct span body, unsigned line)
{
    struct template_source origin = w->context->source->origin;
    origin.line = line;
    origin.column = 1;
    if (!fields_check_text(body, origin.file, line, w->context->err)) {
        return false;
    }
    mime_add_type(w, type, MIME_TEXT, (struct span){0});
    return mime_add_text(w, type, body, &origin);
}

/* What GMime reads: the draft's own Content-… and what is behind. */
static struct span whole_entity(struct buf *out, const struct fields *fields,
                                struct span body)
{
    for (size_t i = 0; i < fields->count; i++) {
        const struct field *field = &fields->list[i];
        if (fields_kind(field->name) == FIELD_CONTENT) {
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

static bool compile_parts(struct mime_walk *w, const struct fields *fields,
                          struct span body, unsigned line)
{
    struct buf text;
    buf_init(&text, BODY_BYTES_MAX);
    w->entity = whole_entity(&text, fields, body);
    w->body_at = w->entity.len - (text.overflowed ? 0 : body.len);
    w->body_line = line;
    GMimeStream *stream =
        g_mime_stream_mem_new_with_buffer(w->entity.data, w->entity.len);
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    GMimeObject *object = g_mime_parser_construct_part(parser, NULL);
    bool fine;
    if (text.overflowed) {
        fine = mime_fail(w, line, "a template of more than 256 MiB");
    } else {
        fine = object ? mime_add_object(w, object, 0)
                      : mime_fail(w, line, "no MIME message");
    }
    if (object) {
        g_object_unref(object);
    }
    g_object_unref(parser);
    g_object_unref(stream);
    buf_release(&text);
    return fine;
}

bool mime_compile(struct body *out, const struct fields *fields,
                  struct span body, unsigned body_line,
                  const struct header_context *context)
{
    struct mime_walk w = {.body = out, .context = context};
    buf_init(&w.bytes, BODY_BYTES_MAX);
    buf_append(&w.bytes, SPAN("MIME-Version: 1.0\r\n"));
    const struct field *field = fields_find(fields, SPAN("Content-Type"));
    char *value = field ? unfolded(field->value) : NULL;
    GMimeContentType *type = value ? g_mime_content_type_parse(NULL, value)
                                   : g_mime_content_type_new("text", "plain");
    bool fine = is_plain(type, fields)
                    ? compile_plain(&w, type, body, body_line)
                    : compile_parts(&w, fields, body, body_line);
    fine = fine && mime_end_bytes(&w);
    if (fine && out->list[out->count - 1].kind == PIECE_TEXT) {
        out->list[out->count - 1].ends_line = true;
    }
    g_object_unref(type);
    free(value);
    buf_release(&w.bytes);
    return fine;
}
