/* letter/uri: what may stand between the angle brackets of a list's header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "letter/uri.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const char escaped[] = "a character that has to be percent-encoded";

static const struct {
    const char *uri;
    const char *fault; /* NULL: none */
} uris[] = {
    {"https://example.org", NULL},
    {"HTTPS://example.org/a?b=c&d=%C3%bc#e", NULL},
    {"https://u:p@example.org:8443/", NULL},
    {"https://[2001:db8::1]/x", NULL},
    {"mailto:a@example.org", NULL},
    {"MailTo:a+b%40c@example.org?subject=x&body=y@z", NULL},
    {"x-y.z+1:", NULL},
    {"http://", NULL}, /* of what is not asked for, nothing is known */
    {"", "no scheme, such as https:"},
    {"example.org/x", "no scheme, such as https:"},
    {":x", "no scheme, such as https:"},
    {"1a:x", "no scheme, such as https:"},
    {"https://", "no host"},
    {"https:///x", "no host"},
    {"https://?x", "no host"},
    {"https://u@/x", "no host"},
    {"https://:443/", "no host"},
    {"mailto:", "not one address"},
    {"mailto:a", "not one address"},
    {"mailto:@b", "not one address"},
    {"mailto:a@", "not one address"},
    {"mailto:a@b@c", "not one address"},
    {"mailto:a@b,c", "not one address"},
    {"mailto:?to=a@b", "not one address"},
    {"https://example.org/a b", escaped},
    {"https://example.org/<", escaped},
    {"https://example.org/\"", escaped},
    {"https://example.org/{x}", escaped},
    {"https://example.org/\xc3\xbc", escaped},
    {"https://example.org/\x7f", escaped},
    {"https://example.org/%", "a % without two hex digits behind it"},
    {"https://example.org/%4", "a % without two hex digits behind it"},
    {"https://example.org/%4g", "a % without two hex digits behind it"},
};

static void says_what_is_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(uris); i++) {
        const char *fault = uri_fault(span_of(uris[i].uri));
        const char *want = uris[i].fault;
        if (want ? !fault || strcmp(fault, want) != 0 : fault != NULL) {
            fail_msg("%s: %s", uris[i].uri, fault ? fault : "fine");
        }
    }
    assert_string_equal(uri_fault(SPAN("https://a/\0")), escaped);
}

static void finds_them_in_a_list(void **state)
{
    (void)state;
    struct span list = SPAN("(x) < a:b >,\t<c:d>, NO <e");
    struct span uri;
    size_t at = 0;
    assert_true(uri_next(list, &at, &uri));
    assert_true(span_equal(uri, SPAN("a:b")));
    assert_true(uri_next(list, &at, &uri));
    assert_true(span_equal(uri, SPAN("c:d")));
    assert_false(uri_next(list, &at, &uri));
    assert_true(at < list.len);
    at = 0;
    assert_false(uri_next(SPAN("NO"), &at, &uri));
    assert_int_equal(at, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(finds_them_in_a_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
