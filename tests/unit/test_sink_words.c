/* sink: addresses, parameters and logins, each alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sink/login.h"
#include "sink/params.h"
#include "sink/path.h"
#include "unit/edge.h"
#include "unit/sink_house.h"

/* Addresses and parameters. */

static const struct {
    const char *text;
    bool fine;
    const char *address;
    const char *local;
    const char *parameters;
} paths[] = {
    {"TO:<a@b.c>", true, "a@b.c", "a", ""},
    {"to:<a@b.c> NOTIFY=NEVER", true, "a@b.c", "a", " NOTIFY=NEVER"},
    {"TO:<>", true, "", "", ""},
    {"TO:<postmaster>", true, "postmaster", "postmaster", ""},
    {"TO:<a.b+c@d-e.f>", true, "a.b+c@d-e.f", "a.b+c", ""},
    {"TO:<\"a b\"@c.d>", true, "\"a b\"@c.d", "\"a b\"", ""},
    {"TO:<\"a>@\\\"b\"@c.d>", true, "\"a>@\\\"b\"@c.d", "\"a>@\\\"b\"", ""},
    {"TO:<a@[127.0.0.1]>", true, "a@[127.0.0.1]", "a", ""},
    {"TO:<a@[IPv6:::1]>", true, "a@[IPv6:::1]", "a", ""},
    {"TO:<\xc3\xa4@b.c>", true, "\xc3\xa4@b.c", "\xc3\xa4", ""},
    {"TO: <a@b.c>", false, NULL, NULL, NULL},
    {"TO:a@b.c", false, NULL, NULL, NULL},
    {"TO:<a@b.c", false, NULL, NULL, NULL},
    {"TO:<a@b.c>x", false, NULL, NULL, NULL},
    {"TO:<a>", false, NULL, NULL, NULL},
    {"TO:<@b.c>", false, NULL, NULL, NULL},
    {"TO:<a@>", false, NULL, NULL, NULL},
    {"TO:<a..b@c>", false, NULL, NULL, NULL},
    {"TO:<.a@c>", false, NULL, NULL, NULL},
    {"TO:<a.@c>", false, NULL, NULL, NULL},
    {"TO:<a@b..c>", false, NULL, NULL, NULL},
    {"TO:<a b@c.d>", false, NULL, NULL, NULL},
    {"TO:<a@b c>", false, NULL, NULL, NULL},
    {"TO:<a@b_c.d>", false, NULL, NULL, NULL},
    {"TO:<\"a@b.c>", false, NULL, NULL, NULL},
    {"TO:<\"a\\", false, NULL, NULL, NULL},
    {"TO:<\"\t\"@b>", false, NULL, NULL, NULL},
    {"TO:<a@[]>", false, NULL, NULL, NULL},
    {"TO:<a@[1", false, NULL, NULL, NULL},
    {"TO:<@x,@y:a@b.c>", false, NULL, NULL, NULL},
    {"TO:<", false, NULL, NULL, NULL},
    {"TO:", false, NULL, NULL, NULL},
    {"FROM:<a@b>", false, NULL, NULL, NULL},
    {"TO:<aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg@h>",
     true, "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg@h",
     "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg", ""},
    {"TO:<aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggggg@h>",
     false, NULL, NULL, NULL},
};

static void reads_paths(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(paths); i++) {
        struct edge edge = edge_copy(span_of(paths[i].text));
        struct path path;
        if (path_read(edge.span, SPAN("TO:"), &path) != paths[i].fine) {
            fail_msg("%s: %d expected", paths[i].text, paths[i].fine);
        }
        if (paths[i].fine) {
            expect_text(paths[i].text, path.address, paths[i].address);
            expect_text(paths[i].text, path.local, paths[i].local);
            expect_text(paths[i].text, path.parameters, paths[i].parameters);
        }
        edge_release(&edge);
    }
}

