/* net/loop: what is watched is called, in order, and may be stopped from
 * anywhere; net/resolver: answers come later, or never once forgotten. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "net/errand.h"
#include "net/loop.h"
#include "net/resolver.h"

struct fixture {
    struct loop *loop;
    struct loop_timer *timer;
    struct loop_timer *other;
    struct loop_turn *turn;
    struct loop_turn *other_turn;
    struct loop_watch *watch;
    struct loop_signal *signal;
    struct errand errand;
    unsigned fired;
    unsigned turns;
    unsigned errands;
    unsigned reads;
    unsigned writes;
    int number;
    char log[64]; /* a letter a call */
    size_t log_len;
    struct err why;
    struct addrinfo *list;
};

static void note(struct fixture *f, char letter)
{
    if (f->log_len < sizeof f->log - 1) {
        f->log[f->log_len++] = letter;
    }
}

static struct fixture begin(void)
{
    return (struct fixture){.loop = loop_create()};
}

static void fired(void *context)
{
    struct fixture *f = context;
    f->fired++;
    note(f, 't');
}

static void returns_when_nothing_is_watched(void **state)
{
    (void)state;
    struct fixture f = begin();
    f.signal = loop_signal_create(f.loop, SIGUSR2, NULL, NULL);
    f.turn = loop_turn_create(f.loop, fired, &f);
    loop_run(f.loop);
    assert_true(f.fired > 0);
    loop_signal_destroy(f.signal);
    loop_turn_destroy(f.turn);
    loop_destroy(f.loop);
}

static void fires_in_order_and_once(void **state)
{
    (void)state;
    struct fixture f = begin();
    f.timer = loop_timer_create(f.loop, fired, &f);
    f.other = loop_timer_create(f.loop, fired, &f);
    uint64_t start = loop_now_ms(f.loop);
    loop_timer_start(f.timer, 500);
    loop_timer_start(f.timer, 20); /* anew */
    loop_timer_start(f.other, 10);
    loop_timer_stop(f.other);
    loop_run(f.loop);
    assert_int_equal(f.fired, 1);
    assert_in_range(loop_now_ms(f.loop) - start, 20, 400);
    loop_timer_destroy(f.timer);
    loop_timer_destroy(f.other);
    loop_destroy(f.loop);
}

static void fired_other(void *context)
{
    struct fixture *f = context;
    note(f, 'o');
}

static void *wake(void *waker)
{
    loop_waker_wake(waker);
    loop_waker_wake(waker);
    return NULL;
}

static void another_thread_wakes_it(void **state)
{
    (void)state;
    struct fixture f = begin();
    struct loop_waker *waker = loop_waker_create(f.loop, fired, &f);
    loop_run(f.loop); /* a waker keeps nothing running */
    assert_int_equal(f.fired, 0);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, wake, waker), 0);
    for (int i = 0; i < 100 && f.fired == 0; i++) {
        f.other = loop_timer_create(f.loop, fired_other, &f);
        loop_timer_start(f.other, 10);
        loop_run(f.loop);
        loop_timer_destroy(f.other);
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_in_range(f.fired, 1, 2);
    loop_waker_destroy(waker);
    loop_destroy(f.loop);
}

/* The first reading of a long list takes its time before the loop runs. */
static void does_not_fire_early_after_a_pause(void **state)
{
    (void)state;
    struct fixture f = begin();
    f.timer = loop_timer_create(f.loop, fired, &f);
    nanosleep(&(struct timespec){.tv_nsec = 60 * 1000 * 1000}, NULL);
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    loop_timer_start(f.timer, 50);
    loop_run(f.loop);
    clock_gettime(CLOCK_MONOTONIC, &after);
    int64_t passed_ms = (after.tv_sec - before.tv_sec) * 1000 +
                        (after.tv_nsec - before.tv_nsec) / 1000000;
    assert_true(passed_ms >= 48);
    loop_timer_destroy(f.timer);
    loop_destroy(f.loop);
}

static void destroy_timer(void *context)
{
    struct fixture *f = context;
    loop_timer_destroy(f->timer);
    f->timer = NULL;
    loop_timer_destroy(f->other);
    f->other = NULL;
}

