/* list/domain: what is a domain, and by which name DNS knows it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "list/domain.h"
#include "unit/edge.h"

#define A10 "aaaaaaaaaa"
#define A60 A10 A10 A10 A10 A10 A10
#define L63 A60 "aaa"
#define U10 "\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc" /* five of them */
#define U60 U10 U10 U10 U10 U10 U10 U10 U10 U10 U10 U10 U10
#define ODD "character in the domain that is no letter, digit or hyphen"
#define D253 L63 "." L63 "." L63 "." A60 "a"

static const struct {
    struct span written;
    struct span expected;
} domains[] = {
    {SPAN("example.org"), SPAN("example.org")},
    {SPAN("Example.ORG"), SPAN("example.org")},
    {SPAN("a.b"), SPAN("a.b")},
    {SPAN("1.b"), SPAN("1.b")},
    {SPAN("1.2.3.4a"), SPAN("1.2.3.4a")},
    {SPAN("3com.com"), SPAN("3com.com")},
    {SPAN("a-b.c-d"), SPAN("a-b.c-d")},
    {SPAN("a--b.org"), SPAN("a--b.org")},
    {SPAN(L63 ".org"), SPAN(L63 ".org")},
    {SPAN(D253), SPAN(D253)},
    {SPAN("m\xc3\xbcller.de"), SPAN("xn--mller-kva.de")},
    {SPAN("M\xc3\x9cLLER.DE"), SPAN("xn--mller-kva.de")},
    {SPAN("mu\xcc\x88ller.de"), SPAN("xn--mller-kva.de")}, /* NFD */
    {SPAN("xn--mller-kva.de"), SPAN("xn--mller-kva.de")},
    {SPAN("XN--MLLER-KVA.de"), SPAN("xn--mller-kva.de")},
    {SPAN("fa\xc3\x9f.de"), SPAN("xn--fa-hia.de")}, /* not fass.de */
    {SPAN("\xcf\x83\xcf\x82.gr"), SPAN("xn--3xab.gr")},
    {SPAN("a9.\xd7\x90.org"), SPAN("a9.xn--4db.org")},
    {SPAN("\xd7\x90"
          "9.org"),
     SPAN("xn--9-zhc.org")},
    {SPAN("9to5.\xc3\xb6.org"), SPAN("9to5.xn--nda.org")},
    {SPAN("FA\xe1\xba\x9e.de"), SPAN("xn--fa-hia.de")}, /* capital sharp s */
    {SPAN("\xe1\xba\x9e\xe1\xba\x9e.\xe1\xba\x9e"), SPAN("xn--zcaa.xn--zca")},
    {SPAN("\xd7\x90"
          "1.\xd8\xa7\xd9\xa1"),
     SPAN("xn--1-zhc.xn--mgb0j")}, /* each kind of digits in its label */
    {SPAN("\xe4\xbe\x8b\xe3\x81\x88.\xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88"),
     SPAN("xn--r8jz45g.xn--zckzah")},
    {SPAN("\xd0\xbf\xd1\x80\xd0\xb8\xd0\xbc\xd0\xb5\xd1\x80.\xd1\x80\xd1"
          "\x84"),
     SPAN("xn--e1afmkfd.xn--p1ai")},
    {SPAN("x.xn--p1ai"), SPAN("x.xn--p1ai")},
    {SPAN("a\xe3\x80\x82"
          "b\xef\xbc\x8e"
          "c\xef\xbd\xa1org"),
     SPAN("a.b.c.org")},
    {SPAN("\xef\xbc\xa1\xef\xbc\xa2.org"), SPAN("ab.org")},
    {SPAN("ex\xc2\xad"
          "ample.org"),
     SPAN("example.org")},
};

static void gives_a_labels_in_lower_case(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof domains / sizeof *domains; i++) {
        struct edge e = edge_copy(domains[i].written);
        struct buf out;
        buf_init(&out, 4096);
        buf_append(&out, SPAN("kept:"));
        const char *fault = domain_append_ascii(&out, e.span);
        if (fault) {
            print_error("%.*s: %s\n", (int)e.span.len, e.span.data, fault);
        }
        assert_null(fault);
        struct span found = span_rest(buf_span(&out), 5);
        assert_true(span_starts(buf_span(&out), SPAN("kept:")));
        assert_int_equal(found.len, domains[i].expected.len);
        assert_memory_equal(found.data, domains[i].expected.data, found.len);
        /* An A-label form is its own. */
        assert_null(domain_append_ascii(&out, domains[i].expected));
        assert_true(span_ends(buf_span(&out), domains[i].expected));
        buf_release(&out);
        edge_release(&e);
    }
}

