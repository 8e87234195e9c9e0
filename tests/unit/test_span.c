/* base/span: every function at its edges, and never a byte too far. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/span.h"
#include "unit/edge.h"

static const struct span none = {NULL, 0};

static void measures_texts(void **state)
{
    (void)state;
    assert_int_equal(span_of("abc").len, 3);
    assert_int_equal(span_of("").len, 0);
    assert_int_equal(span_of(NULL).len, 0);
    assert_int_equal(SPAN("a\0b").len, 3);
}

static void slices(void **state)
{
    (void)state;
    struct span s = SPAN("abc");
    assert_true(span_equal(span_slice(s, 0, 3), s));
    assert_true(span_equal(span_slice(s, 1, 2), SPAN("b")));
    assert_int_equal(span_slice(s, 3, 3).len, 0);
    assert_true(span_equal(span_rest(s, 1), SPAN("bc")));
    assert_int_equal(span_rest(s, 3).len, 0);
    assert_int_equal(span_rest(none, 0).len, 0);
}

static void compares(void **state)
{
    (void)state;
    static const struct {
        struct span a;
        struct span b;
        bool equal;
        bool nocase;
        bool starts;
        bool starts_nocase;
        bool ends;
    } cases[] = {
        {{"", 0}, {NULL, 0}, true, true, true, true, true},
        {{"a", 1}, {"", 0}, false, false, true, true, true},
        {{"", 0}, {"a", 1}, false, false, false, false, false},
        {{"ab", 2}, {"ab", 2}, true, true, true, true, true},
        {{"ab", 2}, {"AB", 2}, false, true, false, true, false},
        {{"abc", 3}, {"ab", 2}, false, false, true, true, false},
        {{"abc", 3}, {"Ab", 2}, false, false, false, true, false},
        {{"abc", 3}, {"bc", 2}, false, false, false, false, true},
        {{"@[", 2}, {"`{", 2}, false, false, false, false, false},
        {{"\xc4", 1}, {"\xe4", 1}, false, false, false, false, false},
        {{"a\0b", 3}, {"a\0c", 3}, false, false, false, false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct span a = cases[i].a;
        struct span b = cases[i].b;
        assert_int_equal(span_equal(a, b), cases[i].equal);
        assert_int_equal(span_equal_nocase(a, b), cases[i].nocase);
        assert_int_equal(span_starts(a, b), cases[i].starts);
        assert_int_equal(span_starts_nocase(a, b), cases[i].starts_nocase);
        assert_int_equal(span_ends(a, b), cases[i].ends);
    }
}

static void finds(void **state)
{
    (void)state;
    struct edge e = edge_copy(SPAN("a,b,c"));
    assert_int_equal(span_find(e.span, ','), 1);
    assert_int_equal(span_find_last(e.span, ','), 3);
    assert_int_equal(span_find(e.span, 'a'), 0);
    assert_int_equal(span_find_last(e.span, 'a'), 0);
    assert_int_equal(span_find(e.span, 'c'), 4);
    assert_int_equal(span_find(e.span, 'x'), 5);
    assert_int_equal(span_find_last(e.span, 'x'), 5);
    assert_int_equal(span_find(none, 'x'), 0);
    assert_int_equal(span_find_last(none, 'x'), 0);
    edge_release(&e);
}

static void trims(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *trimmed;
    } cases[] = {
        {"", ""},    {" ", ""},    {" \t ", ""},     {"a", "a"},
        {" a", "a"}, {"a\t", "a"}, {" a b ", "a b"}, {"\na\n", "\na\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct edge e = edge_copy(span_of(cases[i].text));
        assert_true(span_equal(span_trim(e.span), span_of(cases[i].trimmed)));
        edge_release(&e);
    }
    assert_int_equal(span_trim(none).len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measures_texts), cmocka_unit_test(slices),
        cmocka_unit_test(compares),       cmocka_unit_test(finds),
        cmocka_unit_test(trims),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
