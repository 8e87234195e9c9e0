/* smtp/forms: what relays grant paths and contents with is told apart, and
 * what differs from one reply to the next does not matter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "smtp/forms.h"

static enum forms_owner owner(struct forms *f, enum step step, const char *text)
{
    struct reply reply = {
        .code = 250,
        .enhanced = reply_enhanced(250, span_of(text)),
        .text = span_of(text),
    };
    return forms_owner(f, step, &reply);
}

static bool slipped(struct forms *f, enum step step, const char *text)
{
    return owner(f, step, text) == FORMS_ANOTHER;
}

/* Such as Postfix, Exim, Dovecot, Gmail, Exchange and Sendmail say, and two
 * that say little. */
static const struct relay {
    const char *mail, *recipient, *content, *next_recipient, *next_content;
    bool first_told; /* a second word for the recipient, in place of the first
                        for the content, is known for what it is */
    bool told;       /* and so is a later one */
    bool own;        /* that of the content is nobody else's */
} relays[] = {
    {"2.1.0 Ok", "2.1.5 Ok", "2.0.0 Ok: 323 bytes queued as 4ZJ1x02bQz",
     "2.1.5 Ok", "2.0.0 Ok: 9 bytes queued as 4ZJ1x0DEAD", true, true, true},
    {"OK", "Accepted", "323 byte chunk, total 323 OK id=1tFq8H-00A1bC-2d",
     "Accepted", "1 byte chunk, total 1 OK id=1aaaaa-bbbbbb-cc", false, true,
     true},
    {"2.1.0 OK", "2.1.5 OK", "2.0.0 Ok: queued as 12AB", "2.1.5 OK",
     "2.0.0 Ok: queued as 13AB", true, true, true},
    {"2.1.0 OK a1-20020a - gsmtp", "2.1.5 OK a1-20020a - gsmtp",
     "2.0.0 OK  1700000000 a1-20020a - gsmtp", "2.1.5 OK b2 - gsmtp",
     "2.0.0 OK  17 b2 - gsmtp", true, true, true},
    {"2.1.0 Sender OK", "2.1.5 Recipient OK",
     "2.6.0 <a@example> [InternalId=7] 8 bytes in 0.1, 4 KB/sec Queued mail "
     "for delivery",
     "2.1.5 Recipient OK",
     "2.6.0 <b@example> [InternalId=8] 9 bytes in 1, 4 KB/sec Queued mail for "
     "delivery",
     true, true, true},
    {"2.1.0 <a@example>... Sender ok", "2.1.5 <b@example>... Recipient ok",
     "2.0.0 4AQ0abcd Message accepted for delivery",
     "2.1.5 <c@example>... Recipient ok",
     "2.0.0 4AQ1abcd Message accepted for delivery", true, true, true},
    {"ok", "ok", "ok", "ok", "ok", false, false, false},
    {"2.1.5 ok", "2.1.5 ok", "2.1.5 ok", "2.1.5 ok", "2.1.5 ok", false, false,
     false},
    {"ok", "ok", "ok 1", "ok", "ok 23", false, false, false},
    {"sender ok", "ok", "ok", "ok", "ok", false, false, false},
};

enum { RELAYS = sizeof relays / sizeof *relays };

static void grant_paths(struct forms *f, const struct relay *r)
{
    *f = (struct forms){0};
    assert_false(slipped(f, STEP_MAIL, r->mail));
    assert_false(slipped(f, STEP_RCPT, r->recipient));
}

static void takes_relays_at_their_word(void **state)
{
    (void)state;
    for (size_t i = 0; i < RELAYS; i++) {
        struct forms f;
        const struct relay *r = &relays[i];
        grant_paths(&f, r);
        assert_false(slipped(&f, STEP_BDAT, r->content));
        assert_false(slipped(&f, STEP_RSET, r->next_content));
        assert_false(slipped(&f, STEP_MAIL, r->mail));
        assert_false(slipped(&f, STEP_RCPT, r->next_recipient));
        assert_false(slipped(&f, STEP_BDAT, r->next_content));
        assert_false(slipped(&f, STEP_BDAT, "another one"));
    }
}

static void knows_a_path_granted_twice(void **state)
{
    (void)state;
    for (size_t i = 0; i < RELAYS; i++) {
        struct forms f;
        const struct relay *r = &relays[i];
        grant_paths(&f, r);
        assert_int_equal(slipped(&f, STEP_BDAT, r->recipient), r->first_told);
        grant_paths(&f, r);
        assert_int_equal(slipped(&f, STEP_BDAT, r->mail), r->first_told);
        grant_paths(&f, r);
        assert_false(slipped(&f, STEP_BDAT, r->content));
        assert_int_equal(slipped(&f, STEP_BDAT, r->next_recipient), r->told);
        assert_false(slipped(&f, STEP_BDAT, r->next_content));
    }
}

static void knows_whose_word_is_the_content_s_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < RELAYS; i++) {
        struct forms f;
        const struct relay *r = &relays[i];
        grant_paths(&f, r);
        assert_int_equal(owner(&f, STEP_BDAT, r->content),
                         r->own ? FORMS_OWN : FORMS_SHARED);
        assert_int_equal(owner(&f, STEP_RSET, r->content), FORMS_SHARED);
        assert_int_equal(owner(&f, STEP_BDAT, r->next_content), FORMS_SHARED);
    }
}

/* It may be the same word, and is then known. */
static void knows_a_reset_s(void **state)
{
    (void)state;
    struct forms f;
    grant_paths(&f, &relays[0]);
    assert_false(slipped(&f, STEP_RSET, "2.0.0 Ok"));
    assert_false(slipped(&f, STEP_BDAT, relays[0].content));
    assert_true(slipped(&f, STEP_BDAT, "2.0.0 Ok"));
    grant_paths(&f, &relays[0]);
    assert_false(slipped(&f, STEP_RSET, "2.0.0 Ok"));
    assert_false(slipped(&f, STEP_BDAT, "2.0.0 Ok"));
    assert_false(slipped(&f, STEP_BDAT, "2.0.0 Ok"));
}

static void knows_the_last_recipient_s(void **state)
{
    (void)state;
    struct forms f;
    grant_paths(&f, &relays[0]);
    assert_false(slipped(&f, STEP_BDAT, relays[0].content));
    assert_false(slipped(&f, STEP_RCPT, "2.1.5 will forward"));
    assert_true(slipped(&f, STEP_BDAT, "2.1.5 will forward"));
    assert_true(slipped(&f, STEP_BDAT, relays[0].recipient));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_relays_at_their_word),
        cmocka_unit_test(knows_a_path_granted_twice),
        cmocka_unit_test(knows_whose_word_is_the_content_s_alone),
        cmocka_unit_test(knows_a_reset_s),
        cmocka_unit_test(knows_the_last_recipient_s),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