static const struct {
    enum params_of of;
    unsigned offers;
    const char *text;
    enum params_result result;
} parameters[] = {
    {PARAMS_OF_MAIL, 0, "", PARAMS_FINE},
    {PARAMS_OF_MAIL, OFFER_ALL, " SIZE=10 BODY=8BITMIME SMTPUTF8", PARAMS_FINE},
    {PARAMS_OF_MAIL, OFFER_ALL, " size=10  body=7bit", PARAMS_FINE},
    {PARAMS_OF_MAIL, OFFER_ALL, " RET=HDRS ENVID=a+2Bb AUTH=<>", PARAMS_FINE},
    {PARAMS_OF_MAIL, OFFER_ALL, " SIZE=10 SIZE=10", PARAMS_MALFORMED},
    {PARAMS_OF_MAIL, OFFER_ALL, " SIZE=", PARAMS_MALFORMED},
    {PARAMS_OF_MAIL, OFFER_ALL, " SIZE", PARAMS_MALFORMED},
    {PARAMS_OF_MAIL, OFFER_ALL, " SIZE=1x", PARAMS_MALFORMED},
    {PARAMS_OF_MAIL, OFFER_ALL, " SIZE=99999999999999999999", PARAMS_MALFORMED},
    {PARAMS_OF_MAIL, OFFER_ALL, " BODY=BINARYMIME", PARAMS_MALFORMED},
    {PARAMS_OF_MAIL, OFFER_ALL, " SMTPUTF8=1", PARAMS_MALFORMED},
    {PARAMS_OF_MAIL, OFFER_ALL, " RET=ALL", PARAMS_MALFORMED},
    {PARAMS_OF_MAIL, OFFER_ALL, " ENVID=a+b", PARAMS_MALFORMED},
    {PARAMS_OF_MAIL, OFFER_ALL, " NOTIFY=NEVER", PARAMS_NOT_OFFERED},
    {PARAMS_OF_MAIL, OFFER_ALL, " REQUIRETLS", PARAMS_NOT_OFFERED},
    {PARAMS_OF_MAIL, OFFER_ALL & ~OFFER_SIZE, " SIZE=1", PARAMS_NOT_OFFERED},
    {PARAMS_OF_MAIL, OFFER_ALL & ~OFFER_8BITMIME, " BODY=7BIT",
     PARAMS_NOT_OFFERED},
    {PARAMS_OF_MAIL, OFFER_ALL & ~OFFER_SMTPUTF8, " SMTPUTF8",
     PARAMS_NOT_OFFERED},
    {PARAMS_OF_RCPT, OFFER_ALL, " NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a@b",
     PARAMS_FINE},
    {PARAMS_OF_RCPT, OFFER_ALL, " ORCPT=utf-8;\xc3\xa4@b", PARAMS_FINE},
    {PARAMS_OF_RCPT, OFFER_ALL, " ORCPT=rfc822;\xc3\xa4@b", PARAMS_MALFORMED},
    {PARAMS_OF_RCPT, OFFER_ALL, " NOTIFY=SUCCESS,NEVER", PARAMS_MALFORMED},
    {PARAMS_OF_RCPT, OFFER_ALL, " NOTIFY=SUCCESS,", PARAMS_MALFORMED},
    {PARAMS_OF_RCPT, OFFER_ALL, " ORCPT=rfc822;", PARAMS_MALFORMED},
    {PARAMS_OF_RCPT, OFFER_ALL, " ORCPT=;a", PARAMS_MALFORMED},
    {PARAMS_OF_RCPT, OFFER_ALL & ~OFFER_DSN, " NOTIFY=NEVER",
     PARAMS_NOT_OFFERED},
    {PARAMS_OF_RCPT, OFFER_ALL, " SIZE=1", PARAMS_NOT_OFFERED},
};

static void reads_parameters(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(parameters); i++) {
        struct edge edge = edge_copy(span_of(parameters[i].text));
        struct params params;
        enum params_result result = params_read(edge.span, parameters[i].of,
                                                parameters[i].offers, &params);
        if (result != parameters[i].result) {
            fail_msg("row %zu, %s: got %d", i, parameters[i].text, result);
        }
        edge_release(&edge);
    }
}

/* Logins: user "ann", password "s3cret". */

