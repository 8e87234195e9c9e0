/* auth: each mechanism against GNU SASL's server, honest and not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "smtp/bearer.h"
#include "unit/sasl_server.h"

static void test_each_is_understood(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * COUNT(by_library); i++) {
        bool right = i % 2 == 0;
        const char *name = by_library[i / 2];
        struct login login = login_of("open s\xc3\xa9same");
        struct server s = {.belief = {right ? "open s\xc3\xa9same" : "shut",
                                      "4096", binding, false}};
        struct auth *a = auth_create(&login, offer(name));
        assert_non_null(a);
        assert_string_equal(auth_mechanism(a), name);
        enum auth_turn turn = converse(a, &s);
        if (turn != AUTH_SPOKEN || (s.result == GSASL_OK) != right) {
            fail_msg("%s: %s: %d, the server %d", name,
                     right ? "right" : "wrong", turn, s.result);
        }
        assert_true(!right || auth_accepted(a) == AUTH_SPOKEN);
        auth_destroy(a);
        close_server(&s);
    }
}

static void test_bindings(void **state)
{
    static const struct {
        enum auth_binding_kind kind;
        const char *data;
        const char *believed;
        bool unique;
        int result;
    } rows[] = {
        {AUTH_TLS_EXPORTER, "Binding1", "QmluZGluZzE=", false, GSASL_OK},
        {AUTH_TLS_UNIQUE, "Binding1", "QmluZGluZzE=", true, GSASL_OK},
        {AUTH_TLS_EXPORTER, "Binding2", "QmluZGluZzE=", false,
         GSASL_AUTHENTICATION_ERROR},
        {AUTH_TLS_UNIQUE, "Binding2", "QmluZGluZzE=", true,
         GSASL_AUTHENTICATION_ERROR},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct login login = login_of("sesame");
        login.binding =
            (struct auth_binding){rows[i].kind, span_of(rows[i].data)};
        struct server s = {
            .belief = {"sesame", "4096", rows[i].believed, rows[i].unique}};
        struct auth *a = auth_create(&login, offer("SCRAM-SHA-256-PLUS"));
        assert_int_equal(converse(a, &s), AUTH_SPOKEN);
        assert_int_equal(s.result, rows[i].result);
        auth_destroy(a);
        close_server(&s);
    }
}

/* --- which one --- */

static const struct {
    const char *offered;
    const char *secret;
    const char *option; /* NULL: auto */
    bool bound;
    const char *name; /* NULL: none */
} choices[] = {
    {"PLAIN LOGIN", "s", NULL, true, "PLAIN"},
    {"LOGIN", "s", NULL, true, "LOGIN"},
    {"LOGIN CRAM-MD5 PLAIN", "s", NULL, true, "CRAM-MD5"},
    {"PLAIN SCRAM-SHA-1 CRAM-MD5", "s", NULL, true, "SCRAM-SHA-1"},
    {"SCRAM-SHA-1 SCRAM-SHA-256", "s", NULL, true, "SCRAM-SHA-256"},
    {"SCRAM-SHA-256 SCRAM-SHA-1-PLUS", "s", NULL, true, "SCRAM-SHA-1-PLUS"},
    {"SCRAM-SHA-256 SCRAM-SHA-256-PLUS SCRAM-SHA-1-PLUS", "s", NULL, true,
     "SCRAM-SHA-256-PLUS"},
    {"SCRAM-SHA-256 SCRAM-SHA-256-PLUS", "s", NULL, false, "SCRAM-SHA-256"},
    {"SCRAM-SHA-256-PLUS", "s", NULL, false, NULL},
    {"SCRAM-SHA-256-PLUS PLAIN", "s", "scram-sha-256", true,
     "SCRAM-SHA-256-PLUS"},
    {"SCRAM-SHA-256-PLUS SCRAM-SHA-1", "s", "scram-sha-1", true, "SCRAM-SHA-1"},
    {"SCRAM-SHA-256-PLUS PLAIN", "s", "plain", true, "PLAIN"},
    {"scram-sha-256 Plain", "s", "SCRAM-sha-256", true, "SCRAM-SHA-256"},
    {"XOAUTH2 OAUTHBEARER LOGIN", "s", NULL, true, "LOGIN"},
    {"XOAUTH2 OAUTHBEARER", "s", NULL, true, "OAUTHBEARER"},
    {"XOAUTH2 OAUTHBEARER PLAIN", "s", "xoauth2", true, "XOAUTH2"},
    {"XOAUTH2", "no token", NULL, true, NULL},
    {"XOAUTH2", "ya29.A0_-~+/==", NULL, true, "XOAUTH2"},
    /* What SASLprep has no form for: handed over as it is, or not. */
    {"SCRAM-SHA-256 CRAM-MD5 PLAIN", "s\xff", NULL, true, "PLAIN"},
    {"SCRAM-SHA-256", "s\1", NULL, true, NULL},
    {"PLAIN", "s", "login", true, NULL},
    {"GSSAPI NTLM EXTERNAL ANONYMOUS DIGEST-MD5", "s", NULL, true, NULL},
    {"", "s", NULL, true, NULL},
};

