/* letter/encode of headers: tables for what it writes, GMime for what a reader
 * reads. */
#include "unit/hard_text.h"

#include "base/ascii.h"
#include "base/utf8.h"
#include "letter/encode.h"
#include "unit/edge.h"
#include "unit/wire_fault.h"

static void longest_line(struct span text, size_t *longest, size_t *encoded)
{
    *longest = 0;
    *encoded = 0;
    while (text.len > 0) {
        size_t end = span_find(text, '\r');
        struct span line = span_slice(text, 0, end);
        *longest = line.len > *longest ? line.len : *longest;
        for (size_t i = 0; i + 1 < line.len; i++) {
            if (memcmp(line.data + i, "=?", 2) == 0 && line.len > *encoded) {
                *encoded = line.len;
            }
        }
        text = span_rest(text, end + 2 < text.len ? end + 2 : text.len);
    }
}

static const struct {
    const char *value;
    const char *line;
} headers[] = {
    {"", "Subject:\r\n"},
    {"Hello World", "Subject: Hello World\r\n"},
    {"Gr\xc3\xbc\xc3\x9f"
     "e, World",
     "Subject: =?utf-8?b?R3LDvMOfZSw=?= World\r\n"},
    {"=?utf-8?q?x?=", "Subject: =?utf-8?b?PT91dGYtOD9xP3g/PQ==?=\r\n"},
    {" x ", "Subject: =?utf-8?q?_x_?=\r\n"},
    {"  ", "Subject: =?utf-8?q?__?=\r\n"},
    {"a  b", "Subject: a  b\r\n"},
    {"a   \xc3\xa9   b", "Subject: a =?utf-8?b?ICDDqSAg?= b\r\n"},
    {"\xc3\xa9 \xc3\xa9", "Subject: =?utf-8?b?w6kgw6k=?=\r\n"},
    {"123456789 123456789 123456789 123456789 123456789 123456789 123456789 "
     "RCPT TO:<x@y.example>",
     "Subject: 123456789 123456789 123456789 123456789 123456789 123456789 "
     "123456789\r\n =?utf-8?q?RCPT?= TO:<x@y.example>\r\n"},
    {"a RCPT b \xc3\xbc  DATA b",
     "Subject: a RCPT b =?utf-8?q?=C3=BC__DATA?= b\r\n"},
    {"one two three four five six seven eight nine ten eleven twelve thirteen "
     "fourteen",
     "Subject: one two three four five six seven eight nine ten eleven twelve\r"
     "\n thirteen fourteen\r\n"},
};

static void writes_headers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(headers); i++) {
        struct edge edge = edge_copy(span_of(headers[i].value));
        struct buf out;
        buf_init(&out, 1000);
        encode_header_text(&out, SPAN("Subject"), edge.span);
        append_zero(&out);
        assert_string_equal(out.data, headers[i].line);
        buf_release(&out);
        edge_release(&edge);
    }
}

#define TEN_EUROS                                                              \
    "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"             \
    "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"

/* The value of a header as a reader takes it: unfolded, behind the blank. */
static char *unfolded(struct span header)
{
    GString *value = g_string_new(NULL);
    size_t from = span_find(header, ':') + 1;
    from += from < header.len && header.data[from] == ' ';
    for (size_t i = from; i < header.len; i++) {
        char c = header.data[i];
        if (c == '\r') {
            assert_true(i + 2 == header.len || header.data[i + 2] == ' ');
            assert_true(header.data[++i] == '\n');
        } else {
            g_string_append_c(value, c);
        }
    }
    return g_string_free(value, FALSE);
}

static void check_header(struct span value)
{
    struct edge edge = edge_copy(value);
    struct buf out;
    buf_init(&out, 1 << 18);
    encode_header_text(&out, SPAN("Subject"), edge.span);
    struct span header = buf_span(&out);
    assert_null(wire_fault(header));
    assert_true(ascii_only(header));
    size_t longest;
    size_t encoded;
    longest_line(header, &longest, &encoded);
    assert_true(encoded <= 76);
    assert_true(value.len == 0 || span_starts(header, SPAN("Subject: ")));
    char *text = unfolded(header);
    char *back = g_mime_utils_header_decode_text(NULL, text);
    if (!span_equal(span_of(back), value)) {
        fail_msg("%.*s|\n%s|\n%.*s", (int)value.len, value.data, back,
                 (int)header.len, header.data);
    }
    g_free(back);
    g_free(text);
    buf_release(&out);
    edge_release(&edge);
}

