/* auth: a relay that proves nothing, asks without end, or talks nonsense. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/sasl_server.h"

/* --- a relay that is not what it should be --- */

/* It knows the password, and then shows another proof, or none. */
static void test_who_proves_nothing(void **state)
{
    static const struct {
        const char *proof; /* base64; NULL: 235 at once */
    } rows[] = {
        {NULL},
        {""},
        {"dj1BQUFB"},                                     /* v=AAAA */
        {"ZT1pbnZhbGlkLXByb29m"},                         /* e=invalid-proof */
        {"dj0="},                                         /* v= */
        {"bm9uc2Vuc2U="},                                 /* nonsense */
        {"dj1BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQT0="}, /* as long */
    };
    static const char *const names[] = {"SCRAM-SHA-1", "SCRAM-SHA-256",
                                        "SCRAM-SHA-256-PLUS"};
    (void)state;
    for (size_t i = 0; i < COUNT(rows) * COUNT(names); i++) {
        const char *proof = rows[i / COUNT(names)].proof;
        const char *name = names[i % COUNT(names)];
        struct login login = login_of("sesame");
        struct server s = {.belief = {"sesame", "4096", binding, false}};
        struct buf line;
        struct auth *a = begin(&login, name, &line);
        open_server(&s, name);
        hear(&s, span_rest(line_of(&line), 6 + strlen(name)));
        buf_clear(&line);
        assert_int_equal(auth_answer(a, span_of(s.says), &line), AUTH_SPOKEN);
        assert_int_equal(auth_accepted(a), AUTH_UNPROVEN);
        size_t said = line.len;
        if (proof) {
            assert_int_equal(auth_answer(a, span_of(proof), &line),
                             AUTH_UNPROVEN);
            assert_int_equal(auth_accepted(a), AUTH_UNPROVEN);
            assert_int_equal(line.len, said);
        }
        buf_release(&line);
        auth_destroy(a);
        close_server(&s);
    }
}

static void test_a_welcome_at_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(by_library); i++) {
        struct login login = login_of("sesame");
        struct buf line;
        struct auth *a = begin(&login, by_library[i], &line);
        bool plain = strcmp(by_library[i], "PLAIN") == 0;
        assert_int_equal(auth_accepted(a) == AUTH_SPOKEN, plain);
        buf_release(&line);
        auth_destroy(a);
    }
}

static void test_garbage(void **state)
{
    static const struct {
        const char *name;
        const char *challenge;
    } rows[] = {
        {"SCRAM-SHA-256", ""},
        {"SCRAM-SHA-256", "="},
        {"SCRAM-SHA-256", "****"},
        {"SCRAM-SHA-256", "AAAA"},
        {"SCRAM-SHA-256", "cj1hYmMscz1RVUpELGk9NDA5Ng=="}, /* another nonce */
        {"SCRAM-SHA-1", "aT0w"},                           /* i=0 */
        {"PLAIN", ""},
        {"PLAIN", "AAAA"},
        {"LOGIN", "not base64!"},
        {"CRAM-MD5", "not base64!"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct login login = login_of("sesame");
        struct buf line;
        struct auth *a = begin(&login, rows[i].name, &line);
        size_t said = line.len;
        enum auth_turn turn = auth_answer(a, span_of(rows[i].challenge), &line);
        if (turn != AUTH_GARBLED || line.len != said) {
            fail_msg("%s: %s: %d", rows[i].name, rows[i].challenge, turn);
        }
        buf_release(&line);
        auth_destroy(a);
    }
}

/* i=4000000000 would keep us busy for an hour. */
static void test_iterations_without_end(void **state)
{
    static const char *const counts[] = {"1000001", "2147483647",
                                         "18446744073709551616", "-1", "1e9"};
    (void)state;
    for (size_t i = 0; i < COUNT(counts); i++) {
        struct login login = login_of("sesame");
        struct server s = {.belief = {"sesame", "4096", NULL, false}};
        struct buf line;
        struct auth *a = begin(&login, "SCRAM-SHA-256", &line);
        open_server(&s, "SCRAM-SHA-256");
        hear(&s, span_rest(line_of(&line), 6 + strlen("SCRAM-SHA-256")));
        char *plain;
        size_t len;
        gsasl_base64_from(s.says, strlen(s.says), &plain, &len);
        struct buf forged;
        buf_init(&forged, 4096);
        buf_append(&forged, span_from(plain, len - strlen("4096")));
        buf_append(&forged, span_of(counts[i]));
        gsasl_free(plain);
        gsasl_base64_to(forged.data, forged.len, &plain, &len);
        assert_int_equal(auth_answer(a, span_from(plain, len), &line),
                         AUTH_GARBLED);
        gsasl_free(plain);
        buf_release(&forged);
        buf_release(&line);
        auth_destroy(a);
        close_server(&s);
    }
}

static void test_no_end_of_questions(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(by_library); i++) {
        struct login login = login_of("sesame");
        struct server s = {.belief = {"sesame", "4096", binding, false}};
        struct auth *a = auth_create(&login, offer(by_library[i]));
        assert_int_equal(converse(a, &s), AUTH_SPOKEN);
        struct buf line;
        buf_init(&line, 4096);
        assert_int_equal(auth_answer(a, SPAN("AAAA"), &line), AUTH_GARBLED);
        assert_int_equal(line.len, 0);
        buf_release(&line);
        auth_destroy(a);
        close_server(&s);
    }
}

/* GNU SASL's CRAM-MD5 has nothing to say to nothing, again and again. */
static void test_nothing_is_asked_on_and_on(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(by_library); i++) {
        struct login login = login_of("sesame");
        struct buf line;
        struct auth *a = begin(&login, by_library[i], &line);
        unsigned answers = 0;
        while (auth_answer(a, SPAN(""), &line) == AUTH_SPOKEN) {
            assert_true(++answers <= 4);
        }
        bool hands_over = strcmp(by_library[i], "PLAIN") == 0 ||
                          strcmp(by_library[i], "LOGIN") == 0;
        assert_int_equal(auth_accepted(a) == AUTH_SPOKEN, hands_over);
        buf_release(&line);
        auth_destroy(a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_proves_nothing),
        cmocka_unit_test(test_a_welcome_at_once),
        cmocka_unit_test(test_garbage),
        cmocka_unit_test(test_iterations_without_end),
        cmocka_unit_test(test_no_end_of_questions),
        cmocka_unit_test(test_nothing_is_asked_on_and_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
