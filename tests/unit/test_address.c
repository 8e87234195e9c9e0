/* list/address: each rule of the grammar from both sides. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "list/address.h"
#include "unit/edge.h"

#define A10 "aaaaaaaaaa"
#define A60 A10 A10 A10 A10 A10 A10
#define L63 A60 "aaa"
/* 189 octets: with a local part of 64 and the @ they make 254. */
#define D189 L63 "." L63 "." A60 "a"

struct accepted {
    struct span text;
    size_t local_len;
    bool quoted;
    bool local_ascii;
};

static const struct accepted mailboxes[] = {
    {SPAN("a@b.c"), 1, false, true},
    {SPAN("bob@example.org"), 3, false, true},
    {SPAN("bob.smith@example.org"), 9, false, true},
    {SPAN("Bob@Example.ORG"), 3, false, true},
    {SPAN("bob@localhost"), 3, false, true},
    {SPAN("!#$%&'*+-/=?^_`{|}~@b.c"), 19, false, true},
    {SPAN("1@b.c"), 1, false, true},
    {SPAN("-@b.c"), 1, false, true},
    {SPAN("a+b=c@b.c"), 5, false, true},
    {SPAN("b\xc3\xb6"
          "b@b.c"),
     4, false, false},
    {SPAN("bob@b\xc3\xbc"
          "cher.example"),
     3, false, true},
    {SPAN("\xe7\x94\xa8\xe6\x88\xb7@b.c"), 6, false, false},
    {SPAN("\xf0\x9f\x93\xa7@b.c"), 4, false, false},
    {SPAN("\xd9\x86\xd8\xa7\xd9\x85\xd9\x87\xe2\x80\x8c\xd9\x87\xd8\xa7"
          "@b.c"),
     15, false, false}, /* a word that needs U+200C */
    {SPAN("\"\"@b.c"), 2, true, true},
    {SPAN("\"a b\"@b.c"), 5, true, true},
    {SPAN("\"a@b\"@b.c"), 5, true, true},
    {SPAN("\"a@b@c\"@b.c"), 7, true, true},
    {SPAN("\"..\"@b.c"), 4, true, true},
    {SPAN("\"a\\\"b\"@b.c"), 6, true, true},
    {SPAN("\"a\\\\\"@b.c"), 5, true, true},
    {SPAN("\"\\ \"@b.c"), 4, true, true},
    {SPAN("\"()<>[]:,;@\"@b.c"), 12, true, true},
    {SPAN("\"b\xc3\xb6\"@b.c"), 5, true, false},
    {SPAN(" \tbob@example.org\t "), 3, false, true},
    {SPAN("bob@-odd_.domain"), 3, false, true}, /* list/domain's */
    {SPAN(L63 "a@b.c"), 64, false, true},
    {SPAN("\"" A60 "aa\"@b.c"), 64, true, true},
    {SPAN(L63 "a@" D189), 64, false, true},
};

static void accepts_mailboxes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mailboxes / sizeof *mailboxes; i++) {
        const struct accepted *c = &mailboxes[i];
        struct edge e = edge_copy(c->text);
        struct address a;
        enum address_fault fault = address_parse(e.span, &a);
        if (fault) {
            print_error("%.*s: %s\n", (int)c->text.len, c->text.data,
                        address_fault_text(fault));
        }
        assert_int_equal(fault, ADDRESS_FINE);
        assert_int_equal(a.local.len, c->local_len);
        assert_int_equal(a.quoted, c->quoted);
        assert_int_equal(a.local_ascii, c->local_ascii);
        struct span text = span_trim(e.span);
        assert_ptr_equal(a.local.data, text.data);
        assert_ptr_equal(a.domain.data, text.data + a.local.len + 1);
        assert_int_equal(a.domain.len, text.len - a.local.len - 1);
        assert_true(a.local.len + 1 + a.domain.len <= ADDRESS_PATH_BYTES_MAX);
        edge_release(&e);
    }
}

struct refused {
    struct span text;
    enum address_fault fault;
};

