/* mailing/patience: the time is up after one limit of silence, not before and
 * not after two. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mailing/patience.h"

enum { LIMIT_MS = 60, STEP_MS = 20 };

/* A conversation: what happens every 20 ms. */
struct scene {
    struct loop *loop;
    struct patience patience;
    struct loop_timer *timer;
    const char *steps; /* r reply, w words go out, e an event and no more */
    unsigned at;
    uint64_t handed;
    bool speaking;
    uint64_t began_ms, ended_ms;
};

static uint64_t handed_now(void *context, bool *speaking_out)
{
    struct scene *s = context;
    *speaking_out = s->speaking;
    return s->handed;
}

static void ended(void *context)
{
    struct scene *s = context;
    s->ended_ms = loop_now_ms(s->loop) - s->began_ms;
    loop_timer_stop(s->timer);
    loop_stop(s->loop);
}

static void step(void *context)
{
    struct scene *s = context;
    char what = s->steps[s->at];
    if (what == '\0') {
        return;
    }
    s->at++;
    s->handed += what == 'w' ? 100 : 0;
    if (what != 'w') { /* the kernel tells nobody that it took words */
        patience_renew(&s->patience, LIMIT_MS, what == 'r');
    }
    loop_timer_start(s->timer, STEP_MS);
}

static uint64_t play(const char *steps, bool speaking, bool *all_out)
{
    struct scene s = {.steps = steps, .speaking = speaking};
    s.loop = loop_create();
    s.timer = loop_timer_create(s.loop, step, &s);
    patience_init(&s.patience, s.loop, handed_now, ended, &s);
    s.began_ms = loop_now_ms(s.loop);
    patience_renew(&s.patience, LIMIT_MS, true);
    loop_timer_start(s.timer, STEP_MS);
    loop_run(s.loop);
    patience_release(&s.patience);
    loop_timer_destroy(s.timer);
    loop_destroy(s.loop);
    *all_out = steps[s.at] == '\0';
    return s.ended_ms;
}

static const struct {
    const char *steps;
    bool speaking;
    uint64_t least_ms; /* the time is up no earlier */
} cases[] = {
    {"", false, LIMIT_MS},
    {"eeeeeeeeeeeeeeeeeeee", false, LIMIT_MS},
    {"rr", false, 2 * STEP_MS + LIMIT_MS}, /* replies are */
    {"ww", true, LIMIT_MS + STEP_MS},      /* words that go out, too */
};

static void ends_after_silence(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool all;
        uint64_t ms = play(cases[i].steps, cases[i].speaking, &all);
        print_message("%s: %u ms\n", cases[i].steps, (unsigned)ms);
        assert_true(ms >= cases[i].least_ms);
        /* Events alone are no sign of life: not all of them are lived. */
        assert_int_equal(all, cases[i].steps[0] != 'e');
    }
}

static void waits_for_nothing(void **state)
{
    (void)state;
    struct scene s = {.loop = loop_create()};
    patience_init(&s.patience, s.loop, handed_now, ended, &s);
    patience_renew(&s.patience, LIMIT_MS, true);
    patience_renew(&s.patience, 0, true);
    loop_run(s.loop); /* ends when the timer has fired and nothing is left */
    assert_int_equal(s.ended_ms, 0);
    patience_release(&s.patience);
    loop_destroy(s.loop);
}

/* After minutes of patience with a content, a QUIT is given seconds. */
static void a_shorter_limit_counts_at_once(void **state)
{
    (void)state;
    struct scene s = {.steps = ""};
    s.loop = loop_create();
    s.timer = loop_timer_create(s.loop, step, &s);
    patience_init(&s.patience, s.loop, handed_now, ended, &s);
    s.began_ms = loop_now_ms(s.loop);
    patience_renew(&s.patience, 10000, true);
    patience_renew(&s.patience, LIMIT_MS, true);
    loop_run(s.loop);
    assert_in_range(s.ended_ms, LIMIT_MS, 5000);
    patience_release(&s.patience);
    loop_timer_destroy(s.timer);
    loop_destroy(s.loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_after_silence),
        cmocka_unit_test(waits_for_nothing),
        cmocka_unit_test(a_shorter_limit_counts_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
