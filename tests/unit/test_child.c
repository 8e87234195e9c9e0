/* net/child: what a command prints, while the loop turns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "net/child.h"

enum { ROOM = 4096, TURN_MS = 20 };

struct run {
    struct loop *loop;
    struct loop_timer *timer;
    struct buf out;
    unsigned turns; /* of the timer, meanwhile */
    unsigned overs;
    struct err why;
};

static void over(void *context, const struct err *why)
{
    struct run *r = context;
    r->overs++;
    r->why = *why;
    loop_stop(r->loop);
}

static void fire(void *context)
{
    struct run *r = context;
    r->turns++;
    loop_timer_start(r->timer, TURN_MS);
    if (r->turns % 5 == 0) {
        loop_stop(r->loop);
    }
}

static void begin(struct run *r)
{
    *r = (struct run){.loop = loop_create()};
    r->timer = loop_timer_create(r->loop, fire, r);
    loop_timer_start(r->timer, TURN_MS);
    buf_init(&r->out, ROOM);
    buf_append(&r->out, SPAN("had:"));
}

static struct child *start(struct run *r, const char *text, uint64_t limit_ms)
{
    struct err err = {0};
    const struct child_command command = {text, "--command", limit_ms};
    struct child *c = child_start(r->loop, &command, &r->out, over, r, &err);
    assert_non_null(c);
    return c;
}

static void run_on(struct run *r)
{
    while (r->overs == 0) {
        loop_run(r->loop);
    }
}

static void end(struct run *r)
{
    loop_timer_destroy(r->timer);
    loop_destroy(r->loop);
    buf_wipe(&r->out);
}

static const struct {
    const char *text;
    uint64_t limit_ms;
    int status;
    const char *said; /* printed, or why not */
} cases[] = {
    {"echo secret", 5000, 0, "secret\n"},
    {"true", 5000, 0, ""},
    {"printf a; sleep 0.1; printf b", 5000, 0, "ab"},
    {"cat", 5000, 0, ""}, /* nothing is on its stdin */
    {"echo secret; sleep 5 & exit 0", 4000, 0, "secret\n"},
    {"echo secret; exec >&-; sleep 0.1", 5000, 0, "secret\n"},
    {"echo x; exec 2>&-; sleep 0.1", 5000, 0, "x\n"},
    {"head -c 4092 /dev/zero | tr '\\0' x >&2; echo y", 5000, 0, "y\n"},
    {"exit 3", 5000, EX_CONFIG, "--command: the command ended with status 3"},
    {"echo oh no >&2; echo more >&2; exit 3", 5000, EX_CONFIG,
     "--command: the command ended with status 3: oh no"},
    {"kill -9 $$", 5000, EX_CONFIG,
     "--command: the command ended with signal 9"},
    {"head -c 5000 /dev/zero", 5000, EX_CONFIG,
     "--command: the command prints more than a line can hold"},
    {"cat /dev/zero", 5000, EX_CONFIG,
     "--command: the command prints more than a line can hold"},
    {"echo secret; exec sleep 60", 200, EX_CONFIG,
     "--command: the command does not end in time (--connect-timeout)"},
    {"yes >&2", 200, EX_CONFIG,
     "--command: the command does not end in time (--connect-timeout)"},
};

static void commands(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct run r;
        begin(&r);
        start(&r, cases[i].text, cases[i].limit_ms);
        assert_int_equal(r.overs, 0); /* in a later turn */
        run_on(&r);
        print_message("%s\n", cases[i].text);
        assert_int_equal(r.overs, 1);
        assert_int_equal(r.why.status, cases[i].status);
        struct span printed = span_rest(buf_span(&r.out), 4);
        if (cases[i].status == 0) {
            assert_true(span_equal(printed, span_of(cases[i].said)));
        } else {
            assert_string_equal(r.why.text, cases[i].said);
            assert_int_equal(printed.len, 0);
            /* What it said so far is nowhere in the room any more. */
            assert_null(memmem(r.out.data, r.out.cap, "secret", 6));
        }
        end(&r);
    }
}

static void the_loop_turns_meanwhile(void **state)
{
    (void)state;
    struct run r;
    begin(&r);
    start(&r, "sleep 0.5; echo done", 5000);
    run_on(&r);
    assert_int_equal(r.why.status, 0);
    assert_true(r.turns >= 5);
    end(&r);
}

static void who_is_stopped_is_gone(void **state)
{
    (void)state;
    struct run r;
    begin(&r);
    struct child *c = start(&r, "echo secret; exec sleep 60", 5000);
    loop_run(r.loop); /* it has spoken by then */
    child_stop(c);
    child_stop(NULL);
    assert_null(memmem(r.out.data, r.out.cap, "secret", 6));
    loop_run(r.loop);
    assert_int_equal(r.overs, 0);
    end(&r);
}

int main(void)
{
    /* What it complains of is heard only where that is no terminal. */
    assert(!isatty(STDERR_FILENO) || freopen("/dev/null", "w", stderr));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands),
        cmocka_unit_test(the_loop_turns_meanwhile),
        cmocka_unit_test(who_is_stopped_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