#define LONG_NAME                                                              \
    "X-123456789-123456789-123456789-123456789-123456789-123456789-12"

/* Some readers keep the blank of a fold there. */
static void folds_nothing_right_behind_the_name(void **state)
{
    (void)state;
    static const char *const values[] = {
        "\xc3\xbc",
        " ",
        " x",
        "=?utf-8?q?x?=",
        "\xf0\x9f\x99\x82\xf0\x9f\x99\x82\xf0\x9f\x99\x82",
        /* nowhere can its base64 be cut without padding */
        "a" TEN_EUROS TEN_EUROS TEN_EUROS TEN_EUROS TEN_EUROS,
    };
    for (size_t i = 0; i < COUNT(values); i++) {
        struct buf out;
        buf_init(&out, 10000);
        encode_header_text(&out, SPAN("Subject"), span_of(values[i]));
        assert_true(span_starts(buf_span(&out), SPAN("Subject: =?utf-8?")));
        buf_clear(&out);
        encode_header_text(&out, SPAN(LONG_NAME), span_of(values[i]));
        assert_true(span_starts(buf_span(&out), SPAN(LONG_NAME ": =?utf-8?")));
        buf_clear(&out);
        encode_list_id(&out, SPAN("List-Id"), span_of(values[i]), SPAN("l.b"));
        assert_true(span_starts(buf_span(&out), SPAN("List-Id: =?utf-8?")) ||
                    span_starts(buf_span(&out), SPAN("List-Id: \"")));
        assert_true(span_ends(buf_span(&out), SPAN(" <l.b>\r\n")));
        buf_release(&out);
    }
    struct buf out;
    buf_init(&out, 1000);
    encode_list_id(&out, SPAN("List-Id"),
                   SPAN("The Society for the Long Names of which this one is "
                        "one that does not fit"),
                   SPAN("l.b"));
    append_zero(&out);
    assert_string_equal(out.data,
                        "List-Id: The Society for the Long Names of which this "
                        "one is one that does\r\n not fit <l.b>\r\n");
    buf_release(&out);
}

static void without_line_ends(struct buf *text)
{
    for (size_t i = 0; i < text->len; i++) {
        if (ascii_is_control(text->data[i])) {
            text->data[i] = ' ';
        }
    }
}

static void is_read_back_from_headers(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, 1 << 16);
    for (int i = 0; i < 20000; i++) {
        fill_with_text(&text);
        without_line_ends(&text);
        check_header(buf_span(&text));
    }
    static const char *const hard[] = {
        "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91"
        "\xa7\xe2\x80\x8d\xf0\x9f\x91\xa6",
        "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d \xd8\xb3\xd9\x84\xd8\xa7\xd9\x85",
        "\xcc\x81\xcc\x81",
        "=?utf-8?q?=41?= =?utf-8?b?QQ==?=",
        "?==?",
        "=?",
        "\"quoted\" \\ back",
        "a\xe2\x80\x8b"
        "b",
    };
    for (size_t i = 0; i < COUNT(hard); i++) {
        check_header(span_of(hard[i]));
    }
    static char longest[5000];
    memset(longest, 'w', sizeof longest);
    check_header(span_from(longest, sizeof longest));
    for (size_t i = 0; i + 1 < sizeof longest; i += 2) {
        memcpy(longest + i, "\xc3\xb6", 2);
    }
    check_header(span_from(longest, sizeof longest));
    memset(longest, ' ', sizeof longest);
    memcpy(longest, "a", 1);
    memcpy(longest + sizeof longest - 1, "b", 1);
    check_header(span_from(longest, sizeof longest));
    buf_release(&text);
}