static void test_the_strongest(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(choices); i++) {
        struct login login = login_of(choices[i].secret);
        if (!choices[i].bound) {
            login.binding.data = SPAN("");
        }
        if (choices[i].option) {
            login.mechanisms = auth_bits(span_of(choices[i].option));
        }
        struct auth *a = auth_create(&login, offer(choices[i].offered));
        const char *name = a ? auth_mechanism(a) : NULL;
        if ((name == NULL) != (choices[i].name == NULL) ||
            (name && strcmp(name, choices[i].name) != 0)) {
            fail_msg("%s (%s): %s", choices[i].offered, choices[i].secret,
                     name ? name : "none");
        }
        auth_destroy(a);
    }
}

static void test_names_of_the_option(void **state)
{
    static const char *const known[] = {
        "plain",         "login",       "cram-md5", "scram-sha-1",
        "scram-sha-256", "oauthbearer", "xoauth2"};
    static const char *const unknown[] = {"",       "plai", "plain ", "ntlm",
                                          "gssapi", "auto", "scram"};
    (void)state;
    for (size_t i = 0; i < COUNT(known); i++) {
        assert_int_not_equal(auth_bits(span_of(known[i])), 0);
    }
    for (size_t i = 0; i < COUNT(unknown); i++) {
        assert_int_equal(auth_bits(span_of(unknown[i])), 0);
    }
}

/* --- tokens --- */

static void test_tokens(void **state)
{
    static const struct {
        const char *text;
        bool is;
    } rows[] = {
        {"ya29.a0-_~+/", true}, {"a==", true},  {"", false},
        {"==", false},          {"a=b", false}, {"a b", false},
        {"a\1b", false},        {"a,b", false}, {"\xc3\xa9", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(bearer_is_token(span_of(rows[i].text)), rows[i].is);
    }
}

static void test_users_of_tokens(void **state)
{
    struct login login = login_of("tok");
    (void)state;
    assert_true(bearer_fits(&login));
    login.user = SPAN("ann\1auth=Bearer other");
    assert_false(bearer_fits(&login));
    assert_null(auth_create(&login, offer("XOAUTH2 OAUTHBEARER")));
}

static void test_what_a_token_says(void **state)
{
    struct login login = login_of("tok");
    login.user = SPAN("a=b,c@example.org");
    login.host = SPAN("relay");
    login.port = SPAN("587");
    struct buf out;
    (void)state;
    buf_init(&out, 4096);
    bearer_append_oauthbearer(&login, &out);
    assert_true(span_equal(
        buf_span(&out), SPAN("n,a=a=3Db=2Cc@example.org,\1host=relay\1port=587"
                             "\1auth=Bearer tok\1\1")));
    buf_clear(&out);
    bearer_append_xoauth2(&login, &out);
    assert_true(span_equal(buf_span(&out), SPAN("user=a=b,c@example.org"
                                                "\1auth=Bearer tok\1\1")));
    buf_release(&out);
}

/* --- what others read --- */

static void test_a_relay_that_repeats(void **state)
{
    static const struct {
        const char *reply;
        const char *shown;
    } rows[] = {
        {"5.7.8 wrong", "5.7.8 wrong"},
        {"no sesame here", "no *** here"},
        {"unknown: AUTH PLAIN AGFubgBzZXNhbWU=", "unknown: AUTH PLAIN ***"},
        {"unknown: AUTH PLAIN AGFubgBzZXNh...", "unknown: AUTH PLAIN ***..."},
        {"bgBzZXNhbWU", "***"},
        {"sesam", "sesam"},
        {"sesamesesame", "******"},
        {"", ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct login login = login_of("sesame");
        struct buf line;
        struct auth *a = begin(&login, "PLAIN", &line);
        struct buf shown;
        buf_init(&shown, 4096);
        auth_append_reply(a, span_of(rows[i].reply), &shown);
        if (!span_equal(buf_span(&shown), span_of(rows[i].shown))) {
            fail_msg("%s: %.*s", rows[i].reply, (int)shown.len, shown.data);
        }
        buf_release(&shown);
        buf_release(&line);
        auth_destroy(a);
    }
}

static void test_why_a_token_is_refused(void **state)
{
    struct login login = login_of("sesame");
    struct buf line;
    struct auth *a = begin(&login, "XOAUTH2", &line);
    struct buf shown;
    (void)state;
    buf_init(&shown, 4096);
    buf_clear(&line);
    assert_int_equal(auth_answer(a, SPAN("eyJzdGF0dXMiOiI0MDAifQ=="), &line),
                     AUTH_SPOKEN);
    assert_true(span_equal(buf_span(&line), SPAN("\r\n")));
    auth_append_reply(a, SPAN("5.7.8 no"), &shown);
    assert_true(
        span_equal(buf_span(&shown), SPAN("5.7.8 no ({\"status\":\"400\"})")));
    assert_true(auth_by_token(a));
    buf_release(&shown);
    buf_release(&line);
    auth_destroy(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_is_understood),
        cmocka_unit_test(test_bindings),
        cmocka_unit_test(test_the_strongest),
        cmocka_unit_test(test_names_of_the_option),
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_users_of_tokens),
        cmocka_unit_test(test_what_a_token_says),
        cmocka_unit_test(test_a_relay_that_repeats),
        cmocka_unit_test(test_why_a_token_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