static const struct {
    struct span written;
    const char *expected;
} refused[] = {
    {SPAN(""), "no domain"},
    {SPAN("."), "dot at the start of the domain"},
    {SPAN("org"), "domain of one label only"},
    {SPAN("localhost"), "domain of one label only"},
    {SPAN("\xc3\xb6"), "domain of one label only"},
    {SPAN(".example.org"), "dot at the start of the domain"},
    {SPAN("example.org."), "dot at the end of the domain"},
    {SPAN("example.org\xe3\x80\x82"), "dot at the end of the domain"},
    {SPAN("\xc3\xb6.de."), "dot at the end of the domain"},
    {SPAN("a..b"), "two dots in a row in the domain"},
    {SPAN("\xc3\xb6..b"), "two dots in a row in the domain"},
    {SPAN("\xe2\x80\x8b.de"), "dot at the start of the domain"},
    {SPAN(L63 "a.org"), "label longer than 63 octets"},
    {SPAN(U60 ".org"), "label longer than 63 octets"},
    {SPAN(D253 "a"), "domain longer than 253 octets"},
    {SPAN("-a.org"), "hyphen at the edge of a label"},
    {SPAN("a-.org"), "hyphen at the edge of a label"},
    {SPAN("a.-"), "hyphen at the edge of a label"},
    {SPAN("-\xc3\xb6.de"), "hyphen at the edge of a label"},
    {SPAN("a_b.org"), ODD},
    {SPAN("\xc3\xb6_b.org"), ODD},
    {SPAN("a b.org"), ODD},
    {SPAN("a/b.org"), ODD},
    {SPAN("a@b.org"), ODD},
    {SPAN("[1.2.3.4]"), ODD},
    {SPAN("a\0.org"), ODD},
    {SPAN("\xc3\xb6\0.org"), ODD},
    {SPAN("a\r\n.org"), ODD},
    {SPAN("\xe2\x84\x80.com"), ODD}, /* maps to a/c */
    {SPAN("1.2.3.4"), "domain that ends in a number"},
    {SPAN("a.123"), "domain that ends in a number"},
    {SPAN("\xc3\xb6.1"), "domain that ends in a number"},
    {SPAN("\xef\xbc\x91.\xef\xbc\x92"), "domain that ends in a number"},
    {SPAN("ab--cd.org"), "hyphens at the third and fourth place of a label"},
    {SPAN("a---b.org"), "hyphens at the third and fourth place of a label"},
    {SPAN("xn--a.de"), "malformed A-label (xn--)"},
    {SPAN("xn--.de"), "malformed A-label (xn--)"},
    {SPAN("xn--0.de"), "malformed A-label (xn--)"},
    {SPAN("xn--abc-.de"), "malformed A-label (xn--)"},
    {SPAN("xn--zzzzzzzzz99999.de"), "malformed A-label (xn--)"},
    {SPAN("xn--wca.com"), "malformed A-label (xn--)"}, /* of U+00DC */
    {SPAN("xn--Mller-3ya.de"), "malformed A-label (xn--)"},
    {SPAN("xn--\xc3\xb6.de"), "malformed A-label (xn--)"},
    {SPAN("xn\xef\xbc\x8d\xef\xbc\x8d"
          "a.de"),
     "malformed A-label (xn--)"},
    {SPAN("\xc3\xb6.xn--0"), "malformed A-label (xn--)"},
    {SPAN("b\xfc"
          "cher.de"),
     "domain that is not UTF-8"},
    {SPAN("i\xe2\x9d\xa4.ws"), "character that IDNA2008 does not allow"},
    {SPAN("\xcc\x88"
          "a.de"),
     "label that begins with a combining mark"},
    {SPAN("\xd7\xa0"
          "ab.com"),
     "domain that breaks the Bidi rule (right-to-left)"},
    {SPAN("1\xe2\x80\x8d"
          "2.org"),
     "joiner where IDNA2008 does not allow it"},
    {SPAN("\xef\xbf\xbd.com"), "character that IDNA2008 does not allow"},
    {SPAN("a\xe2\x89\xa0"
          "b.org"),
     "character that IDNA2008 does not allow"}, /* not equal */
    {SPAN("a=\xcc\xb8"
          "b.org"),
     "character that IDNA2008 does not allow"}, /* the same, decomposed */
    {SPAN("x.xn--1ch"), "character that IDNA2008 does not allow"},
    {SPAN("\xd7\x90"
          "1\xd9\xa1.org"),
     "domain that breaks the Bidi rule (right-to-left)"}, /* 1 and U+0661 */
    {SPAN("xn--1-zhc05b.org"),
     "domain that breaks the Bidi rule (right-to-left)"},
    /* a plain label beside one that is written from right to left */
    {SPAN("0a.\xd7\x90"), "domain that breaks the Bidi rule (right-to-left)"},
    {SPAN("\xd7\x90.9to5.org"),
     "domain that breaks the Bidi rule (right-to-left)"},
    {SPAN("9to5.xn--4db.org"),
     "domain that breaks the Bidi rule (right-to-left)"},
    {SPAN("\xd9\xa1"
          "a.org"),
     "domain that breaks the Bidi rule (right-to-left)"},
    {SPAN("a\xd9\xa1.org"), "domain that breaks the Bidi rule (right-to-left)"},
};

static void says_why_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct edge e = edge_copy(refused[i].written);
        struct buf out;
        buf_init(&out, 4096);
        buf_append(&out, SPAN("kept:"));
        const char *fault = domain_append_ascii(&out, e.span);
        if (!fault) {
            print_error("%.*s: accepted\n", (int)e.span.len, e.span.data);
        }
        assert_non_null(fault);
        assert_string_equal(fault, refused[i].expected);
        assert_true(span_equal(buf_span(&out), SPAN("kept:")));
        buf_release(&out);
        edge_release(&e);
    }
}

static void refuses_a_megabyte(void **state)
{
    (void)state;
    enum { BYTES = 1 << 20 };
    char *text = malloc(BYTES);
    assert_non_null(text);
    struct buf out;
    buf_init(&out, 4096);
    static const char fillers[] = "a.-\xc3";
    for (size_t i = 0; i < sizeof fillers - 1; i++) {
        memset(text, fillers[i], BYTES);
        assert_non_null(domain_append_ascii(&out, span_from(text, BYTES)));
        assert_int_equal(out.len, 0);
    }
    buf_release(&out);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_a_labels_in_lower_case),
        cmocka_unit_test(says_why_not),
        cmocka_unit_test(refuses_a_megabyte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