static void refuses(const struct refused *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct edge e = edge_copy(cases[i].text);
        struct address a;
        enum address_fault fault = address_parse(e.span, &a);
        if (fault != cases[i].fault) {
            print_error("%.*s: \"%s\", expected \"%s\"\n",
                        (int)cases[i].text.len, cases[i].text.data,
                        address_fault_text(fault),
                        address_fault_text(cases[i].fault));
        }
        assert_int_equal(fault, cases[i].fault);
        assert_int_equal(a.local.len, 0);
        assert_int_equal(a.domain.len, 0);
        edge_release(&e);
    }
}

static const struct refused misshapen[] = {
    {SPAN(""), ADDRESS_EMPTY},
    {SPAN(" \t "), ADDRESS_EMPTY},
    {SPAN("bob"), ADDRESS_NO_AT},
    {SPAN("bob.example.org"), ADDRESS_NO_AT},
    {SPAN("bob\xef\xbc\xa0"
          "example.org"),
     ADDRESS_NO_AT},
    {SPAN("\"bob\""), ADDRESS_NO_AT},
    {SPAN("\"bob\"example.org"), ADDRESS_NO_AT},
    {SPAN("a@b@c.d"), ADDRESS_TWO_ATS},
    {SPAN("a@b.c,d@e.f"), ADDRESS_TWO_ATS},
    {SPAN("a@@b.c"), ADDRESS_TWO_ATS},
    {SPAN("\"a\"@b@c.d"), ADDRESS_TWO_ATS},
    {SPAN("@b.c"), ADDRESS_NO_LOCAL},
    {SPAN("@"), ADDRESS_NO_LOCAL},
    {SPAN("@@"), ADDRESS_NO_LOCAL},
    {SPAN("@a.b:c@d.e"), ADDRESS_NO_LOCAL}, /* a source route */
    {SPAN("a@"), ADDRESS_NO_DOMAIN},
    {SPAN("\"a\"@"), ADDRESS_NO_DOMAIN},
    {SPAN(L63 "aa@b.c"), ADDRESS_LOCAL_TOO_LONG},
    {SPAN("\"" A60 "aaa\"@b.c"), ADDRESS_LOCAL_TOO_LONG},
    {SPAN(L63 "a@" D189 "a"), ADDRESS_TOO_LONG},
    {SPAN(".a@b.c"), ADDRESS_DOT_FIRST},
    {SPAN(".@b.c"), ADDRESS_DOT_FIRST},
    {SPAN("..@b.c"), ADDRESS_DOT_FIRST},
    {SPAN("a.@b.c"), ADDRESS_DOT_LAST},
    {SPAN("a..b@b.c"), ADDRESS_TWO_DOTS},
    {SPAN("a..@b.c"), ADDRESS_DOT_LAST},
    {SPAN("a b@b.c"), ADDRESS_BLANK},
    {SPAN("a\tb@b.c"), ADDRESS_CONTROL},
    {SPAN("a @b.c"), ADDRESS_BLANK},
    {SPAN("a@ b.c"), ADDRESS_BLANK},
    {SPAN("a@b .c"), ADDRESS_BLANK},
    {SPAN("a@b.c d@e"), ADDRESS_TWO_ATS},
    {SPAN("a\xc2\xa0"
          "b@b.c"),
     ADDRESS_BLANK},
    {SPAN("a@b.c\xc2\xa0"), ADDRESS_BLANK},
    {SPAN("\"a\xe3\x80\x80\"@b.c"), ADDRESS_BLANK},
    {SPAN("a,b@b.c"), ADDRESS_LOCAL_CHARACTER},
    {SPAN("a;b@b.c"), ADDRESS_LOCAL_CHARACTER},
    {SPAN("mailto:a@b.c"), ADDRESS_LOCAL_CHARACTER},
    {SPAN("a\\b@b.c"), ADDRESS_LOCAL_CHARACTER},
    {SPAN("a[b@b.c"), ADDRESS_LOCAL_CHARACTER},
    {SPAN("a]b@b.c"), ADDRESS_LOCAL_CHARACTER},
    {SPAN("\"\\\xc3\xb6\"@b.c"), ADDRESS_LOCAL_CHARACTER},
    {SPAN("\"a@b.c"), ADDRESS_QUOTE_OPEN},
    {SPAN("\""), ADDRESS_QUOTE_OPEN},
    {SPAN("\"a\\\"@b.c"), ADDRESS_QUOTE_OPEN},
    {SPAN("\"\\"), ADDRESS_QUOTE_OPEN},
    {SPAN("a\"b@b.c"), ADDRESS_QUOTE_STRAY},
    {SPAN("a\"b\"@b.c"), ADDRESS_QUOTE_STRAY},
    {SPAN("\"a\"b@b.c"), ADDRESS_QUOTE_STRAY},
    {SPAN("\"a\".b@b.c"), ADDRESS_QUOTE_STRAY},
    {SPAN("a.\"b\"@b.c"), ADDRESS_QUOTE_STRAY},
    {SPAN("\"a\" @b.c"), ADDRESS_QUOTE_STRAY},
    {SPAN("a(x)@b.c"), ADDRESS_COMMENT},
    {SPAN("(x)a@b.c"), ADDRESS_COMMENT},
    {SPAN("a@(x)b.c"), ADDRESS_COMMENT},
    {SPAN("a@b.c(x)"), ADDRESS_COMMENT},
    {SPAN("<a@b.c>"), ADDRESS_DISPLAY_NAME},
    {SPAN("Bob <a@b.c>"), ADDRESS_DISPLAY_NAME},
    {SPAN("\"Bob\" <a@b.c>"), ADDRESS_DISPLAY_NAME},
    {SPAN("a@b.c>"), ADDRESS_DISPLAY_NAME},
    {SPAN("a@[127.0.0.1]"), ADDRESS_LITERAL},
    {SPAN("a@[IPv6:::1]"), ADDRESS_LITERAL},
    {SPAN("a@["), ADDRESS_LITERAL},
};

