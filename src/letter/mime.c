#include <gmime/gmime.h>
#include <string.h>

#include "base/mem.h"
#include "letter/draft.h"

/* What the draft says of the text that is its whole body. */
static bool is_html(const struct fields *fields)
{
    const struct field *type = fields_find(fields, SPAN("Content-Type"));
    return type && span_starts_nocase(type->value, SPAN("text/html"));
}

bool mime_compile(struct body *out, const struct fields *fields,
                  struct span body, unsigned body_line,
                  const struct header_context *context)
{
    struct template_source origin = context->source->origin;
    origin.line = body_line;
    origin.column = 1;
    bool html = is_html(fields);
    if (!fields_check_text(body, origin.file, body_line, context->err)) {
        return false;
    }
    body_add(out, PIECE_BYTES)->bytes =
        html ? SPAN("MIME-Version: 1.0\r\n"
                    "Content-Type: text/html; charset=utf-8\r\n")
             : SPAN("MIME-Version: 1.0\r\n"
                    "Content-Type: text/plain; charset=utf-8\r\n");
    if (!body_add_text(out, body, &origin, &context->source->names,
                       html ? TEMPLATE_HTML : TEMPLATE_PLAIN, context->err)) {
        return false;
    }
    out->list[out->count - 1].ends_line = true;
    return true;
}
