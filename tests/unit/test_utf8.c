/* base/utf8: every code point there and back, nothing else accepted, and what
 * a terminal is shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "unit/edge.h"

static size_t encode(uint32_t point, char *out)
{
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    size_t length = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (size_t i = length - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (point & 0x3f));
        point >>= 6;
    }
    out[0] = (char)((0xf00u >> length & 0xf0u) | point);
    return length;
}

static void reads_every_code_point(void **state)
{
    (void)state;
    for (uint32_t point = 0; point < 0x110100; point++) {
        char text[4];
        size_t length = encode(point, text);
        bool fine = point <= 0x10ffff && !(point >= 0xd800 && point <= 0xdfff);
        uint32_t found = 0;
        size_t got = utf8_next(span_from(text, length), &found);
        if (got != (fine ? length : 0) || (fine && found != point)) {
            fail_msg("U+%04X", (unsigned)point);
        }
        for (size_t cut = 0; cut < length; cut++) {
            if (utf8_next(span_from(text, cut), &found) != 0) {
                fail_msg("U+%04X cut", (unsigned)point);
            }
        }
    }
}

static void refuses_what_is_no_utf8(void **state)
{
    (void)state;
    const struct span cases[] = {
        SPAN("\x80"),
        SPAN("\xbf"),
        SPAN("\xc0\x80"),
        SPAN("\xc1\xbf"),
        SPAN("\xe0\x9f\xbf"),
        SPAN("\xf0\x8f\xbf\xbf"),
        SPAN("\xf5\x80\x80\x80"),
        SPAN("\xff"),
        SPAN("\xc3("),
        SPAN("\xe2\x82("),
        SPAN("\xf0\x9f\x98("),
        SPAN("plain \xfc text"),
        SPAN("ends early \xe2\x82"),
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct edge e = edge_copy(cases[i]);
        assert_false(utf8_valid(e.span));
        edge_release(&e);
    }
    assert_true(utf8_valid(SPAN("")));
    assert_true(utf8_valid(SPAN("a\0b")));
    assert_true(utf8_valid(SPAN("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80")));
}

static void shows_what_is_harmless(void **state)
{
    (void)state;
    const struct {
        struct span text;
        const char *shown;
    } cases[] = {
        {SPAN(""), ""},
        {SPAN("plain"), "plain"},
        {SPAN("\xc3\xa4\xf0\x9f\x98\x80"), "\xc3\xa4\xf0\x9f\x98\x80"},
        {SPAN("a\tb"), "a b"},
        {SPAN("a\\b"), "a\\\\b"},
        {SPAN("\x1b[31m"), "\\x1b[31m"},
        {SPAN("a\r\nb\0"), "a\\x0d\\x0ab\\x00"},
        {SPAN("\x7f"), "\\x7f"},
        {SPAN("\xc2\x9b"), "\\xc2\\x9b"},
        {SPAN("\xe2\x80\xae"), "\\xe2\\x80\\xae"},
        {SPAN("\xe2\x80\xa8"), "\\xe2\\x80\\xa8"},
        {SPAN("\xe2\x81\xa9"), "\\xe2\\x81\\xa9"},
        {SPAN("b\xf6"
              "b"),
         "b\\xf6b"},
        {SPAN("\xe2\x82"), "\\xe2\\x82"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct edge e = edge_copy(cases[i].text);
        struct buf out;
        buf_init(&out, 1000);
        utf8_append_printable(&out, e.span);
        assert_true(span_equal(buf_span(&out), span_of(cases[i].shown)));
        buf_release(&out);
        edge_release(&e);
    }
}

static void tells_the_controls_of_c1(void **state)
{
    (void)state;
    for (uint32_t point = 0x80; point < 0x800; point++) {
        char text[] = {'a', 0, 0, 'b'};
        encode(point, text + 1);
        struct span s = {text, sizeof text};
        assert_int_equal(utf8_any_c1(s), point < 0xa0);
    }
    assert_false(utf8_any_c1(SPAN("")));
    assert_false(utf8_any_c1(SPAN("\xe2\x80\x85"))); /* no C2 before it */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_code_point),
        cmocka_unit_test(refuses_what_is_no_utf8),
        cmocka_unit_test(shows_what_is_harmless),
        cmocka_unit_test(tells_the_controls_of_c1),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
