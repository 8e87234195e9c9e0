/* mailing/refusals: each refused line is found, and no other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mailing/refusals.h"

static void finds_refusals(void **state)
{
    (void)state;
    struct refusals r;
    refusals_init(&r);
    assert_null(refusals_find(&r, 1));
    for (uint32_t line = 2; line <= 2000; line += 2) {
        refusals_add(&r, line);
    }
    for (uint32_t line = 1; line <= 2002; line++) {
        struct refusal *found = refusals_find(&r, line);
        assert_int_equal(found != NULL, line % 2 == 0 && line <= 2000);
        assert_true(!found || found->line == line);
    }
    refusals_release(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
