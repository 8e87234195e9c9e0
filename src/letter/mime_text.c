#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/utf8.h"
#include "letter/mime_part.h"

void mime_part_bytes(GMimePart *part, struct buf *out)
{
    GMimeDataWrapper *content = g_mime_part_get_content(part);
    if (!content) {
        return;
    }
    GMimeStream *stream = g_mime_stream_mem_new();
    g_mime_data_wrapper_write_to_stream(content, stream);
    GByteArray *bytes =
        g_mime_stream_mem_get_byte_array((GMimeStreamMem *)stream);
    buf_append(out, span_from((const char *)bytes->data, bytes->len));
    g_object_unref(stream);
}

unsigned mime_part_line(const struct mime_walk *w, GMimePart *part)
{
    GMimeDataWrapper *content = g_mime_part_get_content(part);
    gint64 at =
        content ? g_mime_data_wrapper_get_stream(content)->bound_start : 0;
    unsigned line = w->body_line;
    for (size_t i = w->body_at; i < (size_t)at && i < w->entity.len; i++) {
        line += w->entity.data[i] == '\n';
    }
    return line;
}

/* Bytes 0x80 to 0x9f: controls in ISO-8859-1, letters and quotation marks in
 * windows-1252, which is what mail programs mean. */
static bool has_high_control(struct span s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.data[i];
        if (c >= 0x80 && c < 0xa0) {
            return true;
        }
    }
    return false;
}

static bool is_latin1(struct span charset)
{
    return span_equal_nocase(charset, SPAN("iso-8859-1")) ||
           span_equal_nocase(charset, SPAN("latin1")) ||
           span_equal_nocase(charset, SPAN("us-ascii"));
}

/* The charset that the bytes are really in. */
static const char *charset_of(GMimePart *part, struct span bytes)
{
    const char *said = g_mime_object_get_content_type_parameter(
        (GMimeObject *)part, "charset");
    if (!said) {
        return utf8_valid(bytes) ? "utf-8" : "windows-1252";
    }
    if (is_latin1(span_of(said)) && has_high_control(bytes)) {
        return "windows-1252";
    }
    return span_equal_nocase(span_of(said), SPAN("us-ascii")) ? "iso-8859-1"
                                                              : said;
}

static bool convert(iconv_t converter, struct span bytes, struct buf *out)
{
    char *from = (char *)bytes.data;
    size_t left = bytes.len;
    do {
        char chunk[4096];
        char *to = chunk;
        size_t room = sizeof chunk;
        size_t result = iconv(converter, &from, &left, &to, &room);
        buf_append(out, span_from(chunk, sizeof chunk - room));
        if (result == (size_t)-1 && errno != E2BIG) {
            return false;
        }
    } while (left > 0 && !out->overflowed);
    return !out->overflowed;
}

bool mime_part_text(struct mime_walk *w, GMimePart *part, struct buf *out)
{
    struct buf bytes;
    buf_init(&bytes, BODY_TEXT_BYTES_MAX);
    mime_part_bytes(part, &bytes);
    const char *charset = charset_of(part, buf_span(&bytes));
    iconv_t converter = g_mime_iconv_open("UTF-8", charset);
    bool fine = false;
    if (converter != (iconv_t)-1) {
        fine = !bytes.overflowed && convert(converter, buf_span(&bytes), out);
        g_mime_iconv_close(converter);
    }
    if (!fine) {
        err_set(
            w->context->err, EX_DATAERR, "%s:%u: this part is no text in %s",
            w->context->source->origin.file, mime_part_line(w, part), charset);
    }
    buf_release(&bytes);
    return fine;
}
