/* list/address, list/domain and list/clean together: whole addresses, as
 * collections of hard ones have them, and what a row with each of them is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/ascii.h"
#include "list/clean.h"
#include "list/domain.h"

/* What list/domain says has no enum; the words are the interface. */
#define NUMBER "domain that ends in a number"
#define ONE "domain of one label only"
#define EDGE "hyphen at the edge of a label"
#define ODD "character in the domain that is no letter, digit or hyphen"
#define DOTS "two dots in a row in the domain"
#define A_LABEL "malformed A-label (xn--)"
#define STRAY "quote that is not round the whole local part"
#define BRACKET "angle bracket (a display name?)"
#define PARENS "parenthesis (a comment?)"
#define LITERAL "address literal in place of a domain"
#define BLANK "blank inside the address"
#define CONTROL "control or invisible character"
#define LOCAL "character that no local part may hold"
#define JOINER "joiner where IDNA2008 does not allow it"
#define IDNA "character that IDNA2008 does not allow"

static const struct {
    const char *text;
    const char *reason; /* NULL: a mailbox */
    const char *domain; /* in A-labels, where it is not as written */
} cases[] = {
    /* dot-strings */
    {"o@ex.org", NULL, NULL},
    {"first.second.third@ex.org", NULL, NULL},
    {"dept/room=7@ex.org", NULL, NULL},
    {"$7@ex.org", NULL, NULL},
    {"!bang!path%relay@ex.org", NULL, NULL},
    {"_@ex.org", NULL, NULL},
    {"-@ex.org", NULL, NULL},
    {"{{name}}@ex.org", NULL, NULL},
    {"O'Neil@ex.org", NULL, NULL},
    {"me+list+more@ex.org", NULL, NULL},
    {"0@ex.org", NULL, NULL},
    {".o@ex.org", "dot at the start of the local part", NULL},
    {"o.@ex.org", "dot at the end of the local part", NULL},
    {"o..o@ex.org", "two dots in a row in the local part", NULL},
    {"o,o@ex.org", LOCAL, NULL},
    {"o;o@ex.org", LOCAL, NULL},
    {"o:o@ex.org", LOCAL, NULL},
    {"o\\o@ex.org", LOCAL, NULL},
    {"[o]@ex.org", LOCAL, NULL},
    {"mailto:o@ex.org", LOCAL, NULL},
    {"o o@ex.org", BLANK, NULL},
    {"o @ex.org", BLANK, NULL},
    {"o\\ o@ex.org", LOCAL, NULL},
    /* cells as people fill them */
    {"<mailto:o@ex.org>", BRACKET, NULL},
    {"o@ex.org; p@ex.org", "two @", NULL},
    {"o@ex.org p@ex.org", "two @", NULL},
    {"o@ex.org;", ODD, NULL},
    {"o@ex,org", ODD, NULL},
    {"o@ex.org?subject=x", ODD, NULL},
    {"o@ex.org (Otto)", BLANK, NULL},
    {"o at ex.org", "no @", NULL},
    {"#N/A", "no @", NULL},
    {"\xef\xbb\xbfo@ex.org", CONTROL, NULL},
    {"\xc2\xa0o@ex.org", BLANK, NULL},
    {"o@ex.org\xc2\xa0", BLANK, NULL},
    {"o@ex.org\xef\xbb\xbf", NULL, "ex.org"}, /* ignored by UTS 46 */
    /* quoted strings */
    {"\"\"@ex.org", NULL, NULL},
    {"\" \"@ex.org", NULL, NULL},
    {"\"o o\"@ex.org", NULL, NULL},
    {"\"o..o.\"@ex.org", NULL, NULL},
    {"\"o@home\"@ex.org", NULL, NULL},
    {"\"o\\@home\"@ex.org", NULL, NULL},
    {"\"\\o\"@ex.org", NULL, NULL},
    {"\"\\\"\"@ex.org", NULL, NULL},
    {"\"\\\\\"@ex.org", NULL, NULL},
    {"\"<o>(x)[y],;:\"@ex.org", NULL, NULL},
    {"\"\\\"@ex.org", "quote that never closes", NULL},
    {"\"o@ex.org", "quote that never closes", NULL},
    {"\"\"\"@ex.org", STRAY, NULL},
    {"o\"@ex.org", STRAY, NULL},
    {"\"o\"o@ex.org", STRAY, NULL},
    {"o\"o\"@ex.org", STRAY, NULL},
    {"\"o\".\"o\"@ex.org", STRAY, NULL},
    {"\"o\".o@ex.org", STRAY, NULL},
    {"o.\"o\"@ex.org", STRAY, NULL},
    {"\"o\" @ex.org", STRAY, NULL},
    {"\"o\to\"@ex.org", CONTROL, NULL},
    {"\"o\r\n o\"@ex.org", CONTROL, NULL},
    {"\"o\\\n\"@ex.org", CONTROL, NULL},
    /* what a person or a program puts round an address */
    {" o@ex.org\t", NULL, NULL},
    {"<o@ex.org>", BRACKET, NULL},
    {"O <o@ex.org>", BRACKET, NULL},
    {"\"O, o\" <o@ex.org>", BRACKET, NULL},
    {"o@ex.org (O)", BLANK, NULL},
    {"(x)o@ex.org", PARENS, NULL},
    {"o(x)@ex.org", PARENS, NULL},
    {"o@(x)ex.org", PARENS, NULL},
    {"o@ex.org(x)", PARENS, NULL},
    {"((((", "no @", NULL},
    {"o@ex.org, p@ex.org", "two @", NULL},
    {"o@ex.org;p@ex.org", "two @", NULL},
    {"o@@ex.org", "two @", NULL},
    {"@relay.org:o@ex.org", "nothing before the @", NULL},
    {"@ex.org", "nothing before the @", NULL},
    {"o@", "nothing behind the @", NULL},
    {"@", "nothing before the @", NULL},
    {"o", "no @", NULL},
    {"o at ex.org", "no @", NULL},
    {"o\xef\xbc\xa0"
     "ex.org",
     "no @", NULL},
    {"", "empty address", NULL},
    {"o@ex.org\r", CONTROL, NULL},
    {"o@ex.org\n", CONTROL, NULL},
    {"o@ex.org>\r\nDATA\r\n", CONTROL, NULL},
    {"o\x7f@ex.org", CONTROL, NULL},
    /* domains */
    {"o@EX.Org", NULL, "ex.org"},
    {"o@a.b", NULL, NULL},
    {"o@1.2.3.ex", NULL, NULL},
    {"o@9to5.ex", NULL, NULL},
    {"o@ex.c0m", NULL, NULL},
    {"o@ex.1st", NULL, NULL},
    {"o@a-b.c-d", NULL, NULL},
    {"o@a--b.ex", NULL, NULL},
    {"o@ex", ONE, NULL},
    {"o@localhost", ONE, NULL},
    {"o@10.0.0.1", NUMBER, NULL},
    {"o@999.999.999.99999", NUMBER, NULL},
    {"o@ex.7", NUMBER, NULL},
    {"o@-ex.org", EDGE, NULL},
    {"o@ex-.org", EDGE, NULL},
    {"o@ex.org-", EDGE, NULL},
    {"o@.ex.org", "dot at the start of the domain", NULL},
    {"o@ex.org.", "dot at the end of the domain", NULL},
    {"o@ex..org", DOTS, NULL},
    {"o@...org", "dot at the start of the domain", NULL},
    {"o@e_x.org", ODD, NULL},
    {"o@ex,org", ODD, NULL},
    {"o@ex/org.net", ODD, NULL},
    {"o@ex.org?x", ODD, NULL},
    {"o@ex.org:25", ODD, NULL},
    {"o@e*x.org", ODD, NULL},
    {"o@e x.org", BLANK, NULL},
    {"o@\"ex\".org", ODD, NULL},
    {"o@[10.0.0.1]", LITERAL, NULL},
    {"o@[IPv6:::1]", LITERAL, NULL},
    {"o@[]", LITERAL, NULL},
    {"o@ex[1].org", ODD, NULL},
    /* internationalized: local parts stay as they are */
    {"\xc3\xb6@ex.org", NULL, NULL},
    {"o\xcc\x88@ex.org", NULL, NULL},
    {"\xe5\x90\x8d\xe5\x89\x8d@ex.org", NULL, NULL},
    {"\xd0\xbf\xd0\xbe\xd1\x87\xd1\x82\xd0\xb0@ex.org", NULL, NULL},
    {"\xd8\xa8\xd8\xb1\xd9\x8a\xd8\xaf@ex.org", NULL, NULL},
    {"\xe0\xa4\xa1\xe0\xa4\xbe\xe0\xa4\x95@ex.org", NULL, NULL},
    {"\xf0\x9f\x93\xac@ex.org", NULL, NULL},
    {"\"\xc3\xb6 \xc3\xb6\"@ex.org", NULL, NULL},
    {"\xe2\x80\x8b"
     "o@ex.org",
     CONTROL, NULL},
    {"o\xe2\x80\xae@ex.org", CONTROL, NULL},
    {"o\xc2\xa0@ex.org", BLANK, NULL},
    {"\xff@ex.org", "not UTF-8 (windows-1252? convert with iconv)", NULL},
    {"\xc3@ex.org", "not UTF-8 (windows-1252? convert with iconv)", NULL},
    {"\xc0\xaf@ex.org", "not UTF-8 (windows-1252? convert with iconv)", NULL},
    /* internationalized: domains become A-labels */
    {"o@stra\xc3\x9f"
     "e.ex",
     NULL, "xn--strae-oqa.ex"},
    {"o@STRA\xc3\x9f"
     "E.ex",
     NULL, "xn--strae-oqa.ex"},
    {"o@xn--strae-oqa.ex", NULL, NULL},
    {"o@XN--STRAE-OQA.ex", NULL, "xn--strae-oqa.ex"},
    {"o@\xd0\xbf\xd0\xbe\xd1\x87\xd1\x82\xd0\xb0.\xd1\x80\xd1\x84", NULL,
     "xn--80a1acny.xn--p1ai"},
    {"o@\xef\xbd\x85\xef\xbd\x98\xef\xbc\x8eorg", NULL, "ex.org"},
    {"o@ex\xe3\x80\x82org", NULL, "ex.org"},
    {"o@e\xe2\x80\x8bx.org", NULL, "ex.org"},
    {"o@ex\xe2\x80\x8d.org", JOINER, NULL},
    {"o@e\xe2\x80\x8cx.org", JOINER, NULL},
    {"o@\xe2\x98\x83.org", IDNA, NULL},
    {"o@\xf0\x9f\x93\xac.org", IDNA, NULL},
    {"o@xn--n3h.org", IDNA, NULL}, /* the first of them */
    {"o@xn--.org", A_LABEL, NULL},
    {"o@xn--a.org", A_LABEL, NULL},
    {"o@xn--abc-.org", A_LABEL, NULL},
    {"o@xn--a-\xc3\xb6.org", A_LABEL, NULL},
    {"o@ex.xn--0", A_LABEL, NULL},
    {"o@\xd7\x90"
     "a.org",
     "domain that breaks the Bidi rule (right-to-left)", NULL},
    {"o@\xcc\x88x.org", "label that begins with a combining mark", NULL},
    {"o@ex\xef\xbc\x8f.org", ODD, NULL}, /* a wide slash */
};

