/* smtp/forms: what real relays say to each step is told apart, and what
 * differs from one reply to the next does not matter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "smtp/forms.h"

static struct reply reply(const char *text)
{
    return (struct reply){
        .code = 250,
        .enhanced = reply_enhanced(250, span_of(text)),
        .text = span_of(text),
    };
}

static enum form_sense look(struct forms *f, enum step step, const char *text)
{
    struct reply r = reply(text);
    return forms_look(f, step, &r);
}

/* Such as Postfix, Exim, Dovecot, Gmail, Exchange and Sendmail say, and one
 * that says little. */
static const struct relay {
    const char *reset, *mail, *rcpt, *chunk;
    const char *next_rcpt, *next_chunk;
} relays[] = {
    {"2.0.0 Ok", "2.1.0 Ok", "2.1.5 Ok",
     "2.0.0 Ok: 323 bytes queued as 4ZJ1x02bQz", "2.1.5 Ok",
     "2.0.0 Ok: 9 bytes queued as 4ZJ1x0DEAD"},
    {"Reset OK", "OK", "Accepted",
     "323 byte chunk, total 323 OK id=1tFq8H-00A1bC-2d", "Accepted",
     "1 byte chunk, total 1 OK id=1aaaaa-bbbbbb-cc"},
    {"2.0.0 OK", "2.1.0 OK", "2.1.5 OK", "2.0.0 Ok: queued as 12AB", "2.1.5 OK",
     "2.0.0 Ok: queued as 13AB"},
    {"2.1.5 Flushed a1-20020a-gsmtp", "2.1.0 OK a1-20020a - gsmtp",
     "2.1.5 OK a1-20020a - gsmtp", "2.0.0 OK  1700000000 a1-20020a - gsmtp",
     "2.1.5 OK b2 - gsmtp", "2.0.0 OK  17 b2 - gsmtp"},
    {"2.0.0 Resetting", "2.1.0 Sender OK", "2.1.5 Recipient OK",
     "2.6.0 <a@example> [InternalId=7] 8 bytes in 0.1, 4 KB/sec Queued mail "
     "for delivery",
     "2.1.5 Recipient OK",
     "2.6.0 <b@example> [InternalId=8] 9 bytes in 1, 4 KB/sec Queued mail for "
     "delivery"},
    {"2.0.0 Reset state", "2.1.0 <a@example>... Sender ok",
     "2.1.5 <b@example>... Recipient ok",
     "2.0.0 4AQ0abcd Message accepted for delivery",
     "2.1.5 <c@example>... Recipient ok",
     "2.0.0 4AQ1abcd Message accepted for delivery"},
    {"OK", "OK", "OK", "OK 1", "OK", "OK 23"},
};

enum { RELAYS = sizeof relays / sizeof *relays };

static void learn(struct forms *f, const struct relay *r)
{
    *f = (struct forms){0};
    look(f, STEP_RSET, r->reset);
    look(f, STEP_MAIL, r->mail);
    look(f, STEP_RCPT, r->rcpt);
    assert_int_equal(look(f, STEP_BDAT, r->chunk), FORM_NEW);
}

static void fits_what_relays_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < RELAYS; i++) {
        struct forms f;
        const struct relay *r = &relays[i];
        learn(&f, r);
        assert_int_not_equal(look(&f, STEP_RSET, r->reset), FORM_ASTRAY);
        assert_int_not_equal(look(&f, STEP_MAIL, r->mail), FORM_ASTRAY);
        assert_int_not_equal(look(&f, STEP_RCPT, r->next_rcpt), FORM_ASTRAY);
        assert_int_equal(look(&f, STEP_BDAT, r->next_chunk), FORM_FITS);
    }
}

static void finds_what_went_astray(void **state)
{
    (void)state;
    for (size_t i = 0; i < RELAYS; i++) {
        struct forms f;
        const struct relay *r = &relays[i];
        learn(&f, r);
        assert_int_equal(look(&f, STEP_BDAT, r->next_rcpt), FORM_ASTRAY);
        assert_int_equal(look(&f, STEP_BDAT, r->mail), FORM_ASTRAY);
        assert_int_equal(look(&f, STEP_BDAT, r->reset), FORM_ASTRAY);
        assert_int_equal(look(&f, STEP_RSET, r->chunk), FORM_ASTRAY);
    }
}

static void knows_one_word_for_all(void **state)
{
    (void)state;
    struct forms f = {0};
    assert_int_equal(look(&f, STEP_MAIL, "ok"), FORM_NEW);
    assert_int_equal(look(&f, STEP_RCPT, "ok"), FORM_SAYS_ALL);
    assert_int_equal(look(&f, STEP_BDAT, "ok"), FORM_SAYS_ALL);
    assert_int_equal(look(&f, STEP_BDAT, "ok, 7"), FORM_NEW);
}

static void tells_codes_apart(void **state)
{
    (void)state;
    struct forms f = {0};
    struct reply one = reply("2.1.5 Ok"), other = reply("2.1.0 Ok");
    forms_learn(&f, STEP_RCPT, &one);
    assert_int_equal(forms_look(&f, STEP_MAIL, &other), FORM_NEW);
    assert_int_equal(forms_look(&f, STEP_MAIL, &one), FORM_ASTRAY);
    assert_int_equal(forms_look(&f, STEP_MAIL, &other), FORM_FITS);
    one.code = 251;
    assert_int_equal(forms_look(&f, STEP_MAIL, &one), FORM_NEW);
}

static void knows_the_first_and_the_last(void **state)
{
    (void)state;
    struct forms f = {0};
    struct reply first = reply("first"), middle = reply("middle"),
                 last = reply("last"), none = reply("none");
    forms_learn(&f, STEP_RCPT, &first);
    forms_learn(&f, STEP_RCPT, &middle);
    forms_learn(&f, STEP_RCPT, &last);
    assert_int_equal(look(&f, STEP_BDAT, "queued"), FORM_NEW);
    assert_int_equal(forms_look(&f, STEP_BDAT, &first), FORM_ASTRAY);
    assert_int_equal(forms_look(&f, STEP_BDAT, &middle), FORM_NEW);
    assert_int_equal(forms_look(&f, STEP_BDAT, &last), FORM_ASTRAY);
    assert_int_equal(forms_look(&f, STEP_BDAT, &none), FORM_NEW);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fits_what_relays_say),
        cmocka_unit_test(finds_what_went_astray),
        cmocka_unit_test(knows_one_word_for_all),
        cmocka_unit_test(tells_codes_apart),
        cmocka_unit_test(knows_the_first_and_the_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
