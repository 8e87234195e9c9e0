/* letter/encode: tables for what it writes, GMime for what a reader reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <gmime/gmime.h>

#include "base/ascii.h"
#include "base/utf8.h"
#include "letter/encode.h"
#include "letter/wire.h"
#include "unit/edge.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static void append_zero(struct buf *b)
{
    buf_append_byte(b, '\0');
    buf_truncate(b, b->len - 1);
}

/* Always the same numbers (xorshift). */
static uint64_t random_state = 88172645463325252u;

static uint64_t random_below(uint64_t most)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % most;
}

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
    const char *text;
    const char *quoted;
} quoted[] = {
    {"", ""},
    {"plain text\r\n", "plain text\r\n"},
    {"a=b", "a=3Db"},
    {"\xc3\xbc\r\n", "=C3=BC\r\n"},
    {"end \r\nend\t\r\nend ", "end=20\r\nend=09\r\nend=20"},
    {"bare\rbare\nx", "bare=0Dbare=0Ax"},
    {"MAIL FROM\r\nmailbox\r\nData:\r\n quit\r\n",
     "=4DAIL FROM\r\nmailbox\r\n=44ata:\r\n =71uit\r\n"},
    {"From x\r\nFrom: x\r\n", "=46rom x\r\nFrom: x\r\n"},
    {".\r\n..\r\n.a\r\n.", "=2E\r\n..\r\n.a\r\n=2E"},
    {"--=_x\r\n", "--=3D_x\r\n"},
    /* 76 characters fit a line, 77 do not */
    {"1234567890123456789012345678901234567890123456789012345678901234567890"
     "123456\r\n",
     "1234567890123456789012345678901234567890123456789012345678901234567890"
     "123456\r\n"},
    {"1234567890123456789012345678901234567890123456789012345678901234567890"
     "1234567\r\n",
     "1234567890123456789012345678901234567890123456789012345678901234567890"
     "12345=\r\n67\r\n"},
    /* a verb that a soft line break would bring to the front */
    {"123456789012345678901234567890123456789012345678901234567890123456789012"
     "345MAIL FROM:<x>\r\n",
     "123456789012345678901234567890123456789012345678901234567890123456789012"
     "345=\r\n=4DAIL FROM:<x>\r\n"},
};

static void writes_quoted_printable(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(quoted); i++) {
        struct edge edge = edge_copy(span_of(quoted[i].text));
        struct buf out;
        buf_init(&out, 1000);
        encode_quoted_printable(&out, edge.span);
        append_zero(&out);
        assert_string_equal(out.data, quoted[i].quoted);
        assert_int_equal(out.len, encode_quoted_printable_size(edge.span));
        buf_release(&out);
        edge_release(&edge);
    }
}

static void fill_with_text(struct buf *out)
{
    static const char *const pieces[] = {
        "a",
        "word ",
        " ",
        "\xc3\xbc",
        "\xe2\x82\xac",
        "\xf0\x9f\x98\x80",
        "=",
        ".",
        "\r\n",
        "\r\nDATA\r\n",
        "\r\nrset ",
        "MAIL ",
        "?=",
        "=?",
        "From ",
        "\t",
        "\"",
        "\\",
        "\r\n.",
        "_",
        "\xcc\x81",
        "averyveryverylongwordwithoutanyblankinit",
        "\r\n--=_",
        "=?utf-8?q?x?=",
        ",",
        "<",
        "(",
    };
    buf_clear(out);
    for (uint64_t n = random_below(120); n > 0; n--) {
        buf_append(out, span_of(pieces[random_below(COUNT(pieces))]));
    }
}

static struct span decoded(GMimeContentEncoding how, struct span text,
                           struct buf *out)
{
    GMimeEncoding decoder;
    g_mime_encoding_init_decode(&decoder, how);
    buf_clear(out);
    char *to = buf_reserve(out, g_mime_encoding_outlen(&decoder, text.len));
    assert_non_null(to);
    out->len += g_mime_encoding_step(&decoder, text.data, text.len, to);
    return buf_span(out);
}

/* No line that a relay would run, none too long. */
static void assert_harmless(struct span text)
{
    while (text.len > 0) {
        size_t end = span_find(text, '\n');
        struct span line = span_slice(text, 0, end);
        assert_true(line.len <= 77); /* with its CR */
        assert_false(encode_verb_first(line));
        assert_false(span_starts(line, SPAN("--" ENCODE_BOUNDARY_PREFIX)));
        assert_false(span_equal(line, SPAN(".\r")));
        text = span_rest(text, end < text.len ? end + 1 : end);
    }
}

