#include "letter/charset.h"

#include <errno.h>
#include <gmime/gmime.h>
#include <stdlib.h>

#include "base/mem.h"

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
static struct span meant(struct span charset, struct span bytes)
{
    if (is_latin1(charset) && has_high_control(bytes)) {
        return SPAN("windows-1252");
    }
    return span_equal_nocase(charset, SPAN("us-ascii")) ? SPAN("iso-8859-1")
                                                        : charset;
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

bool charset_append(struct buf *out, struct span charset, struct span bytes)
{
    struct span name = meant(charset, bytes);
    char *c_name = mem_copy_text(name.data, name.len);
    iconv_t converter = g_mime_iconv_open("UTF-8", c_name);
    free(c_name);
    if (converter == (iconv_t)-1) {
        return false;
    }
    bool fine = convert(converter, bytes, out);
    g_mime_iconv_close(converter);
    return fine;
}
