/* mailing/pace, against relays made of arithmetic. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mailing/pace.h"

/* --- sessions --- */

static double far_away(unsigned n)
{
    return 25.0 * n;
}

static double one_processor(unsigned n)
{
    return n < 2 ? 700 : 1000;
}

static double slower_beyond_one(unsigned n)
{
    return 200.0 / (n * n);
}

static double slower_beyond_four(unsigned n)
{
    return n <= 4 ? 200.0 * n : 800.0 * 4 * 4 / (n * n);
}

static double like_exim(unsigned n)
{
    return 190.0 * n < 1500 ? 190.0 * n : 1500;
}

/* Each doubling brings a little. */
static double like_postfix(unsigned n)
{
    return 1300 - 560.0 / n;
}

struct climb {
    const char *name;
    double (*rate)(unsigned sessions);
    unsigned sessions_max;
    uint64_t run_ms;
    double least;
    unsigned last_least, last_most;
    double at_first; /* so many times as quick, until its queue is long */
};

static double rate_at(const struct climb *c, unsigned sessions, uint64_t now_ms)
{
    bool first = c->at_first > 0 && now_ms < 1200;
    return c->rate(sessions) / 1000 * (first ? c->at_first : 1);
}

static double letters_of(const struct climb *c, unsigned sessions)
{
    double total = 0;
    for (uint64_t now = 0; now < c->run_ms; now++) {
        total += rate_at(c, sessions, now);
    }
    return total;
}

/* Letters in that time, as a share of the best fixed number's. */
static double share_of_best(const struct climb *c, unsigned *last_out)
{
    struct pace p;
    struct pace_settings settings = {.sessions_max = c->sessions_max};
    pace_init(&p, &settings, 0);
    double done = 0, best = 0, left = 0;
    for (uint64_t now = 0; now < c->run_ms; now++) {
        unsigned n = pace_sessions(&p, p.sessions, now);
        double letters = rate_at(c, n, now);
        done += letters;
        for (left += letters; left >= 1; left--) {
            pace_answered(&p);
        }
        *last_out = n;
    }
    for (unsigned n = 1; n <= c->sessions_max; n++) {
        double total = letters_of(c, n);
        best = total > best ? total : best;
    }
    return done / best;
}

static const struct climb climbs[] = {
    {"far away", far_away, 10, 30000, 0.95, 10, 10, 0},
    {"one processor", one_processor, 10, 10000, 0.95, 2, 3, 0},
    {"slower beyond one", slower_beyond_one, 16, 10000, 0.87, 1, 1, 0},
    {"slower beyond four", slower_beyond_four, 16, 10000, 0.93, 4, 4, 0},
    {"like Exim", like_exim, 10, 10000, 0.93, 8, 10, 0},
    {"like Postfix", like_postfix, 10, 10000, 0.9, 4, 10, 0},
    {"at most one", far_away, 1, 5000, 0.99, 1, 1, 0},
    {"quick at first", like_postfix, 10, 10000, 0.9, 4, 10, 1.25},
    {"quick at first, and one", one_processor, 10, 10000, 0.95, 2, 4, 1.5},
};

static void climbs_where_it_pays(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof climbs / sizeof *climbs; i++) {
        unsigned last;
        double share = share_of_best(&climbs[i], &last);
        print_message("%s: %.2f of the best, %u sessions at last\n",
                      climbs[i].name, share, last);
        assert_true(share >= climbs[i].least);
        assert_in_range(last, climbs[i].last_least, climbs[i].last_most);
    }
}

static void does_not_grow_without_rows(void **state)
{
    (void)state;
    struct pace p;
    struct pace_settings settings = {.sessions_max = 10};
    pace_init(&p, &settings, 0);
    for (uint64_t now = 0; now < 60000; now++) {
        pace_answered(&p);
        pace_starved(&p);
        assert_int_equal(pace_sessions(&p, p.sessions, now), 2);
    }
}

