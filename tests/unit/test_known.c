/* list/known: the same as list/domain says, whatever was asked before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "list/domain.h"
#include "list/known.h"

static void says_what_the_domain_room_says(void **state)
{
    (void)state;
    static const char *const endings[] = {"",  ".de",  ".",
                                          "_", "\xff", "\xe2\x98\x83"};
    struct known known = {0};
    for (int round = 0; round < 3; round++) {
        for (unsigned i = 0; i < 1200; i++) {
            char text[300];
            snprintf(text, sizeof text, "%s%u%.*s.x%s",
                     i % 3 ? "b\xc3\xbc" : "b", i / 6 % 90, (int)(i % 90),
                     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                     "aaaaaa"
                     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                     endings[i % 6]);
            struct buf plain;
            struct buf quick;
            buf_init(&plain, 1024);
            buf_init(&quick, 1024);
            buf_append(&quick, SPAN("kept"));
            const char *fault = domain_append_ascii(&plain, span_of(text));
            assert_ptr_equal(known_append_ascii(&known, &quick, span_of(text)),
                             fault);
            assert_true(
                span_equal(span_rest(buf_span(&quick), 4), buf_span(&plain)));
            buf_release(&plain);
            buf_release(&quick);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_the_domain_room_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
