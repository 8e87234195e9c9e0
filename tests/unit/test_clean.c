/* list/clean: one verdict a row, the same in every reading. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "list/clean.h"

static const struct siphash_key key = {{4, 2}};

enum { LINE_FIRST = 2 };

static struct clean_verdict judge(struct cleaner *c, struct span text,
                                  uint32_t line)
{
    struct span fields[] = {SPAN("1"), text, SPAN("x")};
    struct csv_row row = {.number = line - 1, .line = line, .fields = fields};
    struct clean_verdict v;
    cleaner_judge(c, &row, &v);
    return v;
}

static void init(struct cleaner *c)
{
    cleaner_init(c, &key);
    c->columns = 3;
    c->address_column = 1;
}

/* One letter a row: ok, invalid, duplicate (with the first row's line) or
 * suppressed. */
static void show(char *out, size_t size, const struct clean_verdict *v)
{
    size_t len = strlen(out);
    snprintf(out + len, size - len, "%s%c", len > 0 ? " " : "",
             clean_status_name(v->status)[0]);
    len = strlen(out);
    if (v->status == CLEAN_DUPLICATE) {
        snprintf(out + len, size - len, "%u", v->first_line);
    } else if (v->ordinal > 0) {
        snprintf(out + len, size - len, "#%u", v->ordinal);
    }
}

enum { ROWS = 6 };

static const struct {
    bool dedupe;
    enum key_mode mode;
    const char *rows[ROWS];
    const char *verdicts;
} lists[] = {
    {true, KEY_FOLD, {"a@b.de", "a@b.de", "A@B.de", "c@b.de"}, "o d2 d2 o"},
    {true, KEY_EXACT, {"a@b.de", "A@b.de", "a@B.DE"}, "o o d2"},
    {true, KEY_FOLD, {"\"a\"@b.de", " a@b.de ", "\"\\a\"@b.de"}, "o d2 d2"},
    {true, KEY_FOLD, {"a@m\xc3\xbcller.de", "a@xn--mller-kva.de"}, "o d2"},
    {true, KEY_FOLD, {"\xc3\x96@b.de", "\xc3\xb6@b.de"}, "o d2"},
    {true, KEY_EXACT, {"\xc3\x96@b.de", "\xc3\xb6@b.de"}, "o o"},
    {true, KEY_FOLD, {"a.b@gmail.com", "ab@googlemail.com"}, "o o"},
    {true,
     KEY_PROVIDER,
     {"a.b@gmail.com", "ab@googlemail.com", "A.B+x@gmail.com", "a.b@c.de",
      "ab@c.de"},
     "o d2 d2 o o"},
    {false, KEY_FOLD, {"a@b.de", "A@b.de", "c@b.de", "a@B.de"}, "o o#1 o o#2"},
    {true, KEY_FOLD, {"a@", "a@", "", "a@b"}, "i i i i"},
    {true, KEY_FOLD, {"a@b.de", "no@no.de", "x@all.de", "NO@NO.DE"}, "o s s s"},
    {true, KEY_FOLD, {"a@sub.all.de", "x@ALL.de", "\"no\"@no.de"}, "o s s"},
    {true, KEY_EXACT, {"No@no.de", "nO@no.de"}, "s s"},
    {false, KEY_FOLD, {"a@b.de", "no@no.de", "no@no.de"}, "o s s"},
    {true, KEY_FOLD, {"a.no@gmail.com", "ano@gmail.com"}, "s o"},
    {true, KEY_PROVIDER, {"a.no@gmail.com", "ano+1@googlemail.com"}, "s s"},
    {true,
     KEY_FOLD,
     {"\"\"@b.de", "a@b.de", "\"\"@empty.de", "a@empty.de"},
     "o o s o"},
};

