/* What a letter is made of, beside the template. */
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "cli/take.h"

/* RFC 5322 3.6.8: printable ASCII but the colon. */
static bool names_header(struct span text)
{
    size_t colon = span_find(text, ':');
    for (size_t i = 0; i < colon; i++) {
        if (text.data[i] <= ' ' || text.data[i] >= 0x7f) {
            return false;
        }
    }
    return colon > 0 && colon < text.len;
}

bool take_header(struct options *o, const struct option *row, const char *value,
                 struct err *err)
{
    (void)row;
    struct span text = span_of(value);
    if (!names_header(text)) {
        return take_wrong(o, "a header is written 'Name: value'", err);
    }
    if (!utf8_valid(text)) {
        return take_wrong(o, "the header is not in UTF-8", err);
    }
    for (size_t i = 0; i < text.len; i++) {
        if (ascii_is_control(text.data[i]) && text.data[i] != '\t') {
            return take_wrong(o, "a control character in the header", err);
        }
    }
    size_t count = o->settings.header_count;
    o->headers = mem_resize(o->headers, count + 1, sizeof *o->headers);
    o->headers[count] = text;
    o->settings.headers = o->headers;
    o->settings.header_count = count + 1;
    return true;
}

const char *take_template_fault(struct span text)
{
    if (text.len == 0) {
        return "its value is empty";
    }
    if (!utf8_valid(text)) {
        return "it is not in UTF-8";
    }
    return ascii_any_control(text) ? "a control character in it" : NULL;
}

bool take_template(struct options *o, const struct option *row,
                   const char *value, struct err *err)
{
    const char *fault = take_template_fault(span_of(value));
    return fault ? take_wrong(o, fault, err) : take_span(o, row, value, err);
}

bool take_unsubscribe_url(struct options *o, const struct option *row,
                          const char *value, struct err *err)
{
    struct span url = span_of(value);
    if (!span_starts_nocase(url, SPAN("https://")) &&
        !span_starts(url, SPAN("{{"))) {
        return take_wrong(o, "an https URL is wanted (RFC 8058)", err);
    }
    return take_template(o, row, value, err);
}

bool take_html(struct options *o, const struct option *row, const char *value,
               struct err *err)
{
    (void)row;
    if (!*value || strcmp(value, "-") == 0) {
        return take_wrong(o, "a file is wanted", err);
    }
    o->settings.html_path = value;
    return true;
}

bool take_attach(struct options *o, const struct option *row, const char *value,
                 struct err *err)
{
    (void)row;
    struct span file = span_of(value);
    if (file.len == 0) {
        return take_wrong(o, "its value is empty", err);
    }
    if (!utf8_valid(file)) {
        return take_wrong(o, "the file's name is not in UTF-8", err);
    }
    size_t count = o->settings.attach_count;
    o->attach = mem_resize(o->attach, count + 1, sizeof *o->attach);
    o->attach[count] = file;
    o->settings.attach = o->attach;
    o->settings.attach_count = count + 1;
    return true;
}