static void timers_may_be_destroyed_by_themselves(void **state)
{
    (void)state;
    struct fixture f = begin();
    f.timer = loop_timer_create(f.loop, destroy_timer, &f);
    f.other = loop_timer_create(f.loop, fired, &f);
    loop_timer_start(f.timer, 0);
    loop_timer_start(f.other, 1);
    loop_run(f.loop);
    assert_int_equal(f.fired, 0);
    loop_destroy(f.loop);
}

/* Turns and errands. */

static void do_errand(void *context)
{
    struct fixture *f = context;
    f->errands++;
    note(f, 'e');
    if (f->errands < 3) {
        errand_queue(f->loop, &f->errand);
    }
}

static void first_turn(void *context)
{
    struct fixture *f = context;
    note(f, '1');
    if (f->errands == 0) {
        errand_queue(f->loop, &f->errand);
        errand_queue(f->loop, &f->errand); /* once all the same */
    }
}

static void second_turn(void *context)
{
    struct fixture *f = context;
    note(f, '2');
    if (f->errands == 2) {
        loop_turn_destroy(f->turn);
        loop_turn_destroy(f->other_turn);
        f->turn = NULL;
    }
}

/* An errand that is queued again waits for the next turn, and the turn does
 * not wait for anything else; then nothing is left and the loop ends. */
static void errands_follow_turns(void **state)
{
    (void)state;
    struct fixture f = begin();
    f.errand = (struct errand){.run = do_errand, .context = &f};
    f.timer = loop_timer_create(f.loop, fired, &f);
    loop_timer_start(f.timer, 20);
    f.turn = loop_turn_create(f.loop, first_turn, &f);
    f.other_turn = loop_turn_create(f.loop, second_turn, &f);
    loop_run(f.loop);
    assert_string_equal(f.log, "12e12e12et");
    loop_timer_destroy(f.timer);
    loop_destroy(f.loop);
}

static void stop(void *context)
{
    struct fixture *f = context;
    errand_queue(f->loop, &f->errand);
    loop_stop(f->loop);
}

static void errands_are_run_before_the_loop_stops(void **state)
{
    (void)state;
    struct fixture f = begin();
    f.errand = (struct errand){.run = do_errand, .context = &f};
    f.errands = 2;
    f.timer = loop_timer_create(f.loop, stop, &f);
    loop_timer_start(f.timer, 0);
    loop_run(f.loop);
    assert_int_equal(f.errands, 3);
    loop_timer_destroy(f.timer);
    loop_destroy(f.loop);
}

/* Descriptors. */

static void ready(void *context, bool readable, bool writable)
{
    struct fixture *f = context;
    f->reads += readable;
    f->writes += writable;
    if (writable) {
        loop_watch_writing(f->watch, false);
    }
    if (readable) {
        loop_watch_destroy(f->watch);
        f->watch = NULL;
    }
}

static void watches_descriptors(void **state)
{
    (void)state;
    struct fixture f = begin();
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    f.watch = loop_watch_create(f.loop, ends[0], ready, &f);
    loop_watch_writing(f.watch, true);
    f.timer = loop_timer_create(f.loop, fired, &f);
    assert_int_equal(write(ends[1], "x", 1), 1);
    loop_run(f.loop);
    assert_int_equal(f.reads, 1);
    assert_int_equal(f.writes, 1);
    close(ends[0]);
    close(ends[1]);
    loop_timer_destroy(f.timer);
    loop_destroy(f.loop);
}

/* libuv stops at an error; bytes may stand before it. */
static void ready_until_zero(void *context, bool readable, bool writable)
{
    (void)writable;
    struct fixture *f = context;
    assert_true(readable);
    char byte;
    ssize_t got = recv(f->number, &byte, 1, 0);
    f->reads += got == 1;
    if (got <= 0) {
        loop_watch_destroy(f->watch);
    }
}

static void reads_on_after_an_error(void **state)
{
    (void)state;
    struct fixture f = begin();
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size),
                     0);
    f.number = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(f.number, (struct sockaddr *)&address, size), 0);
    int peer = accept(listener, NULL, NULL);
    assert_int_equal(write(f.number, "unread", 6), 6);
    assert_int_equal(write(peer, "abc", 3), 3);
    close(peer); /* a reset behind three bytes */
    f.watch = loop_watch_create(f.loop, f.number, ready_until_zero, &f);
    loop_run(f.loop);
    assert_int_equal(f.reads, 3);
    close(f.number);
    close(listener);
    loop_destroy(f.loop);
}