static void judges_alike_in_all_readings(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        struct cleaner c;
        init(&c);
        c.dedupe = lists[i].dedupe;
        c.mode = lists[i].mode;
        assert_true(cleaner_suppress(&c, SPAN(" No@no.de ")));
        assert_true(cleaner_suppress(&c, SPAN("@All.de")));
        assert_true(cleaner_suppress(&c, SPAN("a.no@gmail.com")));
        assert_true(cleaner_suppress(&c, SPAN("\"\"@empty.de")));
        for (int reading = 0; reading < 3; reading++) {
            char verdicts[100] = "";
            for (uint32_t row = 0; row < ROWS && lists[i].rows[row]; row++) {
                struct clean_verdict v =
                    judge(&c, span_of(lists[i].rows[row]), LINE_FIRST + row);
                show(verdicts, sizeof verdicts, &v);
            }
            assert_string_equal(verdicts, lists[i].verdicts);
            cleaner_rewind(&c);
        }
        cleaner_release(&c);
    }
}

static void fills_in_the_verdict(void **state)
{
    (void)state;
    struct cleaner c;
    init(&c);
    struct clean_verdict v = judge(&c, SPAN("\t\"B ob\"@M\xc3\xbcller.de "), 2);
    assert_int_equal(v.status, CLEAN_OK);
    assert_true(span_equal(v.text, SPAN("\"B ob\"@M\xc3\xbcller.de")));
    assert_true(span_equal(v.address.local, SPAN("\"B ob\"")));
    assert_true(v.address.quoted);
    assert_true(span_equal(v.ascii_domain, SPAN("xn--mller-kva.de")));
    assert_true(span_equal(v.key, SPAN("b ob@xn--mller-kva.de")));
    assert_null(v.reason);
    c.mode = KEY_EXACT; /* the key given is that of fold, always */
    v = judge(&c, SPAN("Ann@b.de"), 3);
    assert_true(span_equal(v.key, SPAN("ann@b.de")));
    cleaner_release(&c);
}

#define A10 "aaaaaaaaaa"
#define A60 A10 A10 A10 A10 A10 A10
#define L63 A60 "aaa"

static void says_why_a_row_is_invalid(void **state)
{
    (void)state;
    const struct {
        struct span fields[3];
        const char *reason;
        size_t column;
    } cases[] = {
        {{SPAN("1"), SPAN("a@b@c"), SPAN("")}, "two @", 1},
        {{SPAN("1"), SPAN("a@b"), SPAN("")}, "domain of one label only", 1},
        {{SPAN("1"), SPAN("a@b.de"), SPAN("\xff")},
         "not UTF-8 (windows-1252? convert with iconv)",
         2},
        {{SPAN("\xff"), SPAN("a@b.de"), SPAN("\xff")},
         "not UTF-8 (windows-1252? convert with iconv)",
         0},
        {{SPAN("1"), SPAN("a\xff@b.de"), SPAN("\xff")},
         "not UTF-8 (windows-1252? convert with iconv)",
         1},
        /* Short enough as written, but not in A-labels. */
        {{SPAN("1"),
          SPAN(L63 "a@" L63 "." L63 "." A10 A10 A10 A10 A10
                   "\xc3\xb6\xc3\xb6.de"),
          SPAN("")},
         "address longer than 254 octets",
         1},
    };
    struct cleaner c;
    init(&c);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct csv_row row = {
            .number = 1, .line = 2, .fields = cases[i].fields};
        struct clean_verdict v;
        cleaner_judge(&c, &row, &v);
        assert_int_equal(v.status, CLEAN_INVALID);
        assert_string_equal(v.reason, cases[i].reason);
        assert_int_equal(v.reason_column, cases[i].column);
    }
    assert_int_equal(c.seen.count, 0);
    cleaner_release(&c);
}

/* Too long as written, but not in A-labels: 58 times one character of three
 * bytes are 63 octets. */
static void measures_the_path_in_a_labels(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, 4096);
    buf_append(&text, SPAN(L63 "a@"));
    for (int label = 0; label < 2; label++) {
        for (int i = 0; i < 56; i++) {
            buf_append(&text, SPAN("\xe4\xbe\x8b"));
        }
        buf_append_byte(&text, '.');
    }
    buf_append(&text, SPAN("org"));
    struct cleaner c;
    init(&c);
    struct clean_verdict v = judge(&c, buf_span(&text), 2);
    assert_true(v.text.len > 254);
    assert_int_equal(v.status, CLEAN_OK);
    assert_true(v.address.local.len + 1 + v.ascii_domain.len <= 254);
    cleaner_release(&c);
    buf_release(&text);
}

