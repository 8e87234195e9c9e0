/* mailing/policy: whom a failure touches, and what happens to the line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sysexits.h>

#include "mailing/policy.h"

static const struct {
    struct finding finding;
    enum step step;
    unsigned code;
    struct ruling due;
} refusals[] = {
    {{.scope = SCOPE_RECIPIENT},
     STEP_RCPT,
     550,
     {ROW_SETTLES, LINE_GOES_ON, 0}},
    {{.scope = SCOPE_RECIPIENT, .retry = true},
     STEP_RCPT,
     451,
     {ROW_RETRIES, LINE_GOES_ON, 0}},
    {{.scope = SCOPE_RECIPIENT, .retry = true},
     STEP_RCPT,
     552,
     {ROW_RETRIES, LINE_GOES_ON, 0}},
    {{.scope = SCOPE_MESSAGE},
     STEP_CONTENT,
     554,
     {ROW_SETTLES, LINE_GOES_ON, 0}},
    {{.scope = SCOPE_MESSAGE}, STEP_BDAT, 451, {ROW_RETRIES, LINE_GOES_ON, 0}},
    {{.scope = SCOPE_SESSION}, STEP_MAIL, 452, {ROW_WAITS, LINE_LEAVES, 0}},
    {{.scope = SCOPE_ACCOUNT, .quota = true},
     STEP_RCPT,
     550,
     {ROW_WAITS, LINE_STOPS, EX_TEMPFAIL}},
    {{.scope = SCOPE_ACCOUNT, .quota = true},
     STEP_RCPT,
     452,
     {ROW_WAITS, LINE_STOPS, EX_TEMPFAIL}},
    {{.scope = SCOPE_ACCOUNT}, STEP_CONTENT, 454, {ROW_WAITS, LINE_SLOWS, 0}},
    {{.scope = SCOPE_ACCOUNT, .class = CLASS_AUTH},
     STEP_MAIL,
     535,
     {ROW_WAITS, LINE_LAPSES, EX_NOPERM}},
    {{.scope = SCOPE_ACCOUNT, .class = CLASS_SUSPEND},
     STEP_MAIL,
     550,
     {ROW_WAITS, LINE_STOPS, EX_NOPERM}},
    {{.scope = SCOPE_SENDER}, STEP_MAIL, 550, {ROW_WAITS, LINE_COUNTS, 0}},
    {{.scope = SCOPE_SENDER}, STEP_MAIL, 451, {ROW_WAITS, LINE_SLOWS, 0}},
    {{.scope = SCOPE_SENDER},
     STEP_CONTENT,
     550,
     {ROW_WAITS, LINE_STOPS, EX_NOPERM}},
    {{.scope = SCOPE_RELAY, .class = CLASS_POLICY},
     STEP_RCPT,
     554,
     {ROW_WAITS, LINE_COUNTS, 0}},
    {{.scope = SCOPE_RELAY, .class = CLASS_POLICY},
     STEP_CONTENT,
     554,
     {ROW_WAITS, LINE_STOPS, EX_NOPERM}},
    {{.scope = SCOPE_RELAY, .class = CLASS_OTHER},
     STEP_RCPT,
     554,
     {ROW_WAITS, LINE_STOPS, EX_UNAVAILABLE}},
    {{.scope = SCOPE_RELAY}, STEP_RCPT, 450, {ROW_WAITS, LINE_SLOWS, 0}},
};

static void same(struct ruling is, struct ruling due)
{
    assert_int_equal(is.row, due.row);
    assert_int_equal(is.line, due.line);
    assert_int_equal(is.status, due.status);
}

static void rules_refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        struct reply reply = {.code = refusals[i].code};
        print_message("case %zu\n", i);
        same(policy_of_refusal(&refusals[i].finding, refusals[i].step, &reply),
             refusals[i].due);
    }
}

static const struct {
    enum dialog_end end;
    bool ready;
    enum step step;
    unsigned code; /* 0: no reply */
    struct ruling due;
} ends[] = {
    {DIALOG_END_QUIT, true, STEP_QUIT, 221, {ROW_WAITS, LINE_GOES_ON, 0}},
    {DIALOG_END_CLOSING, true, STEP_MAIL, 421, {ROW_WAITS, LINE_LEAVES, 0}},
    {DIALOG_END_CLOSING,
     false,
     STEP_GREETING,
     421,
     {ROW_WAITS, LINE_LEAVES, 0}},
    {DIALOG_END_LOST, true, STEP_BDAT, 0, {ROW_WAITS, LINE_LEAVES, 0}},
    {DIALOG_END_LOST, false, STEP_GREETING, 0, {ROW_WAITS, LINE_LEAVES, 0}},
    {DIALOG_END_DESYNC, true, STEP_NONE, 250, {ROW_WAITS, LINE_LEAVES, 0}},
    {DIALOG_END_DESYNC,
     false,
     STEP_EHLO,
     250,
     {ROW_WAITS, LINE_STOPS, EX_PROTOCOL}},
    {DIALOG_END_MALFORMED, true, STEP_MAIL, 0, {ROW_WAITS, LINE_LEAVES, 0}},
    {DIALOG_END_MALFORMED,
     false,
     STEP_GREETING,
     0,
     {ROW_WAITS, LINE_STOPS, EX_PROTOCOL}},
    {DIALOG_END_NO_TLS,
     false,
     STEP_EHLO,
     0,
     {ROW_WAITS, LINE_STOPS, EX_PROTOCOL}},
    {DIALOG_END_INJECTED,
     false,
     STEP_STARTTLS,
     0,
     {ROW_WAITS, LINE_STOPS, EX_PROTOCOL}},
    {DIALOG_END_REFUSED,
     false,
     STEP_STARTTLS,
     454,
     {ROW_WAITS, LINE_STOPS, EX_PROTOCOL}},
    {DIALOG_END_REFUSED,
     false,
     STEP_EHLO,
     502,
     {ROW_WAITS, LINE_STOPS, EX_PROTOCOL}},
    {DIALOG_END_REFUSED, false, STEP_EHLO, 451, {ROW_WAITS, LINE_LEAVES, 0}},
    {DIALOG_END_REFUSED,
     false,
     STEP_GREETING,
     554,
     {ROW_WAITS, LINE_STOPS, EX_UNAVAILABLE}},
    {DIALOG_END_REFUSED,
     false,
     STEP_GREETING,
     450,
     {ROW_WAITS, LINE_LEAVES, 0}},
    {DIALOG_END_REFUSED, true, STEP_RSET, 500, {ROW_WAITS, LINE_LEAVES, 0}},
    {DIALOG_END_REFUSED, true, STEP_CONTENT, 552, {ROW_WAITS, LINE_LEAVES, 0}},
    {DIALOG_END_LOGIN,
     false,
     STEP_AUTH,
     535,
     {ROW_WAITS, LINE_STOPS, EX_NOPERM}},
    {DIALOG_END_LOGIN,
     false,
     STEP_AUTH,
     454,
     {ROW_WAITS, LINE_LEAVES, EX_TEMPFAIL}},
    {DIALOG_END_NO_AUTH,
     false,
     STEP_AUTH,
     0,
     {ROW_WAITS, LINE_STOPS, EX_NOPERM}},
};

static void rules_ends(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct reply reply = {.code = ends[i].code};
        print_message("case %zu\n", i);
        same(policy_of_end(ends[i].end, ends[i].ready, ends[i].step,
                           ends[i].code ? &reply : NULL),
             ends[i].due);
    }
}

static void rules_losses(void **state)
{
    (void)state;
    same(policy_of_loss(LOSS_OF_OURS),
         (struct ruling){ROW_WAITS, LINE_GOES_ON, 0});
    same(policy_of_loss(LOSS_BY_CHANCE),
         (struct ruling){ROW_WAITS, LINE_LEAVES, 0});
    same(policy_of_loss(LOSS_AT_THE_DOOR),
         (struct ruling){ROW_WAITS, LINE_LEAVES, EX_PROTOCOL});
    same(policy_of_loss(LOSS_OF_TRUST),
         (struct ruling){ROW_WAITS, LINE_STOPS, EX_PROTOCOL});
    same(policy_of_loss(LOSS_OF_SECRET),
         (struct ruling){ROW_WAITS, LINE_WANTS, 0});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_refusals),
        cmocka_unit_test(rules_ends),
        cmocka_unit_test(rules_losses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
