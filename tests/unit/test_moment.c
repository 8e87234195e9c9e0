/* record/moment: times as RFC 3339 writes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "record/moment.h"

static const struct {
    int64_t ms;
    const char *text;
} moments[] = {
    {0, ""},
    {-1, ""},
    {1, "1970-01-01T00:00:00.001Z"},
    {951782399999, "2000-02-28T23:59:59.999Z"},
    {951782400000, "2000-02-29T00:00:00.000Z"},
    {1764149400250, "2025-11-26T09:30:00.250Z"},
    {4107542399010, "2100-02-28T23:59:59.010Z"},
    {253402300799999, "9999-12-31T23:59:59.999Z"},
    {253402300800000, ""},
    {INT64_MAX, ""},
};

static void writes_them_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof moments / sizeof *moments; i++) {
        char text[40];
        struct span got = moment_text(moments[i].ms, text);
        assert_true(span_equal(got, span_of(moments[i].text)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(writes_them_down)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
