/* mailing/rate: no window holds more than allowed, and is not slower. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mailing/rate.h"

static bool begins(struct rate *r, uint64_t now, uint64_t *when_out)
{
    *when_out = rate_when_ms(r, now);
    if (*when_out > now) {
        return false;
    }
    rate_begin_letter(r);
    return true;
}

/* Begins as many letters as it may for that long; the most in any window. */
static uint64_t most_in_a_window(const struct rate_limit *limit,
                                 uint64_t run_ms, uint64_t *total_out)
{
    enum { MOST = 20000 };
    static uint64_t begun[MOST];
    struct rate r;
    rate_init(&r, limit, 1, 1000);
    uint64_t count = 0;
    for (uint64_t now = 1000; now < 1000 + run_ms; now++) {
        uint64_t when;
        while (begins(&r, now, &when)) {
            assert_true(count < MOST);
            begun[count++] = now;
        }
        assert_true(when > now);
    }
    uint64_t most = 0;
    for (uint64_t from = 0, to = 0; to < count; to++) {
        while (begun[to] - begun[from] >= limit->period_ms) {
            from++;
        }
        most = to - from + 1 > most ? to - from + 1 : most;
    }
    *total_out = count;
    return most;
}

static const struct {
    struct rate_limit limit;
    uint64_t run_ms;
    uint64_t least; /* letters: it is not slower than it need be */
} rates[] = {
    {{1, 1000, false}, 10000, 9},
    {{14, 1000, false}, 10000, 135},
    {{50, 1000, false}, 10000, 470},
    {{1000, 1000, false}, 10000, 9500},
    {{60, 60000, false}, 180000, 175},
    {{3000, 60000, false}, 180000, 8800},
    {{100, 90000, false}, 200000, 218},
    {{1000, 300000, false}, 900000, 2970},
    {{1000, 7200000, false}, 1000000, 137},
};

static void no_window_holds_more_than_allowed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        uint64_t total;
        uint64_t most =
            most_in_a_window(&rates[i].limit, rates[i].run_ms, &total);
        print_message("%zu: %u letters, %u at most in a window\n", i,
                      (unsigned)total, (unsigned)most);
        assert_true(most <= rates[i].limit.count);
        assert_true(total >= rates[i].least);
    }
}

static void says_when_to_ask_again(void **state)
{
    (void)state;
    struct rate r;
    const struct rate_limit limit = {2, 1000, false};
    rate_init(&r, &limit, 1, 0);
    uint64_t when;
    assert_true(begins(&r, 0, &when));
    assert_false(begins(&r, 0, &when));
    assert_in_range(when, 500, 502);
    assert_false(begins(&r, 499, &when));
    assert_true(begins(&r, when, &when));
}

static void a_budget_is_used_up(void **state)
{
    (void)state;
    enum { HOUR = 3600000 };
    struct rate r;
    const struct rate_limit limit = {100, HOUR, true};
    rate_init(&r, &limit, 1, 5000);
    uint64_t when;
    for (int i = 0; i < 100; i++) {
        assert_true(begins(&r, 5000 + (uint64_t)i * 1000, &when));
    }
    assert_false(begins(&r, 200000, &when));
    assert_true(when == UINT64_MAX);
    uint64_t opens = rate_opens_ms(&r, 200000);
    assert_in_range(opens, HOUR + 5000, HOUR + 130000);
    assert_false(begins(&r, opens - 1, &when));
    assert_true(begins(&r, opens, &when));
}

enum { AN_HOUR_MS = 3600 * 1000 };

static void earlier_letters_count_until_their_window_is_over(void **state)
{
    (void)state;
    const struct rate_limit limit = {10, AN_HOUR_MS, true};
    struct rate r;
    rate_init(&r, &limit, 1, 5000);
    rate_remember(&r, AN_HOUR_MS / 2, 6, 5000);
    rate_remember(&r, 2 * AN_HOUR_MS, 100, 5000);
    assert_true(rate_when_ms(&r, 5000) <= 5000);
    rate_remember(&r, 0, 4, 5000);
    assert_true(rate_when_ms(&r, 5000) == UINT64_MAX);
    uint64_t opens = rate_opens_ms(&r, 5000);
    assert_in_range(opens, AN_HOUR_MS / 2, AN_HOUR_MS / 2 + AN_HOUR_MS / 30);
    assert_true(rate_when_ms(&r, opens) <= opens);
}

static void what_was_not_said_is_given_back(void **state)
{
    (void)state;
    const struct rate_limit limit = {1, AN_HOUR_MS, true};
    struct rate r;
    rate_init(&r, &limit, 1, 5000);
    rate_end_unsaid(&r);
    assert_true(rate_when_ms(&r, 5000) <= 5000);
    rate_begin_letter(&r);
    assert_true(rate_when_ms(&r, 5001) == UINT64_MAX);
    rate_end_unsaid(&r);
    assert_true(rate_when_ms(&r, 5002) <= 5002);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(earlier_letters_count_until_their_window_is_over),
        cmocka_unit_test(what_was_not_said_is_given_back),
        cmocka_unit_test(no_window_holds_more_than_allowed),
        cmocka_unit_test(says_when_to_ask_again),
        cmocka_unit_test(a_budget_is_used_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