static void splits_between_characters(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 10000);
    struct buf text;
    buf_init(&text, 10000);
    for (int i = 0; i < 300; i++) {
        buf_append(&text, SPAN("\xe2\x82\xac"));
    }
    encode_header_text(&out, SPAN("Subject"), buf_span(&text));
    struct span rest = buf_span(&out);
    unsigned words = 0;
    for (;;) {
        size_t at = span_find(rest, '=');
        if (at == rest.len) {
            break;
        }
        size_t end = at + 10;
        assert_true(span_starts(span_rest(rest, at), SPAN("=?utf-8?b?")));
        struct span inner =
            span_slice(rest, end, end + span_find(span_rest(rest, end), '?'));
        struct buf back;
        buf_init(&back, 1000);
        assert_true(
            utf8_valid(decoded(GMIME_CONTENT_ENCODING_BASE64, inner, &back)));
        buf_release(&back);
        rest = span_rest(rest, end + inner.len + 2);
        words++;
    }
    assert_true(words > 10);
    buf_release(&out);
    buf_release(&text);
}

static const struct {
    const char *value;
    const char *line; /* NULL: refused */
} raw[] = {
    {"<a@b>", "X: <a@b>\r\n"},
    {" <a@b>  <c@d> ", "X: <a@b>  <c@d>\r\n"},
    {"\xc3\xbc", NULL},
    {"a\x01", NULL},
    {"a\nb", NULL},
    {"<https://example.org/a/very/long/path/that/does/not/fit/any/line/of/78/"
     "octets/at/all> <x>",
     "X: <https://example.org/a/very/long/path/that/does/not/fit/any/line/of/"
     "78/octets/at/all>\r\n <x>\r\n"},
};

static void writes_raw_headers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(raw); i++) {
        struct edge edge = edge_copy(span_of(raw[i].value));
        struct buf out;
        buf_init(&out, 1000);
        assert_int_equal(encode_header_raw(&out, SPAN("X"), edge.span),
                         raw[i].line != NULL);
        append_zero(&out);
        assert_string_equal(out.data, raw[i].line ? raw[i].line : "");
        buf_release(&out);
        edge_release(&edge);
    }
    char word[1000];
    memset(word, 'x', sizeof word);
    struct buf out;
    buf_init(&out, 5000);
    assert_false(
        encode_header_raw(&out, SPAN("X"), span_from(word, sizeof word)));
    assert_int_equal(out.len, 0);
    buf_release(&out);
}

static const struct {
    const char *phrase;
    const char *line;
} mailboxes[] = {
    {"", "To: a@b.example"},
    {"Jo Ann", "To: Jo Ann <a@b.example>"},
    {"Smith, Jo", "To: \"Smith, Jo\" <a@b.example>"},
    {"J. \"X\" \\ Y", "To: \"J. \\\"X\\\" \\\\ Y\" <a@b.example>"},
    {"two  blanks", "To: \"two  blanks\" <a@b.example>"},
    {" x", "To: \" x\" <a@b.example>"},
    {"evil@x.example, <y@z>", "To: \"evil@x.example, <y@z>\" <a@b.example>"},
    {"J\xc3\xbcrgen", "To: =?utf-8?q?J=C3=BCrgen?= <a@b.example>"},
    {"=?utf-8?q?x?=", "To: =?utf-8?b?PT91dGYtOD9xP3g/PQ==?= <a@b.example>"},
    /* longer than a line: pieces, folded between them and never within */
    {"The Society, for the Long Names; of which, this one, is one of those "
     "RSET that do not fit",
     "To:\r\n \"The Society, for the Long Names; of which, this one, is one of "
     "those RSET\"\r\n that do not fit <a@b.example>"},
    {"The Society for the Long Names of which this one is one of those RSET "
     "\xc3\xbc  \xc3\xb6 and so on",
     "To: The Society for the Long Names of which this one is one of those "
     "RSET\r\n =?utf-8?b?w7wgIMO2?= and so on <a@b.example>"},
    {" The Society for the Long Names of which this one is one of those, too  "
     "and so on ",
     "To: =?utf-8?q?_The?=\r\n \"Society for the Long Names of which this one "
     "is one of those, too\"\r\n =?utf-8?q?_and?= so =?utf-8?q?on_?= "
     "<a@b.example>"},
};

static void writes_mailboxes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(mailboxes); i++) {
        struct edge edge = edge_copy(span_of(mailboxes[i].phrase));
        struct buf out;
        buf_init(&out, 1000);
        buf_append(&out, SPAN("To:"));
        size_t column = 3;
        encode_mailbox(&out, &column, edge.span, SPAN("a@b.example"));
        append_zero(&out);
        assert_string_equal(out.data, mailboxes[i].line);
        size_t line = span_find_last(buf_span(&out), '\n');
        assert_int_equal(column, out.len - (line < out.len ? line + 1 : 0));
        buf_release(&out);
        edge_release(&edge);
    }
}

