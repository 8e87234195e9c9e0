/* mailing/jsonline: members of one-line JSON objects, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "mailing/jsonline.h"
#include "unit/edge.h"

static const struct line_case {
    const char *line;
    const char *text; /* of the member "a"; NULL: there is none */
} lines[] = {
    {"{\"a\":\"x\"}", "x"},
    {"{\"a\":\"\"}", ""},
    {" { \"b\" : 12 , \"a\" : \"x y\" } ", "x y"},
    {"{\"b\":true,\"c\":null,\"d\":-1.5e+3,\"a\":\"x\"}", "x"},
    {"{\"b\":\"\\\"a\\\":\\\"no\\\"\",\"a\":\"yes\"}", "yes"},
    {"{\"a\":\"one\",\"a\":\"two\"}", "one"},
    {"{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}", "\"\\/\b\f\n\r\t"},
    {"{\"a\":\"\\u0041\\u00e9\\u20ac\"}", "A\xc3\xa9\xe2\x82\xac"},
    {"{\"a\":\"\\ud83d\\ude00\"}", "\xf0\x9f\x98\x80"},
    {"{\"a\":\"\xc3\xa9\"}", "\xc3\xa9"},
    {"{\"aa\":\"x\"}", NULL},
    {"{\"b\":\"a\"}", NULL},
    {"{\"a\":1}", NULL},
    {"{}", NULL},
    {"", NULL},
    {"{", NULL},
    {"[\"a\"]", NULL},
    {"\"a\":\"x\"", NULL},
    {"{\"a\"", NULL},
    {"{\"a\":", NULL},
    {"{\"a\":\"", NULL},
    {"{\"a\":\"x", NULL},
    {"{\"a\":\"x\\", NULL},
    {"{\"a\":\"\\q\"}", NULL},
    {"{\"a\":\"\\u12\"}", NULL},
    {"{\"a\":\"\\uZZZZ\"}", NULL},
    {"{\"a\":\"\\ud83d\"}", NULL},
    {"{\"a\":\"\\ud83d\\u0041\"}", NULL},
    {"{\"a\":\"\\ude00\"}", NULL},
    {"{\"b\":{\"a\":\"x\"}}", NULL},
    {"{\"b\":[\"a\"],\"a\":\"x\"}", NULL},
    {"{\"b\":,\"a\":\"x\"}", NULL},
    {"{\"b\" \"a\":\"x\"}", NULL},
};

static void finds_the_member(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct edge line = edge_copy(span_of(lines[i].line));
        struct span text;
        bool found = jsonline_text(line.span, SPAN("a"), &arena, &text);
        if (found != (lines[i].text != NULL)) {
            fail_msg("%s", lines[i].line);
        }
        if (found) {
            assert_true(span_equal(text, span_of(lines[i].text)));
        }
        edge_release(&line);
    }
    arena_release(&arena);
}

/* A line cut anywhere inside the member is no line, and is not read past. */
static void refuses_every_prefix(void **state)
{
    (void)state;
    static const char whole[] =
        "{\"b\":\"\\ud83d\\ude00\\n\",\"n\":0,\"a\":\"\\ud83d\\ude00x\"";
    struct arena arena;
    arena_init(&arena);
    for (size_t len = 0; len < sizeof whole - 1; len++) {
        struct edge line = edge_copy(span_from(whole, len));
        struct span text;
        assert_false(jsonline_text(line.span, SPAN("a"), &arena, &text));
        edge_release(&line);
    }
    arena_release(&arena);
}

static void finds_the_number(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        bool found;
        uint64_t number;
    } numbers[] = {
        {"{\"code\":550}", true, 550},
        {"{\"a\":\"code\", \"code\" : 421 , \"b\":1}", true, 421},
        {"{\"code\":599}", true, 599},
        {"{\"code\":600}", false, 0},
        {"{\"code\":-1}", false, 0},
        {"{\"code\":5.5}", false, 0},
        {"{\"code\":\"550\"}", false, 0},
        {"{\"code\":null}", false, 0},
        {"{\"code\":", false, 0},
        {"{}", false, 0},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct edge line = edge_copy(span_of(numbers[i].line));
        uint64_t number = 0;
        assert_int_equal(jsonline_number(line.span, SPAN("code"), 599, &number),
                         numbers[i].found);
        assert_int_equal(number, numbers[i].number);
        edge_release(&line);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_member),
        cmocka_unit_test(refuses_every_prefix),
        cmocka_unit_test(finds_the_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
