/* mailing/deal: domains take turns, and one that waits holds up no other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/mem.h"
#include "list/address.h"
#include "mailing/deal.h"

static const struct siphash_key key = {{1}};
static const struct deal_wish all = {.fresh = true};
static const struct deal_wish again = {.fresh = false};

static struct task *row(const char *domain, uint32_t number)
{
    char address[128];
    struct task *t = mem_alloc_zero(1, sizeof *t);
    int len = snprintf(address, sizeof address, "u%u@%s", number, domain);
    t->contact = number;
    t->row.address = arena_copy(&t->row_arena, span_from(address, (size_t)len));
    return t;
}

static void drop(struct task *t)
{
    arena_release(&t->row_arena);
    free(t);
}

static bool is_of(const struct task *t, const char *domain)
{
    return span_equal(address_domain(t->row.address), span_of(domain));
}

static struct deal begun(const struct settings *settings)
{
    struct deal d;
    deal_init(&d, settings, &key, 1000);
    return d;
}

static void end(struct deal *d)
{
    struct task *t;
    while ((t = deal_take_any(d, 0))) {
        drop(t);
    }
    deal_release(d);
}

/* "aaabbc" in, each letter a domain; the order out. */
static void deal_out(const struct settings *settings, const char *in, char *out)
{
    struct deal d = begun(settings);
    for (uint32_t i = 0; in[i]; i++) {
        char domain[] = {in[i], '.', 'x', '\0'};
        deal_add(&d, row(domain, i));
    }
    struct task *t;
    while ((t = deal_take(&d, 1000, all))) {
        *out++ = address_domain(t->row.address).data[0];
        drop(t);
    }
    *out = '\0';
    end(&d);
}

static const struct {
    unsigned batch;
    const char *in, *out;
} turns[] = {
    {1, "", ""},
    {1, "aaaa", "aaaa"},
    {1, "abcd", "abcd"},
    {1, "aaabbc", "abcaba"},
    {1, "aaaaab", "abaaaa"},
    {1, "abaaca", "abcaaa"},
    {2, "aaabbc", "aaabbc"},
};

static void domains_take_turns(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof turns / sizeof *turns; i++) {
        struct settings settings = {.batch = turns[i].batch};
        char out[16];
        deal_out(&settings, turns[i].in, out);
        assert_string_equal(out, turns[i].out);
    }
}

/* Within a domain the order is that of the list. */
static void a_domain_keeps_its_order(void **state)
{
    (void)state;
    struct settings settings = {.batch = 1};
    struct deal d = begun(&settings);
    static const char *const domains[] = {"a.x", "b.x", "c.x"};
    for (uint32_t i = 0; i < 300; i++) {
        deal_add(&d, row(domains[i * i % 3 ? 0 : i % 3], i));
    }
    int64_t last[3] = {-1, -1, -1};
    for (struct task *t; (t = deal_take(&d, 1000, all)); drop(t)) {
        for (int k = 0; k < 3; k++) {
            if (is_of(t, domains[k])) {
                assert_true((int64_t)t->contact > last[k]);
                last[k] = t->contact;
            }
        }
    }
    end(&d);
}

static void what_goes_again_goes_first(void **state)
{
    (void)state;
    struct settings settings = {.batch = 1};
    struct deal d = begun(&settings);
    deal_add(&d, row("a.x", 1));
    deal_return(&d, row("a.x", 2));
    deal_add(&d, row("b.x", 3));
    deal_return(&d, row("c.x", 4));
    static const uint32_t order[] = {2, 4};
    for (size_t i = 0; i < 2; i++) { /* nothing fresh is wanted */
        assert_true(deal_ready(&d, 1000, again));
        struct task *t = deal_take(&d, 1000, again);
        assert_int_equal(t->contact, order[i]);
        drop(t);
    }
    assert_false(deal_ready(&d, 1000, again));
    assert_null(deal_take(&d, 1000, again));
    assert_int_equal(d.returned, 0);
    assert_int_equal(d.ahead, 2);
    end(&d);
}

/* Rows that are not for who asks are passed over, and stay where they are. */
static void needs_are_passed_over(void **state)
{
    (void)state;
    struct settings settings = {.batch = 1};
    struct deal d = begun(&settings);
    static const unsigned needs[] = {1, 0, 1, 3, 0, 2};
    for (uint32_t i = 0; i < 6; i++) {
        struct task *t = row(i < 3 ? "a.x" : "b.x", i);
        t->needs = needs[i];
        (i % 2 ? deal_return : deal_add)(&d, t);
    }
    assert_int_equal(d.choosy, 4);
    const struct deal_wish plain = {.fresh = true, .unfit = 0xe};
    static const uint32_t plain_order[] = {1, 4};
    for (size_t i = 0; i < 2; i++) {
        assert_true(deal_ready(&d, 1000, plain));
        struct task *t = deal_take(&d, 1000, plain);
        assert_int_equal(t->contact, plain_order[i]);
        drop(t);
    }
    assert_false(deal_ready(&d, 1000, plain));
    assert_null(deal_take(&d, 1000, plain));
    assert_int_equal(d.choosy, 4);
    struct task *t = deal_take_any(&d, ~(1u << 2));
    assert_int_equal(t->contact, 5);
    drop(t);
    assert_null(deal_take_any(&d, ~(1u << 2)));
    static const uint32_t order[] = {0, 3, 2};
    for (size_t i = 0; i < 3; i++) {
        t = deal_take(&d, 1000, all);
        assert_int_equal(t->contact, order[i]);
        drop(t);
    }
    assert_int_equal(d.choosy + d.ahead + d.returned, 0);
    /* The last one of a file was taken from its middle before. */
    deal_add(&d, row("a.x", 7));
    t = deal_take(&d, 1000, all);
    assert_int_equal(t->contact, 7);
    drop(t);
    end(&d);
}

