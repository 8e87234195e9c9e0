/* mailing/ledger: one outcome a contact, and totals that add up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mailing/ledger.h"

static void keeps_each_outcome(void **state)
{
    (void)state;
    enum { COUNT = 200000 };
    struct ledger l;
    ledger_init(&l);
    for (uint32_t i = 0; i < COUNT; i += 2) {
        ledger_settle(&l, i, (enum outcome)(i / 2 % OUTCOMES));
    }
    for (uint32_t i = 0; i < COUNT + 3; i++) {
        enum outcome outcome;
        bool settled = ledger_get(&l, i, &outcome);
        assert_int_equal(settled, i < COUNT && i % 2 == 0);
        if (settled) {
            assert_int_equal(outcome, i / 2 % OUTCOMES);
        }
    }
    ledger_count(&l, OUTCOME_INVALID, 5);
    assert_int_equal(ledger_total(&l), COUNT / 2 + 5);
    assert_int_equal(l.by_outcome[OUTCOME_INVALID], COUNT / 2 / OUTCOMES + 5);
    ledger_release(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_each_outcome),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
