#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mailing/appetite.h"

static void letters_are_counted_until_it_has_enough(void **state)
{
    (void)state;
    struct appetite a = {0};
    appetite_verdict(&a, SESSION_DEALT, true);
    appetite_verdict(&a, SESSION_DEALT, false); /* of one letter */
    appetite_verdict(&a, SESSION_DEALT, true);
    appetite_verdict(&a, SESSION_WAITS, true);
    assert_int_equal(a.letters, 2);
    assert_false(a.full);
    appetite_verdict(&a, SESSION_LEAVES, true);
    appetite_verdict(&a, SESSION_DEALT, true); /* was under way */
    assert_int_equal(a.letters, 2);
    assert_true(a.full && a.counts);
}

static void who_says_that_it_counts_is_believed(void **state)
{
    (void)state;
    struct appetite_learned learned = {0};
    assert_int_equal(appetite_limit(&learned, 0), 0);
    assert_int_equal(appetite_limit(&learned, 50), 50);
    appetite_learn(&learned, &(struct appetite){100, true, true, false});
    assert_int_equal(appetite_limit(&learned, 0), 100);
    assert_int_equal(appetite_limit(&learned, 50), 50);
    assert_int_equal(appetite_limit(&learned, 500), 100);
    appetite_learn(&learned, &(struct appetite){120, true, true, false});
    assert_int_equal(appetite_limit(&learned, 0), 100);
}

/* What ended was the login, not the patience with so many letters. */
static void a_login_that_lapsed_counts_nothing(void **state)
{
    (void)state;
    struct appetite a = {0};
    struct appetite_learned learned = {0};
    appetite_verdict(&a, SESSION_DEALT, true);
    appetite_verdict(&a, SESSION_LAPSED, true);
    assert_true(a.full && a.lapsed && a.letters == 1);
    appetite_learn(&learned, &a);
    appetite_learn(&learned, &a);
    assert_int_equal(appetite_limit(&learned, 0), 0);
}

static void who_closes_once_is_not_taken_to_count(void **state)
{
    (void)state;
    struct appetite_learned learned = {0};
    appetite_learn(&learned, &(struct appetite){9, true, false, false});
    appetite_learn(&learned, &(struct appetite){12, true, false, false});
    appetite_learn(&learned, &(struct appetite){0, true, true, false});
    appetite_learn(&learned, &(struct appetite){5, false, false, false});
    assert_int_equal(appetite_limit(&learned, 0), 0);
    appetite_learn(&learned, &(struct appetite){12, true, false, false});
    assert_int_equal(appetite_limit(&learned, 0), 12);
}

/* A dialog in clear that hears this behind its EHLO, after a letter. */
static void hear(struct appetite *a, bool asked, const char *last)
{
    const struct dialog_settings settings = {
        .helo = SPAN("client.example.org"),
        .security = DIALOG_CLEAR,
        .window = 1,
        .probe_sender = SPAN("a@example.org"),
    };
    const struct span to = SPAN("b@example.org");
    const struct span content = SPAN("S: s\r\n\r\nt\r\n");
    const struct transaction letter = {
        .sender = SPAN("a@example.org"),
        .recipients = &to,
        .recipient_count = 1,
        .content = &content,
        .content_count = 1,
        .content_bytes = content.len,
    };
    struct dialog *d = dialog_create(&settings);
    dialog_receive(d, SPAN("220 hi\r\n"), UINT64_MAX);
    dialog_receive(d, SPAN("250 relay\r\n"), UINT64_MAX);
    if (asked) {
        dialog_give(d, &letter);
        dialog_pump(d);
    }
    dialog_receive(d, span_of(last), UINT64_MAX);
    appetite_end(a, d);
    dialog_lost(d, 0);
    for (struct dialog_verdict v; dialog_verdict(d, &v);) {
    }
    dialog_destroy(d);
}

static void a_421_is_enough_where_it_answers_something(void **state)
{
    (void)state;
    struct appetite a = {0};
    hear(&a, false, "421 4.4.2 idle for too long\r\n");
    assert_false(a.full);
    hear(&a, true, "450 4.2.0 not this one\r\n");
    assert_false(a.full);
    hear(&a, true, "421 4.3.2 shutting down\r\n");
    assert_true(a.full && !a.counts);
    hear(&a, true, "421 too many messages in this connection\r\n");
    assert_true(a.full && a.counts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_are_counted_until_it_has_enough),
        cmocka_unit_test(who_says_that_it_counts_is_believed),
        cmocka_unit_test(a_login_that_lapsed_counts_nothing),
        cmocka_unit_test(who_closes_once_is_not_taken_to_count),
        cmocka_unit_test(a_421_is_enough_where_it_answers_something),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