static void cannot_watch_a_file(void **state)
{
    (void)state;
    struct fixture f = begin();
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_null(loop_watch_create(f.loop, fileno(file), ready, &f));
    fclose(file);
    loop_run(f.loop);
    loop_destroy(f.loop);
}

/* Signals. */

static void raised(void *context, int number)
{
    struct fixture *f = context;
    f->number = number;
    loop_signal_destroy(f->signal);
    loop_stop(f->loop);
}

static void send_signal(void *context)
{
    (void)context;
    raise(SIGUSR1);
}

static void hears_signals(void **state)
{
    (void)state;
    struct fixture f = begin();
    f.signal = loop_signal_create(f.loop, SIGUSR1, raised, &f);
    f.timer = loop_timer_create(f.loop, send_signal, &f);
    f.other = loop_timer_create(f.loop, fired, &f);
    loop_timer_start(f.timer, 0);
    loop_timer_start(f.other, 5000);
    loop_run(f.loop);
    assert_int_equal(f.number, SIGUSR1);
    raise(SIGUSR1); /* kills nobody who no longer listens */
    assert_int_equal(f.fired, 0);
    loop_timer_destroy(f.timer);
    loop_timer_destroy(f.other);
    loop_destroy(f.loop);
}

/* Looking up. */

static void answered(void *context, struct addrinfo *list,
                     const struct err *why)
{
    struct fixture *f = context;
    f->fired++;
    f->list = list;
    f->why = *why;
}

struct question {
    const char *host;
    int family; /* AF_UNSPEC: no answer */
    int status;
};

static const struct question questions[] = {
    {"127.0.0.1", AF_INET, 0},
    {"::1", AF_INET6, 0},
    {"no-such-host.invalid", AF_UNSPEC, EX_NOHOST},
};

static void answers_later(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        const struct question *q = &questions[i];
        struct fixture f = begin();
        resolver_ask(f.loop, q->host, "2525", answered, &f);
        assert_int_equal(f.fired, 0);
        loop_run(f.loop);
        assert_int_equal(f.fired, 1);
        if (q->family != AF_UNSPEC) {
            assert_non_null(f.list);
            assert_null(f.list->ai_next); /* one, of one socket type */
            assert_int_equal(f.list->ai_family, q->family);
            freeaddrinfo(f.list);
        } else {
            /* A machine without a name server cannot tell. */
            assert_null(f.list);
            assert_true(f.why.status == q->status ||
                        f.why.status == EX_UNAVAILABLE);
            assert_memory_equal(f.why.text, q->host, strlen(q->host));
        }
        loop_destroy(f.loop);
    }
}

static void answers_when_it_cannot_ask(void **state)
{
    (void)state;
    struct fixture f = begin();
    char host[2000];
    memset(host, 'a', sizeof host);
    host[sizeof host - 1] = '\0';
    resolver_ask(f.loop, host, "25", answered, &f);
    assert_int_equal(f.fired, 0);
    loop_run(f.loop);
    assert_int_equal(f.fired, 1);
    assert_null(f.list);
    assert_true(f.why.status != 0);
    loop_destroy(f.loop);
}

static void forgets(void **state)
{
    (void)state;
    struct fixture f = begin();
    resolver_forget(resolver_ask(f.loop, "127.0.0.1", "25", answered, &f));
    loop_run(f.loop);
    assert_int_equal(f.fired, 0);
    loop_destroy(f.loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(returns_when_nothing_is_watched),
        cmocka_unit_test(fires_in_order_and_once),
        cmocka_unit_test(another_thread_wakes_it),
        cmocka_unit_test(does_not_fire_early_after_a_pause),
        cmocka_unit_test(timers_may_be_destroyed_by_themselves),
        cmocka_unit_test(errands_follow_turns),
        cmocka_unit_test(errands_are_run_before_the_loop_stops),
        cmocka_unit_test(watches_descriptors),
        cmocka_unit_test(reads_on_after_an_error),
        cmocka_unit_test(cannot_watch_a_file),
        cmocka_unit_test(hears_signals),
        cmocka_unit_test(answers_later),
        cmocka_unit_test(answers_when_it_cannot_ask),
        cmocka_unit_test(forgets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