static void refuses_with_its_own_words(void **state)
{
    (void)state;
    refuses(misshapen, sizeof misshapen / sizeof *misshapen);
}

/* What would break an SMTP command, or show a person something else. */
static void refuses_what_is_no_text(void **state)
{
    (void)state;
    const struct refused cases[] = {
        {SPAN("b\xf6"
              "b@b.c"),
         ADDRESS_NOT_UTF8},
        {SPAN("bob@b\xfc"
              "cher.example"),
         ADDRESS_NOT_UTF8},
        {SPAN("a\xc0\x80@b.c"), ADDRESS_NOT_UTF8},
        {SPAN("a\xed\xa0\x80@b.c"), ADDRESS_NOT_UTF8},
        {SPAN("a@b.c\xc3"), ADDRESS_NOT_UTF8},
        {SPAN("a\0@b.c"), ADDRESS_CONTROL},
        {SPAN("a\r\nRCPT TO:<x@y.z>@b.c"), ADDRESS_CONTROL},
        {SPAN("a@b.c\r"), ADDRESS_CONTROL},
        {SPAN("a@b.c\n"), ADDRESS_CONTROL},
        {SPAN("\na@b.c"), ADDRESS_CONTROL},
        {SPAN("\"a\rb\"@b.c"), ADDRESS_CONTROL},
        {SPAN("\"a\tb\"@b.c"), ADDRESS_CONTROL},
        {SPAN("\"\\\x7f\"@b.c"), ADDRESS_CONTROL},
        {SPAN("a\x7f@b.c"), ADDRESS_CONTROL},
        {SPAN("a\xc2\x85@b.c"), ADDRESS_CONTROL},
        {SPAN("a@\xc2\x9b"
              "b.c"),
         ADDRESS_CONTROL},
        {SPAN("a\xe2\x80\xaey@b.c"), ADDRESS_CONTROL},
        {SPAN("a\xe2\x80\x8bz@b.c"), ADDRESS_CONTROL},
        {SPAN("\"\xe2\x81\xa6\"@b.c"), ADDRESS_CONTROL},
        {SPAN("\xef\xbb\xbf"
              "a@b.c"),
         ADDRESS_CONTROL},
        {SPAN("a\xef\xbf\xbd@b.c"), ADDRESS_CONTROL},
        {SPAN("a\xef\xbf\xbf@b.c"), ADDRESS_CONTROL},
        {SPAN("a\xf0\x9f\xbf\xbe@b.c"), ADDRESS_CONTROL},
        {SPAN("a\xf3\xa0\x81\x81@b.c"), ADDRESS_CONTROL},
        {SPAN("a\xe2\x80\xa8@b.c"), ADDRESS_BLANK},
    };
    refuses(cases, sizeof cases / sizeof *cases);
}

