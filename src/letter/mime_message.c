#include <stdio.h>

#include "letter/encode.h"
#include "letter/mime_part.h"
#include "letter/wire.h"

/* What is within may not be encoded as a whole (RFC 2046 5.2.1): its parts are,
 * and then no line of theirs is one of these boundaries. */
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

/* A signature is over the bytes as they are. */
static void find_signed(GMimeObject *parent, GMimeObject *part, gpointer data)
{
    bool *found = data;
    (void)parent;
    *found = *found || GMIME_IS_MULTIPART_SIGNED(part);
    if (GMIME_IS_MESSAGE_PART(part)) {
        GMimeMessage *message =
            g_mime_message_part_get_message((GMimeMessagePart *)part);
        if (message) {
            g_mime_message_foreach(message, find_signed, data);
        }
    }
}

/* Appends it where its lines may be seen by any relay. */
static bool add_lines(struct mime_walk *w, GMimeMessage *message)
{
    size_t start = w->bytes.len;
    char *text = g_mime_object_to_string((GMimeObject *)message, NULL);
    wire_append_lines(&w->bytes, span_of(text));
    g_free(text);
    struct encode_facts facts =
        encode_look(span_rest(buf_span(&w->bytes), start));
    if (facts.needed || facts.eight_bit) {
        buf_truncate(&w->bytes, start);
        return false;
    }
    return true;
}

bool mime_add_message(struct mime_walk *w, GMimeMessagePart *part)
{
    GMimeMessage *message = g_mime_message_part_get_message(part);
    if (!message) {
        return mime_fail(w, w->body_line, "an attached message is none");
    }
    mime_add_type(w, g_mime_object_get_content_type((GMimeObject *)part),
                  MIME_MESSAGE, (struct span){0});
    mime_add_headers(w, (GMimeObject *)part);
    buf_append(&w->bytes, SPAN("\r\n"));
    if (add_lines(w, message)) {
        return true;
    }
    bool is_signed = false;
    g_mime_message_foreach(message, find_signed, &is_signed);
    if (!is_signed) {
        g_mime_message_foreach(message, encode_leaf, w);
    }
    return (!is_signed && add_lines(w, message)) ||
           mime_fail(w, w->body_line,
                     "an attached message has a line that no relay may see: "
                     "attach it as a file");
}