static void is_read_back_from_bodies(void **state)
{
    (void)state;
    struct buf text;
    struct buf out;
    struct buf back;
    buf_init(&text, 1 << 16);
    buf_init(&out, 1 << 18);
    buf_init(&back, 1 << 18);
    for (int i = 0; i < 20000; i++) {
        fill_with_text(&text);
        struct edge edge = edge_copy(buf_span(&text));
        buf_clear(&out);
        encode_quoted_printable(&out, edge.span);
        assert_int_equal(out.len, encode_quoted_printable_size(edge.span));
        assert_harmless(buf_span(&out));
        assert_true(span_equal(decoded(GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE,
                                       buf_span(&out), &back),
                               edge.span));
        buf_clear(&out);
        encode_base64_lines(&out, edge.span);
        assert_int_equal(out.len, encode_base64_lines_size(edge.span));
        assert_true(span_equal(
            decoded(GMIME_CONTENT_ENCODING_BASE64, buf_span(&out), &back),
            edge.span));
        edge_release(&edge);
    }
    buf_release(&text);
    buf_release(&out);
    buf_release(&back);
}

static void base64_begins_no_verb(void **state)
{
    (void)state;
    static const char *const verbs[] = {
        "QUIT", "data", "RsEt", "NOOP", "STARTTLS", "MAIL+xyz", "etrn/abc"};
    for (size_t i = 0; i < COUNT(verbs); i++) {
        struct buf data;
        struct buf out;
        struct buf back;
        buf_init(&data, 1000);
        buf_init(&out, 1000);
        buf_init(&back, 1000);
        decoded(GMIME_CONTENT_ENCODING_BASE64, span_of(verbs[i]), &data);
        encode_base64_lines(&out, buf_span(&data));
        assert_harmless(buf_span(&out));
        assert_true(span_equal(
            decoded(GMIME_CONTENT_ENCODING_BASE64, buf_span(&out), &back),
            buf_span(&data)));
        buf_release(&data);
        buf_release(&out);
        buf_release(&back);
    }
}

static const struct {
    const char *text;
    bool needed;
    bool eight_bit;
    bool bare;
} facts[] = {
    {"", false, false, false},
    {"plain\r\ntext\r\n", false, false, false},
    {"tab\there\r\n", false, false, false},
    {"\xc3\xbc", false, true, false},
    {"a long line of ASCII and at its end \xc3\xbc\r\n", false, true, false},
    {"\x01", true, false, false},
    {"12345678\x7f", true, false, false},
    {"a\nb", true, false, true},
    {"a\rb", true, false, true},
    {"a\r", true, false, true},
    {"a\r\r\n", true, false, true},
    {"mail from", true, false, false},
    {"x\r\nDaTa\r\n", true, false, false},
    {"x\r\n \tQUIT", true, false, false},
    {"Starttls", true, false, false},
    {"VRFY:", true, false, false},
    {"startled\r\nmailing\r\ndatabase\r\nrset2x\r\n", true, false, false},
    {"startled\r\nmailing\r\ndatabase\r\nrsetx\r\nhel", false, false, false},
    {"a DATA b\r\nx mail\r\n", false, false, false},
    {"a\r\n--=_b\r\n", true, false, false},
    {"--=b\r\n", false, false, false},
};

static void sees_what_needs_encoding(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(facts); i++) {
        struct edge edge = edge_copy(span_of(facts[i].text));
        struct encode_facts seen = encode_look(edge.span);
        if (seen.needed != facts[i].needed ||
            seen.eight_bit != facts[i].eight_bit ||
            seen.bare != facts[i].bare || seen.nul) {
            fail_msg("case %zu: %s", i, facts[i].text);
        }
        assert_int_equal(encode_needed(edge.span), facts[i].needed);
        edge_release(&edge);
    }
    assert_true(encode_look(span_from("a\0b", 3)).nul);
}

static void measures_lines(void **state)
{
    (void)state;
    char text[2100];
    for (size_t before = 0; before < 20; before++) {
        memset(text, 'x', sizeof text);
        memcpy(text + before, "\r\n", 2);
        memcpy(text + before + 2 + 998, "\r\n", 2);
        assert_false(encode_needed(span_from(text, before + 2 + 1000)));
        assert_false(encode_needed(span_from(text, before + 2 + 1000 + 998)));
        assert_true(encode_needed(span_from(text, before + 2 + 1000 + 999)));
        memcpy(text + before + 2 + 998, "x\r\n", 3);
        assert_true(encode_needed(span_from(text, before + 2 + 1001)));
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
        assert_int_equal(column, out.len);
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

static int start(void **state)
{
    (void)state;
    g_mime_init();
    return 0;
}

static int stop(void **state)
{
    (void)state;
    g_mime_shutdown();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_quoted_printable),
        cmocka_unit_test(is_read_back_from_bodies),
        cmocka_unit_test(base64_begins_no_verb),
        cmocka_unit_test(sees_what_needs_encoding),
        cmocka_unit_test(measures_lines),
        cmocka_unit_test(writes_headers),
        cmocka_unit_test(is_read_back_from_headers),
        cmocka_unit_test(splits_between_characters),
        cmocka_unit_test(writes_raw_headers),
        cmocka_unit_test(writes_mailboxes),
        cmocka_unit_test(is_read_back_from_mailboxes),
        cmocka_unit_test(writes_parameters),
        cmocka_unit_test(is_read_back_from_parameters),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