static bool same(const char *a, const char *b)
{
    return span_equal(span_of(a), span_of(b));
}

/* What stands in RCPT TO reads the same again, and cannot end the command. */
static void check_path(struct cleaner *c, const struct clean_verdict *v)
{
    char path[512];
    int len = snprintf(path, sizeof path, "%.*s@%.*s",
                       (int)v->address.local.len, v->address.local.data,
                       (int)v->ascii_domain.len, v->ascii_domain.data);
    assert_true(len > 0 && len <= ADDRESS_PATH_BYTES_MAX);
    struct span text = span_from(path, (size_t)len);
    for (size_t i = 0; i < text.len; i++) {
        assert_false(ascii_is_control(path[i]));
        assert_true(v->address.quoted || !memchr("<> ", path[i], 3));
    }
    struct clean_verdict again;
    struct csv_row row = {.number = 1, .line = 2, .fields = &text};
    char domain[256];
    snprintf(domain, sizeof domain, "%.*s", (int)v->ascii_domain.len,
             v->ascii_domain.data);
    assert_true(cleaner_judge(c, &row, &again));
    assert_null(again.reason);
    assert_true(span_equal(again.ascii_domain, span_of(domain)));
    assert_true(span_equal(again.text, text));
}

static void knows_a_mailbox(void **state)
{
    (void)state;
    static const struct siphash_key key = {{1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cleaner c;
        cleaner_init(&c, &key);
        c.columns = 1;
        struct span text = span_of(cases[i].text);
        struct csv_row row = {.number = 1, .line = 2, .fields = &text};
        struct clean_verdict v;
        assert_true(cleaner_judge(&c, &row, &v));
        if (!same(v.reason, cases[i].reason)) {
            print_error("%s: %s, expected: %s\n", cases[i].text,
                        v.reason ? v.reason : "fine",
                        cases[i].reason ? cases[i].reason : "fine");
        }
        assert_true(same(v.reason, cases[i].reason));
        if (!v.reason && cases[i].domain) {
            assert_true(span_equal(v.ascii_domain, span_of(cases[i].domain)));
        }
        if (!v.reason) {
            check_path(&c, &v);
        }
        cleaner_release(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_a_mailbox),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