static const struct {
    const char *arguments;
    enum login_result first;
    const char *lines[2];
    enum login_result results[2];
} logins[] = {
    {"PLAIN AGFubgBzM2NyZXQ=", LOGIN_RIGHT, {0}, {0}},
    {"plain AGFubgBzM2NyZXQ=", LOGIN_RIGHT, {0}, {0}},
    {"PLAIN YW5uAGFubgBzM2NyZXQ=", LOGIN_RIGHT, {0}, {0}},
    {"PLAIN Ym9iAGFubgBzM2NyZXQ=", LOGIN_WRONG, {0}, {0}},
    {"PLAIN AGFubgBzM2NyZXR4", LOGIN_WRONG, {0}, {0}},
    {"PLAIN AGFubgA=", LOGIN_WRONG, {0}, {0}},
    {"PLAIN", LOGIN_ASK, {"AGFubgBzM2NyZXQ="}, {LOGIN_RIGHT}},
    {"PLAIN", LOGIN_ASK, {"*"}, {LOGIN_CANCELLED}},
    {"PLAIN =", LOGIN_ASK, {"*"}, {LOGIN_CANCELLED}},
    {"PLAIN AGFubg==", LOGIN_MALFORMED, {0}, {0}},
    {"PLAIN AGFubgBzM2NyZXQ", LOGIN_MALFORMED, {0}, {0}},
    {"PLAIN A===", LOGIN_MALFORMED, {0}, {0}},
    {"PLAIN !!!!", LOGIN_MALFORMED, {0}, {0}},
    {"LOGIN", LOGIN_ASK, {"YW5u", "czNjcmV0"}, {LOGIN_ASK, LOGIN_RIGHT}},
    {"LOGIN YW5u", LOGIN_ASK, {"czNjcmV0"}, {LOGIN_RIGHT}},
    {"LOGIN YW5u", LOGIN_ASK, {"czNjcmU="}, {LOGIN_WRONG}},
    {"LOGIN Ym9i", LOGIN_ASK, {"czNjcmV0"}, {LOGIN_WRONG}},
    {"LOGIN", LOGIN_ASK, {"*"}, {LOGIN_CANCELLED}},
    {"CRAM-MD5",
     LOGIN_ASK,
     {"YW5uIDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw"},
     {LOGIN_WRONG}},
    {"CRAM-MD5", LOGIN_ASK, {"*"}, {LOGIN_CANCELLED}},
    {"SCRAM-SHA-256-PLUS", LOGIN_NO_MECHANISM, {0}, {0}}, /* in clear */
    {"SCRAM-SHA-256", LOGIN_ASK, {"*"}, {LOGIN_CANCELLED}},
    {"SCRAM-SHA-256 AAAA", LOGIN_MALFORMED, {0}, {0}},
    {"XOAUTH2 dXNlcj1hbm4BYXV0aD1CZWFyZXIgczNjcmV0AQE=", LOGIN_RIGHT, {0}, {0}},
    {"XOAUTH2",
     LOGIN_ASK,
     {"dXNlcj1hbm4BYXV0aD1CZWFyZXIgczNjcmV0AQE="},
     {LOGIN_RIGHT}},
    {"XOAUTH2 dXNlcj1ib2IBYXV0aD1CZWFyZXIgczNjcmV0AQE=",
     LOGIN_ASK,
     {""},
     {LOGIN_WRONG}},
    {"XOAUTH2 dXNlcj1hbm4BYXV0aD1CZWFyZXIgczNjcmUBAQ==",
     LOGIN_ASK,
     {"AQ=="},
     {LOGIN_MALFORMED}},
    {"OAUTHBEARER bixhPWFubiwBYXV0aD1CZWFyZXIgczNjcmV0AQE=",
     LOGIN_RIGHT,
     {0},
     {0}},
    {"OAUTHBEARER bixhPWFubiwBYXV0aD1CZWFyZXIgczNjcmUBAQ==",
     LOGIN_ASK,
     {"AQ=="},
     {LOGIN_WRONG}},
    {"OAUTHBEARER bixhPWFubiwBYXV0aD1CZWFyZXIgczNjcmUBAQ==",
     LOGIN_ASK,
     {""},
     {LOGIN_MALFORMED}},
    {"GSSAPI", LOGIN_NO_MECHANISM, {0}, {0}},
    {"PLAINS AGFubgBzM2NyZXQ=", LOGIN_NO_MECHANISM, {0}, {0}},
};

static void knows_who_logs_in(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(logins); i++) {
        struct login_server l = {
            .user = SPAN("ann"),
            .secret = SPAN("s3cret"),
            .mechanisms = LOGIN_ALL_MECHANISMS,
        };
        login_init(&l);
        enum login_result result =
            login_start(&l, span_of(logins[i].arguments));
        if (result != logins[i].first) {
            fail_msg("%s: got %d", logins[i].arguments, result);
        }
        for (size_t k = 0; k < 2 && logins[i].lines[k]; k++) {
            result = login_go_on(&l, span_of(logins[i].lines[k]));
            if (result != logins[i].results[k]) {
                fail_msg("row %zu, %s: got %d", i, logins[i].lines[k], result);
            }
        }
        assert_false(login_open(&l));
        login_release(&l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_paths),
        cmocka_unit_test(reads_parameters),
        cmocka_unit_test(knows_who_logs_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
