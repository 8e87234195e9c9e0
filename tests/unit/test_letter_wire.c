/* letter/wire: canonical line ends, and what is not canonical. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "letter/wire.h"
#include "unit/edge.h"
#include "unit/wire_fault.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define S(literal)                                                             \
    {                                                                          \
        (literal), sizeof(literal) - 1                                         \
    }

static const struct {
    struct span text;
    struct span lines;
} lines[] = {
    {S(""), S("")},
    {S("a"), S("a")},
    {S("a\n"), S("a\r\n")},
    {S("a\r\n"), S("a\r\n")},
    {S("a\r"), S("a\r\n")},
    {S("\n\r\r\n"), S("\r\n\r\n\r\n")},
    {S("\r\r"), S("\r\n\r\n")},
    {S("a\nb\rc\r\nd"), S("a\r\nb\r\nc\r\nd")},
    {S("a\0b\n"), S("a\0b\r\n")},
};

static void makes_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(lines); i++) {
        struct edge edge = edge_copy(lines[i].text);
        struct buf out;
        buf_init(&out, 100);
        wire_append_lines(&out, edge.span);
        assert_true(span_equal(buf_span(&out), lines[i].lines));
        buf_release(&out);
        edge_release(&edge);
    }
}

static const struct {
    struct span message;
    const char *fault;
} faults[] = {
    {S(""), NULL},
    {S("a\r\n"), NULL},
    {S("a"), "no line end at the end"},
    {S("a\n"), "a bare line feed"},
    {S("a\rb\r\n"), "a bare carriage return"},
    {S("a\r\r\n"), "a bare carriage return"},
    {S("a\r"), "a bare carriage return"},
    {S("a\0\r\n"), "a NUL byte"},
};

static void finds_faults(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(faults); i++) {
        struct edge edge = edge_copy(faults[i].message);
        const char *fault = wire_fault(edge.span);
        if (faults[i].fault) {
            assert_non_null(fault);
            assert_string_equal(fault, faults[i].fault);
        } else {
            assert_null(fault);
        }
        edge_release(&edge);
    }
}

static void measures_lines(void **state)
{
    (void)state;
    char text[1001];
    memset(text, 'x', sizeof text);
    memcpy(text + 998, "\r\n", 2);
    assert_null(wire_fault(span_from(text, 1000)));
    memcpy(text + 998, "x\r\n", 3);
    assert_string_equal(wire_fault(span_from(text, 1001)),
                        "a line of more than 998 octets");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_lines),
        cmocka_unit_test(finds_faults),
        cmocka_unit_test(measures_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
