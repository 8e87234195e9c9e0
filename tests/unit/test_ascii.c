/* base/ascii: what each byte means, and what a text says as a number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/ascii.h"
#include "unit/edge.h"

static void knows_every_byte(void **state)
{
    (void)state;
    static const char upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    static const char lower[] = "abcdefghijklmnopqrstuvwxyz";
    static const char digits[] = "0123456789";
    for (int byte = 1; byte < 256; byte++) {
        char c = (char)byte;
        const char *up = strchr(upper, c);
        const char *low = strchr(lower, c);
        bool digit = strchr(digits, c) != NULL;
        assert_int_equal(ascii_is_upper(c), up != NULL);
        assert_int_equal(ascii_is_lower(c), low != NULL);
        assert_int_equal(ascii_is_digit(c), digit);
        assert_int_equal(ascii_is_alpha(c), up || low);
        assert_int_equal(ascii_is_alnum(c), up || low || digit);
        assert_int_equal(ascii_is_blank(c), c == ' ' || c == '\t');
        assert_int_equal(ascii_is_control(c), byte < 32 || byte == 127);
        assert_int_equal(ascii_is_ascii(c), byte < 128);
        assert_int_equal(ascii_lower(c), up ? lower[up - upper] : c);
        assert_int_equal(ascii_upper(c), low ? upper[low - lower] : c);
    }
    assert_true(ascii_is_control('\0'));
    assert_true(ascii_is_ascii('\0'));
}

static void reads_hex_digits(void **state)
{
    (void)state;
    static const char digits[] = "0123456789abcdef";
    for (int byte = 1; byte < 256; byte++) {
        const char *at = strchr(digits, ascii_lower((char)byte));
        assert_int_equal(ascii_hex_value((char)byte), at ? at - digits : -1);
    }
    assert_int_equal(ascii_hex_value('\0'), -1);
}

static void finds_any_byte_beyond_ascii(void **state)
{
    (void)state;
    char text[40];
    memset(text, 0x7f, sizeof text);
    for (size_t len = 0; len <= sizeof text; len++) {
        struct edge e = edge_copy(span_from(text, len));
        assert_true(ascii_only(e.span));
        edge_release(&e);
        for (size_t at = 0; at < len; at++) {
            text[at] = (char)0x80;
            assert_false(ascii_only(span_from(text, len)));
            text[at] = 0x7f;
        }
    }
}

/* At every place of a text of every length, beside an unreadable page. */
static void finds_any_byte_that_is_not_plain(void **state)
{
    (void)state;
    char text[40];
    memset(text, '~', sizeof text);
    for (size_t len = 0; len <= sizeof text; len++) {
        struct edge e = edge_copy(span_from(text, len));
        assert_true(ascii_plain(e.span, '"', ','));
        edge_release(&e);
        for (size_t at = 0; at < len; at++) {
            for (int byte = 0; byte < 256; byte++) {
                text[at] = (char)byte;
                struct ascii_facts facts = ascii_look(span_from(text, len));
                assert_int_equal(facts.control, ascii_is_control(text[at]));
                assert_int_equal(facts.high, byte > 0x7f);
                bool other =
                    facts.control || facts.high || byte == '"' || byte == ',';
                assert_int_equal(ascii_plain(span_from(text, len), '"', ','),
                                 !other);
                assert_int_equal(ascii_plain(span_from(text, len), ',', '"'),
                                 !other);
            }
            text[at] = '~';
        }
    }
}

static void parses_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t max;
        bool fine;
        uint64_t value;
    } cases[] = {
        {"0", 0, true, 0},
        {"1", 0, false, 0},
        {"007", 9, true, 7},
        {"65535", 65535, true, 65535},
        {"65536", 65535, false, 0},
        {"9", 5, false, 0},
        {"10", 9, false, 0},
        {"18446744073709551615", UINT64_MAX, true, UINT64_MAX},
        {"18446744073709551616", UINT64_MAX, false, 0},
        {"99999999999999999999999", UINT64_MAX, false, 0},
        {"", 9, false, 0},
        {"-1", 9, false, 0},
        {"+1", 9, false, 0},
        {" 1", 9, false, 0},
        {"1 ", 9, false, 0},
        {"1x", 99, false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct edge e = edge_copy(span_of(cases[i].text));
        uint64_t value = 77;
        bool fine = ascii_parse_number(e.span, cases[i].max, &value);
        assert_int_equal(fine, cases[i].fine);
        assert_true(value == (fine ? cases[i].value : 77));
        edge_release(&e);
    }
}

static void finds_controls_anywhere(void **state)
{
    (void)state;
    for (size_t len = 0; len < 20; len++) {
        char text[20];
        memset(text, 'a', sizeof text);
        assert_false(ascii_any_control(span_from(text, len)));
        for (size_t at = 0; at < len; at++) {
            for (int c = 0; c < 256; c++) {
                text[at] = (char)c;
                assert_int_equal(ascii_any_control(span_from(text, len)),
                                 ascii_is_control((char)c));
            }
            text[at] = (char)(at % 2 ? 0x80 : 0xff);
        }
    }
}

static void writes_numbers(void **state)
{
    (void)state;
    static const struct {
        uint64_t value;
        const char *text;
    } cases[] = {
        {0, "0"},
        {7, "7"},
        {10, "10"},
        {4294967296, "4294967296"},
        {UINT64_MAX, "18446744073709551615"},
    };
    char text[ASCII_NUMBER_BYTES_MAX];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(span_equal(ascii_number(cases[i].value, text),
                               span_of(cases[i].text)));
    }
    char hex[10] = "........zz";
    assert_true(
        span_equal(ascii_hex("\x00\x0f\xf0\xab", 4, hex), SPAN("000ff0ab")));
    assert_int_equal(hex[8], 'z');
    assert_int_equal(ascii_hex("", 0, hex).len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_controls_anywhere),
        cmocka_unit_test(knows_every_byte),
        cmocka_unit_test(reads_hex_digits),
        cmocka_unit_test(finds_any_byte_beyond_ascii),
        cmocka_unit_test(finds_any_byte_that_is_not_plain),
        cmocka_unit_test(parses_numbers),
        cmocka_unit_test(writes_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