static void refuses_domains_that_dns_refuses(void **state)
{
    (void)state;
    struct cleaner c;
    init(&c);
    struct span fields[] = {SPAN("1"), SPAN(" a@M\xc3\xbcller.de "), SPAN("x")};
    struct csv_row row = {.number = 1, .line = 2, .fields = fields};
    struct span domain;
    assert_true(cleaner_domain(&c, &row, &domain));
    assert_true(span_equal(domain, SPAN("xn--mller-kva.de")));
    fields[1] = SPAN("a@b");
    assert_false(cleaner_domain(&c, &row, &domain));
    cleaner_refuse_domain(&c, SPAN("xn--mller-kva.de"), DOMAIN_NULL_MX);
    cleaner_refuse_domain(&c, SPAN("gone.de"), DOMAIN_ABSENT);
    assert_true(cleaner_suppress(&c, SPAN("b@gone.de")));
    const struct {
        struct span text;
        const char *reason; /* NULL: fine */
    } cases[] = {
        {SPAN("a@xn--mller-kva.de"), domain_verdict_text(DOMAIN_NULL_MX)},
        {SPAN("a@M\xc3\x9cLLER.de"), domain_verdict_text(DOMAIN_NULL_MX)},
        {SPAN("a@GONE.de"), domain_verdict_text(DOMAIN_ABSENT)},
        {SPAN("b@gone.de"), domain_verdict_text(DOMAIN_ABSENT)},
        {SPAN("a@sub.gone.de"), NULL},
        {SPAN("a@gone.d"), NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct clean_verdict v = judge(&c, cases[i].text, 3);
        assert_int_equal(v.status, cases[i].reason ? CLEAN_INVALID : CLEAN_OK);
        assert_ptr_equal(v.reason, cases[i].reason);
    }
    cleaner_release(&c);
}

static void takes_only_addresses_and_domains(void **state)
{
    (void)state;
    struct cleaner c;
    init(&c);
    assert_true(cleaner_suppress(&c, SPAN("a@b.de")));
    assert_true(cleaner_suppress(&c, SPAN("@m\xc3\xbcller.de")));
    assert_false(cleaner_suppress(&c, SPAN("")));
    assert_false(cleaner_suppress(&c, SPAN("@")));
    assert_false(cleaner_suppress(&c, SPAN("@localhost")));
    assert_false(cleaner_suppress(&c, SPAN("bob")));
    assert_false(cleaner_suppress(&c, SPAN("a@b@c.de")));
    assert_false(cleaner_suppress(&c, SPAN("a@b_c.de")));
    assert_int_equal(c.suppressed.count, 2);
    struct clean_verdict v = judge(&c, SPAN("x@xn--mller-kva.de"), 2);
    assert_int_equal(v.status, CLEAN_SUPPRESSED);
    cleaner_release(&c);
}

static void counts_many_ordinals(void **state)
{
    (void)state;
    struct cleaner c;
    init(&c);
    c.dedupe = false;
    for (int reading = 0; reading < 2; reading++) {
        for (uint32_t i = 0; i < 9000; i++) {
            char text[32];
            snprintf(text, sizeof text, "a%u@b.de", i % 3000);
            struct clean_verdict v = judge(&c, span_of(text), LINE_FIRST + i);
            assert_int_equal(v.status, CLEAN_OK);
            assert_int_equal(v.ordinal, i / 3000);
        }
        cleaner_rewind(&c);
    }
    assert_int_equal(c.seen.count, 3000);
    cleaner_release(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges_alike_in_all_readings),
        cmocka_unit_test(fills_in_the_verdict),
        cmocka_unit_test(says_why_a_row_is_invalid),
        cmocka_unit_test(measures_the_path_in_a_labels),
        cmocka_unit_test(refuses_domains_that_dns_refuses),
        cmocka_unit_test(takes_only_addresses_and_domains),
        cmocka_unit_test(counts_many_ordinals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