/* Two sessions more, and a relay that is slow while it opens them. */
static void a_moment_is_no_harm(void **state)
{
    (void)state;
    struct pace p;
    struct pace_settings settings = {.sessions_max = 10};
    pace_init(&p, &settings, 0);
    uint64_t grown_ms = 0;
    unsigned thousandths = 0;
    for (uint64_t now = 0; now < 5000; now++) {
        unsigned n = pace_sessions(&p, p.sessions, now);
        grown_ms = n > 2 && grown_ms == 0 ? now : grown_ms;
        bool opening = grown_ms > 0 && now < grown_ms + 150;
        for (thousandths += opening ? 480
                            : n > 2 ? 1200
                                    : 800;
             thousandths >= 1000; thousandths -= 1000) {
            pace_answered(&p);
        }
    }
    assert_true(grown_ms > 0);
    assert_in_range(p.sessions, 4, 10);
}

/* From the start, or after a while. */
static void does_not_climb_on_silence(void **state)
{
    (void)state;
    for (uint64_t quiet_ms = 0; quiet_ms <= 8000; quiet_ms += 500) {
        struct pace p;
        struct pace_settings settings = {.sessions_max = 10};
        pace_init(&p, &settings, 0);
        unsigned most = PACE_SESSIONS_FIRST;
        for (uint64_t now = 0; now < quiet_ms + 120000; now++) {
            unsigned n = pace_sessions(&p, p.sessions, now);
            if (now < quiet_ms) {
                pace_answered(&p); /* as many, however many ask */
                most = n > most ? n : most;
            }
            assert_in_range(n, 1, most);
        }
    }
}

static void asked_for_is_had(void **state)
{
    (void)state;
    struct pace p;
    struct pace_settings settings = {.sessions = 7, .sessions_max = 3};
    pace_init(&p, &settings, 0);
    for (uint64_t now = 0; now < 20000; now++) {
        pace_answered(&p);
        assert_int_equal(pace_sessions(&p, 7, now), 7);
    }
}

static void stays_below_what_was_refused(void **state)
{
    (void)state;
    struct pace p;
    struct pace_settings settings = {.sessions_max = 10};
    unsigned refusals = 0;
    pace_init(&p, &settings, 0);
    for (uint64_t now = 0; now < 180000; now++) {
        for (unsigned n = pace_sessions(&p, p.sessions, now); n > 0; n--) {
            pace_answered(&p);
        }
        if (p.sessions > 5) { /* the relay has no more */
            refusals++;
            pace_refused(&p, 5, now);
            assert_int_equal(p.sessions, 5);
        }
    }
    assert_in_range(refusals, 1, 5);
}

static void throttles_slow_and_calm_quickens(void **state)
{
    (void)state;
    struct pace p;
    struct pace_settings settings = {.sessions = 4};
    unsigned taken = 0, throttled = 0, in_second = 0;
    pace_init(&p, &settings, 0);
    for (uint64_t now = 0; now < 180000; now++) {
        in_second = now % 1000 == 0 ? 0 : in_second;
        while (pace_when_ms(&p, now) <= now) {
            pace_begin_letter(&p);
            if (in_second < 14) { /* the relay's limit a second */
                in_second++;
                taken++;
                pace_answered(&p);
            } else {
                throttled++;
                pace_throttled(&p, now);
                break;
            }
        }
        pace_sessions(&p, 4, now);
    }
    print_message("%u taken, %u throttled\n", taken, throttled);
    assert_true(taken > 180 * 14 * 6 / 10);
    assert_true(throttled < 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(climbs_where_it_pays),
        cmocka_unit_test(does_not_grow_without_rows),
        cmocka_unit_test(a_moment_is_no_harm),
        cmocka_unit_test(does_not_climb_on_silence),
        cmocka_unit_test(asked_for_is_had),
        cmocka_unit_test(stays_below_what_was_refused),
        cmocka_unit_test(throttles_slow_and_calm_quickens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