static void check_mailbox(struct span phrase)
{
    struct buf out;
    buf_init(&out, 1 << 18);
    buf_append(&out, SPAN("To:"));
    size_t column = 3;
    encode_mailbox(&out, &column, phrase, SPAN("a@b.example"));
    buf_append(&out, SPAN(","));
    column++;
    encode_mailbox(&out, &column, SPAN(""), SPAN("c@d.example"));
    buf_append(&out, SPAN("\r\n"));
    assert_null(wire_fault(buf_span(&out)));
    char *text = unfolded(buf_span(&out));
    InternetAddressList *list = internet_address_list_parse(NULL, text);
    assert_int_equal(internet_address_list_length(list), 2);
    InternetAddress *box = internet_address_list_get_address(list, 0);
    const char *name = internet_address_get_name(box);
    const char *address =
        internet_address_mailbox_get_addr((InternetAddressMailbox *)box);
    if (!span_equal(span_of(name), phrase) ||
        strcmp(address, "a@b.example") != 0) {
        fail_msg("%.*s|\n%s|\n%s", (int)phrase.len, phrase.data, name, text);
    }
    g_object_unref(list);
    g_free(text);
    buf_release(&out);
}

static void is_read_back_from_mailboxes(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, 1 << 16);
    for (int i = 0; i < 20000; i++) {
        fill_with_text(&text);
        without_line_ends(&text);
        check_mailbox(span_trim(buf_span(&text)));
    }
    buf_release(&text);
}

static const struct {
    const char *value;
    const char *line;
} parameters[] = {
    {"", "X: y; name=\"\""},
    {"a.pdf", "X: y; name=\"a.pdf\""},
    {"a b;c.pdf", "X: y; name=\"a b;c.pdf\""},
    {"a\"b", "X: y; name*=utf-8''a%22b"},
    {"\xc3\xbc.pdf", "X: y; name*=utf-8''%C3%BC.pdf"},
};

static void writes_parameters(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(parameters); i++) {
        struct edge edge = edge_copy(span_of(parameters[i].value));
        struct buf out;
        buf_init(&out, 1000);
        buf_append(&out, SPAN("X: y"));
        size_t column = 4;
        encode_parameter(&out, &column, SPAN("name"), edge.span);
        append_zero(&out);
        assert_string_equal(out.data, parameters[i].line);
        buf_release(&out);
        edge_release(&edge);
    }
}

static void is_read_back_from_parameters(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, 1 << 16);
    for (int i = 0; i < 5000; i++) {
        fill_with_text(&text);
        without_line_ends(&text);
        if (text.len > 900) { /* GMime reads so many pieces and no more */
            continue;
        }
        struct buf out;
        buf_init(&out, 1 << 18);
        buf_append(&out, SPAN("Content-Disposition: attachment"));
        size_t column = out.len;
        encode_parameter(&out, &column, SPAN("filename"), buf_span(&text));
        buf_append(&out, SPAN("\r\n"));
        size_t longest;
        size_t encoded;
        longest_line(buf_span(&out), &longest, &encoded);
        assert_true(longest <= 78);
        char *value = unfolded(buf_span(&out));
        GMimeContentDisposition *disposition =
            g_mime_content_disposition_parse(NULL, value);
        const char *back =
            g_mime_content_disposition_get_parameter(disposition, "filename");
        if (!span_equal(span_of(back), buf_span(&text))) {
            fail_msg("%.*s|\n%s|\n%s", (int)text.len, text.data, back, value);
        }
        g_object_unref(disposition);
        g_free(value);
        buf_release(&out);
    }
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_headers),
        cmocka_unit_test(folds_nothing_right_behind_the_name),
        cmocka_unit_test(is_read_back_from_headers),
        cmocka_unit_test(splits_between_characters),
        cmocka_unit_test(writes_raw_headers),
        cmocka_unit_test(writes_mailboxes),
        cmocka_unit_test(is_read_back_from_mailboxes),
        cmocka_unit_test(writes_parameters),
        cmocka_unit_test(is_read_back_from_parameters),
    };
    return cmocka_run_group_tests(tests, start_gmime, stop_gmime);
}
