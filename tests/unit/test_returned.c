/* list/returned: what --failed wrote behind a row without names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "list/returned.h"

static const struct {
    const char *fields[6];
    bool returned;
} rows[] = {
    {{"a@b.c", "rejected", "550", "5.1.1", "no such user"}, true},
    {{"a@b.c", "x", "deferred", "451", "4.7.10", "later"}, true},
    {{"a@b.c", "pending", "", "", "the run ended"}, true},
    {{"a@b.c", "invalid", "", "", "no @"}, true},
    {{"a@b.c", "unknown", "421", "", ""}, true},
    {{"rejected", "550", "5.1.1", "no"}, false}, /* and no address */
    {{"a@b.c", "rejected", "", "", ""}, false},
    {{"a@b.c", "sent", "250", "2.0.0", "ok"}, false},
    {{"a@b.c", "Rejected", "550", "5.1.1", "no"}, false},
    {{"a@b.c", " rejected", "550", "5.1.1", "no"}, false},
    {{"a@b.c", "", "", "", "no"}, false},
    {{"a@b.c", "rejected", "55", "", "no"}, false},
    {{"a@b.c", "rejected", "5500", "", "no"}, false},
    {{"a@b.c", "rejected", "x50", "", "no"}, false},
    {{"a@b.c", "rejected", "550", "5.1", "no"}, false},
    {{"a@b.c", "rejected", "550", "5.1.1.1", "no"}, false},
    {{"a@b.c", "rejected", "550", "x.1.1", "no"}, false},
    {{"a@b.c", "rejected", "550", "5.1.1", "no", "more"}, false},
    {{"a@b.c"}, false},
};

static void knows_what_failed_wrote(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct span fields[6];
        size_t count = 0;
        for (; count < 6 && rows[i].fields[count]; count++) {
            fields[count] = span_of(rows[i].fields[count]);
        }
        if (returned(fields, count) != rows[i].returned) {
            fail_msg("row %zu", i);
        }
    }
    assert_false(returned(NULL, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_what_failed_wrote),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
