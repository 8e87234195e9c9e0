/* letter/encode of bodies: tables for what it writes, GMime for what a reader
 * reads. */
#include "unit/hard_text.h"

#include "base/ascii.h"
#include "base/utf8.h"
#include "letter/encode.h"
#include "letter/wire.h"
#include "unit/edge.h"

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

static const char *const verbs[] = {
    "MAIL", "RCPT", "DATA", "BDAT",     "RSET",    "EHLO",     "HELO", "LHLO",
    "AUTH", "QUIT", "NOOP", "HELP",     "VRFY",    "EXPN",     "ETRN", "ATRN",
    "TURN", "BURL", "SEND", "SOML",     "SAML",    "STARTTLS", "data", "RsEt",
    "eHLO", "quit", "help", "startTLS", "XCLIENT", "xforward"};

static void knows_all_verbs(void **state)
{
    (void)state;
    static const struct {
        const char *before;
        const char *behind;
        bool verb;
    } forms[] = {
        {"", "", true},          {"", " FROM:<x>\r\n", true},
        {"", "\r\n", true},      {" \t ", " 7", true},
        {"a\r\n", ":x", true},   {"", "+1", true},
        {"", "ing list", false}, {"the ", "", false},
        {"-", "", false},        {"", "x y", false},
    };
    for (size_t i = 0; i < COUNT(verbs) * COUNT(forms); i++) {
        struct buf text;
        buf_init(&text, 100);
        buf_append(&text, span_of(forms[i % COUNT(forms)].before));
        buf_append(&text, span_of(verbs[i / COUNT(forms)]));
        buf_append(&text, span_of(forms[i % COUNT(forms)].behind));
        struct edge edge = edge_copy(buf_span(&text));
        assert_int_equal(encode_needed(edge.span),
                         forms[i % COUNT(forms)].verb);
        edge_release(&edge);
        buf_release(&text);
    }
}

static void base64_begins_no_verb(void **state)
{
    (void)state;
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_quoted_printable),
        cmocka_unit_test(is_read_back_from_bodies),
        cmocka_unit_test(knows_all_verbs),
        cmocka_unit_test(base64_begins_no_verb),
        cmocka_unit_test(sees_what_needs_encoding),
        cmocka_unit_test(measures_lines),
    };
    return cmocka_run_group_tests(tests, start_gmime, stop_gmime);
}