static const struct domain_rate slow = {
    .domain = {"slow.x", 6}, .limits = {{2, 1000}}, .limit_count = 1};

static void one_that_waits_holds_up_no_other(void **state)
{
    (void)state;
    struct settings settings = {
        .batch = 1, .domain_rates = &slow, .domain_rate_count = 1};
    struct deal d = begun(&settings);
    unsigned left = 0;
    for (uint32_t i = 0; i < 2 * DEAL_WAITING_MAX; i++) {
        if (deal_room(&d, SPAN("slow.x")) == DEAL_ROOM) {
            deal_add(&d, row("slow.x", i));
        } else {
            left++;
        }
    }
    assert_int_equal(left, DEAL_WAITING_MAX);
    assert_true(deal_hungry(&d)); /* for others */
    assert_false(deal_roomy(&d));
    unsigned of_slow = 0, of_others = 0;
    for (uint64_t now = 1000; now < 11000; now++) {
        if (deal_hungry(&d)) {
            deal_add(&d, row("quick.x", 0));
        }
        assert_true(deal_ready(&d, now, all));
        struct task *t = deal_take(&d, now, all);
        *(is_of(t, "slow.x") ? &of_slow : &of_others) += 1;
        drop(t);
    }
    assert_in_range(of_slow, 19, 21);
    assert_int_equal(of_others, 10000 - of_slow);
    end(&d);
}

static void says_when_the_next_one_is_ready(void **state)
{
    (void)state;
    struct settings settings = {
        .batch = 1, .domain_rates = &slow, .domain_rate_count = 1};
    struct deal d = begun(&settings);
    assert_true(deal_when_ms(&d, 1000) == UINT64_MAX);
    deal_add(&d, row("slow.x", 1));
    deal_add(&d, row("slow.x", 2));
    drop(deal_take(&d, 1000, all));
    assert_null(deal_take(&d, 1000, all));
    uint64_t when = deal_when_ms(&d, 1000);
    assert_in_range(when, 1500, 1502);
    assert_false(deal_ready(&d, when - 2, all));
    assert_true(deal_ready(&d, when, all));
    end(&d);
}

static void what_was_not_said_uses_up_nothing(void **state)
{
    (void)state;
    struct settings settings = {
        .batch = 1, .domain_rates = &slow, .domain_rate_count = 1};
    struct deal d = begun(&settings);
    deal_add(&d, row("slow.x", 1));
    deal_add(&d, row("slow.x", 2));
    deal_add(&d, row("quick.x", 3));
    struct task *quick = deal_take(&d, 1000, all);
    struct task *other = deal_take(&d, 1000, all);
    struct task *one = is_of(quick, "slow.x") ? quick : other;
    assert_false(deal_ready(&d, 1000, all));
    deal_end_unsaid(&d, one == quick ? other : quick); /* that has no rate */
    assert_false(deal_ready(&d, 1000, all));
    deal_end_unsaid(&d, one);
    deal_return(&d, one);
    assert_ptr_equal(deal_take(&d, 1000, all), one);
    assert_false(deal_ready(&d, 1000, all));
    drop(quick);
    drop(other);
    end(&d);
}

static void a_budget_that_is_used_up_closes(void **state)
{
    (void)state;
    enum { HOUR = 3600000 };
    const struct domain_rate of = {
        .domain = {"slow.x", 6}, .limits = {{3, HOUR, true}}, .limit_count = 1};
    struct settings settings = {
        .batch = 1, .domain_rates = &of, .domain_rate_count = 1};
    struct deal d = begun(&settings);
    for (uint32_t i = 0; i < 5; i++) {
        deal_add(&d, row("slow.x", i));
    }
    deal_add(&d, row("quick.x", 9));
    unsigned taken = 0;
    for (struct task *t; (t = deal_take(&d, 2000, all)); drop(t)) {
        taken++;
    }
    assert_int_equal(taken, 4);
    assert_int_equal(deal_room(&d, SPAN("slow.x")), DEAL_CLOSED);
    assert_int_equal(deal_room(&d, SPAN("quick.x")), DEAL_ROOM);
    struct span domain;
    uint64_t opens;
    for (uint32_t i = 3; i < 5; i++) {
        struct task *t = deal_take_closed(&d, 2000, &domain, &opens);
        assert_int_equal(t->contact, i);
        assert_true(span_equal(domain, SPAN("slow.x")));
        assert_in_range(opens, HOUR, HOUR + 130000);
        drop(t);
    }
    assert_null(deal_take_closed(&d, 2000, &domain, &opens));
    end(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(domains_take_turns),
        cmocka_unit_test(a_domain_keeps_its_order),
        cmocka_unit_test(what_goes_again_goes_first),
        cmocka_unit_test(needs_are_passed_over),
        cmocka_unit_test(one_that_waits_holds_up_no_other),
        cmocka_unit_test(says_when_the_next_one_is_ready),
        cmocka_unit_test(what_was_not_said_uses_up_nothing),
        cmocka_unit_test(a_budget_that_is_used_up_closes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