/* Every fault has words, and no two the same. */
static void words_differ(void **state)
{
    (void)state;
    for (int i = ADDRESS_EMPTY; i <= ADDRESS_LITERAL; i++) {
        const char *text = address_fault_text((enum address_fault)i);
        assert_true(strlen(text) > 0);
        for (int j = ADDRESS_EMPTY; j < i; j++) {
            assert_string_not_equal(text,
                                    address_fault_text((enum address_fault)j));
        }
    }
    assert_string_equal(address_fault_text(ADDRESS_FINE), "");
}

/* Every text over a small alphabet: what is accepted has one @ outside its
 * quotes, no dot at an edge, and no character that ends an SMTP path. */
static void holds_for_all_short_texts(void **state)
{
    (void)state;
    static const char alphabet[] = "a.@\"\\ <\x01";
    enum { LETTERS = sizeof alphabet - 1, LENGTH = 6 };
    char text[LENGTH];
    size_t total = 1;
    for (int i = 0; i < LENGTH; i++) {
        total *= LETTERS;
    }
    size_t accepted = 0;
    for (size_t number = 0; number < total; number++) {
        size_t rest = number;
        for (int i = 0; i < LENGTH; i++, rest /= LETTERS) {
            text[i] = alphabet[rest % LETTERS];
        }
        struct address a;
        if (address_parse(span_from(text, LENGTH), &a)) {
            continue;
        }
        accepted++;
        assert_true(a.local.len > 0 && a.domain.len > 0);
        assert_int_equal(a.local.data[a.local.len], '@');
        assert_int_equal(span_find(a.domain, '@'), a.domain.len);
        assert_int_equal(span_find(a.domain, ' '), a.domain.len);
        assert_int_equal(span_find(a.domain, '<'), a.domain.len);
        assert_int_equal(span_find(a.local, '\x01'), a.local.len);
        if (!a.quoted) {
            assert_true(a.local.data[0] != '.');
            assert_true(a.local.data[a.local.len - 1] != '.');
            assert_int_equal(span_find(a.local, '"'), a.local.len);
            assert_int_equal(span_find(a.local, '<'), a.local.len);
            assert_int_equal(span_find(a.local, ' '), a.local.len);
        } else {
            assert_int_equal(a.local.data[a.local.len - 1], '"');
        }
    }
    assert_true(accepted > 100);
}

static void the_domain_is_behind_the_last_at(void **state)
{
    (void)state;
    assert_true(span_equal(address_domain(SPAN("a@b.c")), SPAN("b.c")));
    assert_true(span_equal(address_domain(SPAN("\"a@b\"@c.d")), SPAN("c.d")));
    assert_int_equal(address_domain(SPAN("a@")).len, 0);
    assert_int_equal(address_domain(SPAN("a.b")).len, 0);
    assert_int_equal(address_domain(SPAN("")).len, 0);
}

static void refuses_a_megabyte(void **state)
{
    (void)state;
    static const char fillers[] = "(.a\"\\@ <\xc3";
    enum { BYTES = 1 << 20 };
    char *text = malloc(BYTES);
    assert_non_null(text);
    for (size_t i = 0; i < sizeof fillers - 1; i++) {
        memset(text, fillers[i], BYTES);
        struct address a;
        assert_int_not_equal(address_parse(span_from(text, BYTES), &a),
                             ADDRESS_FINE);
        memcpy(text + BYTES - 4, "@b.c", 4);
        assert_int_not_equal(address_parse(span_from(text, BYTES), &a),
                             ADDRESS_FINE);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_mailboxes),
        cmocka_unit_test(refuses_with_its_own_words),
        cmocka_unit_test(refuses_what_is_no_text),
        cmocka_unit_test(words_differ),
        cmocka_unit_test(holds_for_all_short_texts),
        cmocka_unit_test(the_domain_is_behind_the_last_at),
        cmocka_unit_test(refuses_a_megabyte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
