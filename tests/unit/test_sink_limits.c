/* service, throttle, limits: how much the sink takes, and when it answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sink/limits.h"
#include "sink/service.h"
#include "sink/throttle.h"
#include "unit/edge.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* Service. */

static void makes_nobody_wait(void **state)
{
    (void)state;
    struct service s = {.message_ms = 50};
    service_init(&s);
    assert_false(service_takes_time(&s));
    assert_int_equal(service_wait_ms(&s, 1000, 100), 0);
    service_release(&s);
}

static void delays(void **state)
{
    (void)state;
    struct service s = {.delay_ms = 50};
    service_init(&s);
    assert_true(service_takes_time(&s));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(service_wait_ms(&s, 1000, 100), 50);
    }
    service_release(&s);
}

/* How long it takes until each of n sessions has had `each` replies, one after
 * another. */
static uint64_t drive(struct service *s, unsigned n, unsigned each)
{
    uint64_t due[64] = {0};
    unsigned left[64];
    uint64_t now = 0;
    for (unsigned i = 0; i < n; i++) {
        left[i] = each;
        due[i] = service_wait_ms(s, 0, n);
    }
    for (unsigned done = 0; done < n * each; done++) {
        unsigned next = 0;
        for (unsigned i = 0; i < n; i++) {
            bool sooner =
                left[i] > 0 && (left[next] == 0 || due[i] < due[next]);
            next = sooner ? i : next;
        }
        now = due[next];
        left[next]--;
        due[next] = now + (left[next] > 0 ? service_wait_ms(s, now, n) : 0);
    }
    return now;
}

static void serves_best_at_as_many_as_workers(void **state)
{
    (void)state;
    /* 240 messages of 10 ms with 4 workers: 2400 ms of work. */
    static const struct {
        unsigned sessions;
        uint64_t took_ms;
    } cases[] = {{1, 2400}, {2, 1200}, {4, 600}, {8, 2400}, {16, 9600}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct service s = {.message_ms = 10, .workers = 4};
        service_init(&s);
        assert_int_equal(drive(&s, cases[i].sessions, 240 / cases[i].sessions),
                         cases[i].took_ms);
        service_release(&s);
    }
}

static void keeps_to_its_rate(void **state)
{
    (void)state;
    static const uint64_t rates[] = {1, 10, 1000, 100000};
    for (size_t i = 0; i < COUNT(rates); i++) {
        for (unsigned sessions = 1; sessions <= 16; sessions *= 4) {
            struct service s = {.rate = rates[i]};
            service_init(&s);
            uint64_t count = rates[i] * 2;
            unsigned each = (unsigned)(count / sessions) + 1;
            uint64_t took = drive(&s, sessions, each);
            /* But for the first, and for the credit of late timers. */
            uint64_t least = (each * sessions - 1) * 1000 / rates[i];
            assert_in_range(took + 20, least, least + 40);
            service_release(&s);
        }
    }
}

static void the_latest_counts(void **state)
{
    (void)state;
    struct service s = {
        .delay_ms = 30, .message_ms = 20, .workers = 1, .rate = 10};
    service_init(&s);
    assert_int_equal(service_wait_ms(&s, 1000, 1), 30);
    assert_int_equal(service_wait_ms(&s, 1000, 1), 80); /* 100, 20 of credit */
    assert_int_equal(service_wait_ms(&s, 1000, 10), 2040);
    service_release(&s);
}

/* Throttle. */

static void throttles(void **state)
{
    (void)state;
    struct throttle t = {.messages_max = 2, .window_ms = 1000, .now_ms = 5};
    uint64_t first = throttle_begin(&t);
    assert_int_not_equal(first, 0);
    assert_int_equal(throttle_begin(&t), first);
    assert_int_equal(throttle_begin(&t), 0);
    throttle_give_back(&t, first);
    throttle_give_back(&t, 0);
    assert_int_equal(throttle_begin(&t), first);
    t.now_ms = 1004;
    assert_int_equal(throttle_begin(&t), 0);
    t.now_ms = 1005; /* windows begin with a message, not with the clock */
    uint64_t second = throttle_begin(&t);
    assert_int_not_equal(second, 0);
    assert_int_not_equal(second, first);
    throttle_give_back(&t, first); /* of one that is over: counts for nothing */
    assert_int_equal(throttle_begin(&t), second);
    assert_int_equal(throttle_begin(&t), 0);
    t.now_ms = 9999;
    assert_int_not_equal(throttle_begin(&t), 0);
}

/* Limits. */

static const struct {
    const char *text;
    bool fine;
    unsigned mails;
    unsigned recipients;
} texts[] = {
    {"MAILMAX=100 RCPTMAX=50", true, 100, 50},
    {"RCPTMAX=1", true, 0, 1},
    {" MAILMAX=999999  RCPTMAX=2 ", true, 999999, 2},
    {"", false, 0, 0},
    {" ", false, 0, 0},
    {"MAILMAX", false, 0, 0},
    {"MAILMAX=", false, 0, 0},
    {"MAILMAX=0", false, 0, 0},
    {"MAILMAX=01", false, 0, 0},
    {"MAILMAX=1000000", false, 0, 0},
    {"MAILMAX=1 MAILMAX=2", false, 0, 0},
    {"MAILMAX=1x", false, 0, 0},
    {"RCPTDOMAINMAX=1", false, 0, 0},
    {"mailmax=1", false, 0, 0},
    {"MAILMAX=1\r\n250 X", false, 0, 0},
};

static void reads_limits(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct edge edge = edge_copy(span_of(texts[i].text));
        struct limits limits = {{"", 0}, 7, 7};
        assert_int_equal(limits_read(edge.span, &limits), texts[i].fine);
        assert_int_equal(limits.mails_max, texts[i].fine ? texts[i].mails : 7);
        assert_int_equal(limits.recipients_max,
                         texts[i].fine ? texts[i].recipients : 7);
        edge_release(&edge);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_nobody_wait),
        cmocka_unit_test(delays),
        cmocka_unit_test(serves_best_at_as_many_as_workers),
        cmocka_unit_test(keeps_to_its_rate),
        cmocka_unit_test(the_latest_counts),
        cmocka_unit_test(throttles),
        cmocka_unit_test(reads_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
