/* letter/encoded_text: what encoded-words of a draft say, or that they say
 * nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <gmime/gmime.h>

#include "letter/encoded_text.h"
#include "unit/edge.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define NO_TEXT                                                                \
    "t.eml:7: an encoded-word (RFC 2047) that is no text in its charset"

static const struct {
    const char *text;
    const char *said;
} words[] = {
    {"", ""},
    {"a  b", "a  b"},
    {"J\xc3\xb6", "J\xc3\xb6"},
    {"=?utf-8?q?J=C3=B6_=22=2C?=", "J\xc3\xb6 \","},
    {"=?UTF-8?B?SsO2?=", "J\xc3\xb6"},
    {"=?utf-8*de?q?J=c3=b6?=", "J\xc3\xb6"},
    {"=?iso-8859-1?q?J=F6?=", "J\xc3\xb6"},
    {"=?gb18030?b?xOO6ww==?=", "\xe4\xbd\xa0\xe5\xa5\xbd"},
    {"=?iso-2022-jp?b?GyRCRnxLXBsoQg==?=", "\xe6\x97\xa5\xe6\x9c\xac"},
    /* what programs call Latin-1 and US-ASCII */
    {"=?iso-8859-1?q?=80?=", "\xe2\x82\xac"},
    {"=?us-ascii?q?=E9?=", "\xc3\xa9"},
    /* blanks between two of them alone are dropped (RFC 2047 6.2) */
    {"=?utf-8?q?a?= =?utf-8?b?Yg==?=", "ab"},
    {"=?utf-8?q?a?=\r\n =?iso-8859-1?q?=F6?=", "a\xc3\xb6"},
    {"=?utf-8?q?a?==?utf-8?q?b?=", "ab"},
    {" =?utf-8?q?a?= b =?utf-8?q?c?= ", " a b c "},
    {"x=?utf-8?q?a?=y", "xay"},
    /* a character cut in two, with padding and without */
    {"=?utf-8?b?4oI=?= =?utf-8?b?rA==?=", "\xe2\x82\xac"},
    {"=?utf-8?q?=E2=82?=\n\t=?UTF-8?q?=AC?=", "\xe2\x82\xac"},
    {"=?utf-8?q?=E2?= =?utf-8?b?gqw=?=", "\xe2\x82\xac"},
    /* nothing in it, blanks in it, = that codes nothing */
    {"a=?utf-8?q?\?=b", "ab"},
    {"=?utf-8?q?a b?=", "a b"},
    {"=?utf-8?q?a=zz=4?=", "a=zz=4"},
    {"=?utf-8?q?a=09b?=", "a\tb"},
    /* no encoded-words */
    {"=?", "=?"},
    {"=?utf-8", "=?utf-8"},
    {"=?utf-8?q?a", "=?utf-8?q?a"},
    {"=?utf-8?q?a?", "=?utf-8?q?a?"},
    {"=?utf-8?x?a?=", "=?utf-8?x?a?="},
    {"=?\?q?a?=", "=?\?q?a?="},
    {"=?u 8?q?a?=", "=?u 8?q?a?="},
    {"=?utf-8?q?a\r\n b?=", "=?utf-8?q?a\r\n b?="},
    {"=?=?utf-8?q?a?=", "=?a"},
};

static const struct {
    const char *text;
    const char *message;
} wrong[] = {
    {"=?utf-8?q?=FF?=", NO_TEXT},
    {"a =?utf-8?q?b=C3?=", NO_TEXT},
    {"=?utf-8?q?b=C3?= a =?utf-8?q?=B6?=", NO_TEXT},
    {"=?utf-8?q?b=C3?= =?utf-16?q?=B6?=", NO_TEXT},
    {"=?utf-8?q?=ED=A0=80?=", NO_TEXT},
    {"=?utf-8?q?=C0=AF?=", NO_TEXT},
    {"=?utf-8?b?!!?=", NO_TEXT},
    {"=?x-none?q?a?=", NO_TEXT},
    {"=?iso-2022-jp?b?GyRC/w==?=", NO_TEXT},
    {"=?utf-8?q?a=0D=0ABcc:_b?=", NO_TEXT},
    {"=?utf-8?q?a=0A_b?=", NO_TEXT},
    {"=?utf-8?b?DQo=?=", NO_TEXT},
    {"=?utf-8?q?a=00?=", "t.eml:7:2: a control character (0x00)"},
    {"=?utf-8?q?a=1B?=", "t.eml:7:2: a control character (0x1b)"},
};

static const struct template_source source = {.file = "t.eml", .line = 7};

static void says_what_the_words_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(words); i++) {
        struct edge edge = edge_copy(span_of(words[i].text));
        struct err err = {0};
        struct buf out;
        buf_init(&out, 1000);
        buf_append(&out, SPAN("<"));
        if (!encoded_text_append(&out, edge.span, &source, &err)) {
            fail_msg("%s: %s", words[i].text, err.text);
        }
        buf_append_byte(&out, '\0');
        assert_string_equal(out.data + 1, words[i].said);
        buf_release(&out);
        edge_release(&edge);
    }
}

static void refuses_what_says_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct edge edge = edge_copy(span_of(wrong[i].text));
        struct err err = {0};
        struct buf out;
        buf_init(&out, 1000);
        if (encoded_text_append(&out, edge.span, &source, &err)) {
            fail_msg("%s: taken", wrong[i].text);
        }
        assert_string_equal(err.text, wrong[i].message);
        assert_int_equal(err.status, 65);
        buf_release(&out);
        edge_release(&edge);
    }
}

int main(void)
{
    g_mime_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_the_words_say),
        cmocka_unit_test(refuses_what_says_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
