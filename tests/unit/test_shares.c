/* mailing/shares: sessions by weight, and to who answers best. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mailing/shares.h"

enum { MOST = 4 };

static const struct {
    unsigned sessions;
    const char *able; /* 'x', or '.' */
    unsigned weights[MOST], shares[MOST];
} deals[] = {
    {1, "x", {1}, {1}},
    {7, "x", {5}, {7}},
    {1, "xx", {1, 1}, {1, 0}},
    {2, "xx", {1, 9}, {1, 1}},
    {4, "xx", {1, 1}, {2, 2}},
    {5, "xx", {1, 1}, {3, 2}},
    {4, "xx", {3, 1}, {3, 1}},
    {10, "xxx", {5, 3, 2}, {5, 3, 2}},
    {10, "xxx", {1000, 1, 1}, {8, 1, 1}},
    {10, "x.x", {1, 1, 1}, {5, 0, 5}},
    {3, "....", {1, 1, 1, 1}, {0, 0, 0, 0}},
    {2, "xxxx", {1, 1, 1, 1}, {1, 1, 0, 0}},
};

static void by_weight(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof deals / sizeof *deals; i++) {
        struct share list[MOST] = {{0}};
        struct shares s = {.list = list,
                           .count = (unsigned)strlen(deals[i].able)};
        for (unsigned k = 0; k < s.count; k++) {
            list[k].weight = deals[i].weights[k];
            list[k].able = deals[i].able[k] == 'x';
        }
        shares_deal(&s, deals[i].sessions);
        for (unsigned k = 0; k < s.count; k++) {
            assert_int_equal(list[k].now, deals[i].shares[k]);
        }
    }
}

/* What a session brings a second, of a relay that takes so much in all. */
static double brought(double each, double all, unsigned sessions)
{
    double letters = each * sessions;
    return letters < all ? letters : all;
}

static const struct {
    const char *name;
    double each[2], all[2];
    unsigned shares_least[2], shares_most[2];
} relays[] = {
    {"alike", {10, 10}, {1e9, 1e9}, {4, 4}, {4, 4}},
    {"one is quicker", {30, 10}, {1e9, 1e9}, {6, 1}, {7, 2}},
    {"one takes more", {100, 100}, {300, 100}, {4, 2}, {6, 4}},
    {"one is stuck", {10, 0}, {1e9, 1e9}, {7, 1}, {7, 1}},
};

static void to_who_answers_best(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof relays / sizeof *relays; i++) {
        struct share list[2] = {{.weight = 1, .able = true},
                                {.weight = 1, .able = true}};
        struct shares s = {.list = list, .count = 2};
        double answered[2] = {0, 0};
        unsigned moves = 0;
        for (unsigned second = 0; second < 60; second++) {
            shares_deal(&s, 8);
            assert_int_equal(list[0].now + list[1].now, 8);
            for (unsigned k = 0; k < 2; k++) {
                answered[k] +=
                    brought(relays[i].each[k], relays[i].all[k], list[k].now);
                shares_count(&list[k], (uint64_t)answered[k], list[k].now,
                             1000);
            }
            unsigned before = list[0].now;
            shares_move(&s);
            moves += second >= 30 && list[0].now != before;
        }
        print_message("%s: %u and %u, %u late moves\n", relays[i].name,
                      list[0].now, list[1].now, moves);
        for (unsigned k = 0; k < 2; k++) {
            assert_in_range(list[k].now, relays[i].shares_least[k],
                            relays[i].shares_most[k]);
        }
        assert_int_equal(moves, 0); /* it has come to rest */
    }
}

static void what_rests_goes_to_the_others(void **state)
{
    (void)state;
    struct share list[2] = {{.weight = 1, .able = true},
                            {.weight = 1, .able = true}};
    struct shares s = {.list = list, .count = 2};
    shares_deal(&s, 6);
    list[0].able = false;
    list[0].kept = 3; /* for a moment it keeps what it has */
    shares_deal(&s, 6);
    assert_int_equal(list[0].now, 3);
    assert_int_equal(list[1].now, 3);
    list[0].kept = 0;
    shares_deal(&s, 6);
    assert_int_equal(list[0].now, 0);
    assert_int_equal(list[1].now, 6);
    list[0].able = true;
    shares_deal(&s, 6);
    assert_int_equal(list[0].now, 3);
    assert_int_equal(list[1].now, 3);
}

static void one_session_stays_with_who_is_fine(void **state)
{
    (void)state;
    struct share list[2] = {{.weight = 9, .able = true, .doubtful = true},
                            {.weight = 1, .able = true}};
    struct shares s = {.list = list, .count = 2};
    shares_deal(&s, 1);
    assert_int_equal(list[0].now, 0);
    assert_int_equal(list[1].now, 1);
    list[1].able = false;
    shares_deal(&s, 1);
    assert_int_equal(list[0].now, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_weight),
        cmocka_unit_test(to_who_answers_best),
        cmocka_unit_test(what_rests_goes_to_the_others),
        cmocka_unit_test(one_session_stays_with_who_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
