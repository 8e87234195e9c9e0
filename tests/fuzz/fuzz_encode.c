/* letter/encode: GMime reads back what was written, and no line is one that
 * a relay would run or refuse. */
#include <gmime/gmime.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/utf8.h"
#include "letter/encode.h"
#include "letter/wire.h"
#include "unit/wire_fault.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool truth)
{
    if (!truth) {
        abort();
    }
}

static void check_lines(struct span text)
{
    while (text.len > 0) {
        size_t end = span_find(text, '\n');
        struct span line = span_slice(text, 0, end);
        expect(line.len <= 77 && !encode_verb_first(line));
        expect(!span_starts(line, SPAN("--" ENCODE_BOUNDARY_PREFIX)));
        text = span_rest(text, end < text.len ? end + 1 : end);
    }
}

static void check_read_back(GMimeContentEncoding how, struct span text,
                            struct span want)
{
    GMimeEncoding decoder;
    g_mime_encoding_init_decode(&decoder, how);
    char *to = malloc(g_mime_encoding_outlen(&decoder, text.len) + 1);
    size_t len = g_mime_encoding_step(&decoder, text.data, text.len, to);
    expect(span_equal(span_from(to, len), want));
    free(to);
}

static void check_body(struct span text)
{
    struct buf out;
    buf_init(&out, 1 << 24);
    encode_quoted_printable(&out, text);
    expect(out.len == encode_quoted_printable_size(text));
    check_lines(buf_span(&out));
    check_read_back(GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE, buf_span(&out),
                    text);
    struct encode_facts facts = encode_look(buf_span(&out));
    expect(!facts.needed && !facts.eight_bit && !facts.bare && !facts.nul);
    buf_clear(&out);
    encode_base64_lines(&out, text);
    check_lines(buf_span(&out));
    check_read_back(GMIME_CONTENT_ENCODING_BASE64, buf_span(&out), text);
    facts = encode_look(text);
    expect(facts.eight_bit == !ascii_only(text));
    expect(facts.nul == (span_find(text, '\0') < text.len));
    buf_clear(&out);
    wire_append_lines(&out, text);
    expect(!encode_look(buf_span(&out)).bare);
    buf_release(&out);
}

static void check_text_header(struct span value)
{
    struct buf out;
    buf_init(&out, 1 << 24);
    encode_header_text(&out, SPAN("Subject"), value);
    expect(!wire_fault(buf_span(&out)) && ascii_only(buf_span(&out)));
    if (utf8_valid(value)) {
        buf_append_byte(&out, '\0');
        char *text = g_mime_utils_header_unfold(out.data + strlen("Subject:"));
        char *back = g_mime_utils_header_decode_text(NULL, text);
        /* GMime leaves the one blank behind the colon where it unfolds. */
        struct span seen = span_of(back);
        seen = span_starts(seen, SPAN(" ")) && !span_starts(value, SPAN(" "))
                   ? span_rest(seen, 1)
                   : seen;
        expect(span_equal(seen, value));
        g_free(back);
        g_free(text);
    }
    buf_release(&out);
}

/* Behind the name, without the line ends of folds; NUL-terminated. */
static void unfold(struct buf *header)
{
    size_t to = 0;
    for (size_t i = span_find(buf_span(header), ':') + 1; i < header->len;) {
        if (header->data[i] == '\r') {
            i += 2;
        } else {
            header->data[to++] = header->data[i++];
        }
    }
    buf_truncate(header, to);
    buf_append_byte(header, '\0');
}

/* Two mailboxes are two, and the first one's name is the value. */
static void check_mailboxes(struct span value)
{
    struct buf out;
    buf_init(&out, 1 << 24);
    buf_append(&out, SPAN("To:"));
    size_t column = 3;
    encode_mailbox(&out, &column, value, SPAN("a@b.example"));
    buf_append(&out, SPAN(","));
    column++;
    encode_mailbox(&out, &column, SPAN(""), SPAN("c@d.example"));
    buf_append(&out, SPAN("\r\n"));
    expect(!wire_fault(buf_span(&out)) && ascii_only(buf_span(&out)));
    struct span trimmed = span_trim(value);
    if (trimmed.len > 0 && utf8_valid(value)) {
        unfold(&out);
        InternetAddressList *list = internet_address_list_parse(NULL, out.data);
        expect(list && internet_address_list_length(list) == 2);
        InternetAddress *box = internet_address_list_get_address(list, 0);
        const char *name = internet_address_get_name(box);
        expect(span_equal(span_trim(span_of(name)), trimmed));
        g_object_unref(list);
    }
    buf_release(&out);
}

static void check_parameter(struct span value)
{
    struct buf out;
    buf_init(&out, 1 << 24);
    buf_append(&out, SPAN("X: y"));
    size_t column = out.len;
    encode_parameter(&out, &column, SPAN("name"), value);
    buf_append(&out, SPAN("\r\n"));
    expect(!wire_fault(buf_span(&out)) && ascii_only(buf_span(&out)));
    /* GMime reads so many pieces and no more. */
    if (value.len <= 900 && utf8_valid(value)) {
        unfold(&out);
        GMimeContentDisposition *disposition =
            g_mime_content_disposition_parse(NULL, out.data);
        const char *back =
            g_mime_content_disposition_get_parameter(disposition, "name");
        expect(span_equal(span_of(back), value));
        g_object_unref(disposition);
    }
    buf_release(&out);
}

static void check_raw(struct span value)
{
    struct buf out;
    buf_init(&out, 1 << 24);
    if (encode_header_raw(&out, SPAN("X"), value)) {
        expect(!wire_fault(buf_span(&out)));
    } else {
        expect(out.len == 0);
    }
    buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool started;
    if (!started) {
        g_mime_init();
        started = true;
    }
    struct span text = span_from((const char *)data, size);
    check_body(text);
    for (size_t i = 0; i < size; i++) {
        if (ascii_is_control(text.data[i])) {
            return 0;
        }
    }
    check_text_header(text);
    check_mailboxes(text);
    check_parameter(text);
    check_raw(text);
    return 0;
}
