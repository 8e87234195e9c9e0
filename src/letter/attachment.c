#include "letter/attachment.h"

#include <assert.h>

#include "base/ascii.h"
#include "base/utf8.h"
#include "letter/encode.h"

/* From the registry of media types. Not message/…: such a part may not be
 * encoded (RFC 2046 5.2.1), and goes as bytes that nobody interprets. */
static const struct ending {
    const char *text;
    const char *type;
} endings[] = {
    {".7z", "application/x-7z-compressed"},
    {".aac", "audio/aac"},
    {".avi", "video/x-msvideo"},
    {".avif", "image/avif"},
    {".bmp", "image/bmp"},
    {".bz2", "application/x-bzip2"},
    {".css", "text/css"},
    {".csv", "text/csv"},
    {".doc", "application/msword"},
    {".docx", "application/vnd.openxmlformats-officedocument.wordprocessingml."
              "document"},
    {".epub", "application/epub+zip"},
    {".flac", "audio/flac"},
    {".gif", "image/gif"},
    {".gz", "application/gzip"},
    {".heic", "image/heic"},
    {".htm", "text/html"},
    {".html", "text/html"},
    {".ico", "image/vnd.microsoft.icon"},
    {".ics", "text/calendar"},
    {".jpeg", "image/jpeg"},
    {".jpg", "image/jpeg"},
    {".js", "text/javascript"},
    {".json", "application/json"},
    {".m4a", "audio/mp4"},
    {".md", "text/markdown"},
    {".mov", "video/quicktime"},
    {".mp3", "audio/mpeg"},
    {".mp4", "video/mp4"},
    {".odp", "application/vnd.oasis.opendocument.presentation"},
    {".ods", "application/vnd.oasis.opendocument.spreadsheet"},
    {".odt", "application/vnd.oasis.opendocument.text"},
    {".ogg", "audio/ogg"},
    {".pdf", "application/pdf"},
    {".png", "image/png"},
    {".ppt", "application/vnd.ms-powerpoint"},
    {".pptx", "application/vnd.openxmlformats-officedocument.presentationml."
              "presentation"},
    {".rtf", "application/rtf"},
    {".svg", "image/svg+xml"},
    {".tar", "application/x-tar"},
    {".tif", "image/tiff"},
    {".tiff", "image/tiff"},
    {".tsv", "text/tab-separated-values"},
    {".txt", "text/plain"},
    {".vcf", "text/vcard"},
    {".wav", "audio/wav"},
    {".webm", "video/webm"},
    {".webp", "image/webp"},
    {".xls", "application/vnd.ms-excel"},
    {".xlsx",
     "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {".xml", "application/xml"},
    {".xz", "application/x-xz"},
    {".zip", "application/zip"},
};

struct span attachment_name(struct span path)
{
    size_t slash = span_find_last(path, '/');
    return slash < path.len ? span_rest(path, slash + 1) : path;
}

const char *attachment_name_fault(struct span name)
{
    if (name.len == 0) {
        return "no file's name";
    }
    if (!utf8_valid(name)) {
        return "a name that is no UTF-8";
    }
    if (ascii_any_control(name) || utf8_any_c1(name)) {
        return "a control character in its name";
    }
    return NULL;
}

/* What the name's ending speaks of. */
static struct span type_of(struct span name)
{
    size_t dot = span_find_last(name, '.');
    struct span ending = span_rest(name, dot);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        if (span_equal_nocase(ending, span_of(endings[i].text))) {
            return span_of(endings[i].type);
        }
    }
    return SPAN("application/octet-stream");
}

/* A text without a charset is US-ASCII (RFC 2046 4.1.2). */
static bool says_utf8(struct span type, struct span bytes)
{
    return span_starts(type, SPAN("text/")) && !ascii_only(bytes) &&
           utf8_valid(bytes);
}

static void append_type(struct buf *out, struct span name, struct span bytes)
{
    struct span type = type_of(name);
    size_t column = encode_structure(out, SPAN("Content-Type"), type);
    if (says_utf8(type, bytes)) {
        encode_parameter(out, &column, SPAN("charset"), SPAN("utf-8"));
    }
    /* The name once more: readers of old know it from here alone. */
    encode_parameter(out, &column, SPAN("name"), name);
    buf_append(out, SPAN("\r\n"));
}

void attachment_append(struct buf *out, struct span name, struct span bytes,
                       bool inlined)
{
    assert(!attachment_name_fault(name));
    append_type(out, name, bytes);
    size_t column =
        encode_structure(out, SPAN("Content-Disposition"),
                         inlined ? SPAN("inline") : SPAN("attachment"));
    encode_parameter(out, &column, SPAN("filename"), name);
    buf_append(out, SPAN("\r\n"));
    if (inlined) {
        buf_append(out, SPAN("Content-ID: <"));
        buf_append(out, name);
        buf_append(out, SPAN(">\r\n"));
    }
    buf_append(out, SPAN("Content-Transfer-Encoding: base64\r\n\r\n"));
    encode_base64_lines(out, bytes);
}

static bool of_a_cid(char c)
{
    return ascii_is_alnum(c) || c == '.' || c == '-' || c == '_';
}

static bool can_be_cited(struct span name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (!of_a_cid(name.data[i])) {
            return false;
        }
    }
    return name.len > 0 && name.len <= 200;
}

/* RFC 2392: `cid:` and the Content-ID without its angle brackets. */
bool attachment_cited(struct span html, struct span name)
{
    if (!can_be_cited(name)) {
        return false;
    }
    for (size_t at = span_find(html, ':'); at < html.len;
         at += span_find(span_rest(html, at), ':')) {
        bool cid = at >= 3 &&
                   span_equal_nocase(span_slice(html, at - 3, at), SPAN("cid"));
        struct span rest = span_rest(html, ++at);
        if (cid && span_starts(rest, name) &&
            (rest.len == name.len ||
             (!of_a_cid(rest.data[name.len]) && rest.data[name.len] != '@'))) {
            return true;
        }
    }
    return false;
}
