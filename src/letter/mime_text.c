#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "letter/charset.h"
#include "letter/mime_part.h"

/* As it stands in the draft. */
static struct span written(const struct mime_walk *w, GMimePart *part)
{
    GMimeDataWrapper *content = g_mime_part_get_content(part);
    if (!content) {
        return span_slice(w->entity, 0, 0);
    }
    const GMimeStream *stream = g_mime_data_wrapper_get_stream(content);
    size_t from = (size_t)stream->bound_start;
    size_t to =
        stream->bound_end < 0 ? w->entity.len : (size_t)stream->bound_end;
    return from <= to && to <= w->entity.len ? span_slice(w->entity, from, to)
                                             : span_slice(w->entity, 0, 0);
}

/* Of the template's file, at this place of the entity. */
static unsigned line_at(const struct mime_walk *w, const char *place)
{
    unsigned line = w->body_line;
    const char *end = w->entity.data + w->entity.len;
    for (const char *c = w->entity.data + w->body_at; c < place && c < end;
         c++) {
        line += *c == '\n';
    }
    return line;
}

unsigned mime_part_line(const struct mime_walk *w, GMimePart *part)
{
    return line_at(w, written(w, part).data);
}

static bool of_base64(char c)
{
    return ascii_is_alnum(c) || c == '+' || c == '/';
}

static bool is_base64(GMimePart *part)
{
    return g_mime_part_get_content_encoding(part) ==
           GMIME_CONTENT_ENCODING_BASE64;
}

struct base64_look {
    size_t fault;   /* where it is none; its length: nowhere */
    size_t missing; /* of what pads its last group: some programs write none,
                       and nothing is lost then */
};

static struct base64_look look_at_base64(struct span text)
{
    size_t letters = 0;
    size_t padding = 0;
    size_t last = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (ascii_is_blank(c) || c == '\r' || c == '\n') {
            continue;
        }
        last = i;
        if (c == '=') {
            padding++;
        } else if (padding > 0 || !of_base64(c)) {
            return (struct base64_look){.fault = i};
        } else {
            letters++;
        }
    }
    bool whole = padding == 0 ? letters % 4 != 1
                              : padding <= 2 && (letters + padding) % 4 == 0;
    return (struct base64_look){.fault = whole ? text.len : last,
                                .missing = (4 - (letters + padding) % 4) % 4};
}

/* GMime's decoder drops a last group that is not padded. */
static void decode_base64(struct span text, struct buf *out)
{
    static const struct span padding = {"===", 3};
    size_t missing = look_at_base64(text).missing;
    GMimeEncoding decoder;
    g_mime_encoding_init_decode(&decoder, GMIME_CONTENT_ENCODING_BASE64);
    char *to = buf_reserve(
        out, g_mime_encoding_outlen(&decoder, text.len + padding.len));
    if (!to) {
        return;
    }
    size_t len = g_mime_encoding_step(&decoder, text.data, text.len, to);
    len += g_mime_encoding_step(&decoder, padding.data, missing, to + len);
    buf_commit(out, len);
}

void mime_part_bytes(const struct mime_walk *w, GMimePart *part,
                     struct buf *out)
{
    GMimeDataWrapper *content = g_mime_part_get_content(part);
    if (!content) {
        return;
    }
    if (is_base64(part)) {
        decode_base64(written(w, part), out);
        return;
    }
    GMimeStream *stream = g_mime_stream_mem_new();
    g_mime_data_wrapper_write_to_stream(content, stream);
    GByteArray *bytes =
        g_mime_stream_mem_get_byte_array((GMimeStreamMem *)stream);
    buf_append(out, span_from((const char *)bytes->data, bytes->len));
    g_object_unref(stream);
}

/* Readers pass over what is no base64 (RFC 2045 6.8), or end there, or show
 * nothing: each another text than was written. */
bool mime_part_sound(struct mime_walk *w, GMimePart *part)
{
    struct span text = written(w, part);
    size_t at = is_base64(part) ? look_at_base64(text).fault : text.len;
    return at == text.len ||
           mime_fail(w, line_at(w, text.data + at),
                     "this part is said to be base64, and here it is not; is "
                     "its text cut off, or was it never encoded?");
}

/* A comment may stand behind it (RFC 2045 5.1). */
static struct span without_comment(struct span charset)
{
    size_t len = 0;
    while (len < charset.len && charset.data[len] != '(' &&
           !ascii_is_blank(charset.data[len])) {
        len++;
    }
    return span_slice(charset, 0, len);
}

/* The one that is named, or where none is, the likely one. */
static struct span charset_of(GMimePart *part, struct span bytes)
{
    const char *parameter = g_mime_object_get_content_type_parameter(
        (GMimeObject *)part, "charset");
    struct span said = without_comment(span_of(parameter));
    if (said.len == 0) {
        return utf8_valid(bytes) ? SPAN("utf-8") : SPAN("windows-1252");
    }
    return said;
}

bool mime_part_text(struct mime_walk *w, GMimePart *part, struct buf *out)
{
    struct buf bytes;
    buf_init(&bytes, BODY_TEXT_BYTES_MAX);
    mime_part_bytes(w, part, &bytes);
    struct span said = charset_of(part, buf_span(&bytes));
    bool fine =
        !bytes.overflowed && charset_append(out, said, buf_span(&bytes));
    if (!fine) {
        err_set(w->context->err, EX_DATAERR,
                "%s:%u: this part is no text in %.*s",
                w->context->source->origin.file, mime_part_line(w, part),
                (int)said.len, said.data);
    }
    buf_release(&bytes);
    return fine;
}
