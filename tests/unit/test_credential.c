/* mailing/credential: when is a secret worth being asked for anew? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mailing/credential.h"
#include "mailing/settings.h"

static const struct settings by_command = {
    .user = "ann",
    .secret = {.kind = SECRET_COMMAND},
};

static struct credential fetched(const struct logins *logins)
{
    return (struct credential){.before = *logins};
}

static bool renewable(const struct credential *c, struct logins *logins)
{
    return credential_lapse_renewable(c, &by_command, logins);
}

static void a_lapse_is_renewed_once(void **state)
{
    (void)state;
    struct logins logins = {0};
    struct credential old = fetched(&logins);
    struct credential other = fetched(&logins);
    assert_true(renewable(&old, &logins));
    struct credential fresh = fetched(&logins);
    assert_true(renewable(&other, &logins)); /* as old as that one */
    assert_true(renewable(&other, &logins)); /* each letter of it says so */
    assert_false(renewable(&fresh, &logins));
}

static void and_again_where_a_letter_was_taken_since(void **state)
{
    (void)state;
    struct logins logins = {0};
    for (unsigned i = 0; i < 5; i++) {
        struct credential c = fetched(&logins);
        credential_held(&c, &logins);
        assert_true(renewable(&c, &logins));
    }
    struct credential fresh = fetched(&logins);
    assert_false(renewable(&fresh, &logins));
}

/* That an old session still sends says nothing of new logins. */
static void what_an_old_one_sends_does_not_count(void **state)
{
    (void)state;
    struct logins logins = {0};
    struct credential old = fetched(&logins);
    struct credential lapsed = fetched(&logins);
    assert_true(renewable(&lapsed, &logins));
    struct credential fresh = fetched(&logins);
    credential_held(&old, &logins);
    assert_false(renewable(&fresh, &logins));
}

static void where_it_cannot_be_had_anew(void **state)
{
    (void)state;
    struct logins logins = {0};
    struct credential c = fetched(&logins);
    struct settings settings = by_command;
    settings.secret.kind = SECRET_FD;
    assert_false(credential_lapse_renewable(&c, &settings, &logins));
    assert_false(credential_token_renewable(&c, &settings, &logins));
    settings = by_command;
    settings.user = NULL;
    assert_false(credential_lapse_renewable(&c, &settings, &logins));
    settings = by_command;
    assert_true(credential_token_renewable(&c, &settings, &logins));
    c = fetched(&logins);
    assert_false(credential_token_renewable(&c, &settings, &logins));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lapse_is_renewed_once),
        cmocka_unit_test(and_again_where_a_letter_was_taken_since),
        cmocka_unit_test(what_an_old_one_sends_does_not_count),
        cmocka_unit_test(where_it_cannot_be_had_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
