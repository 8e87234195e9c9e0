#include "mailing/policy.h"

#include <sysexits.h>

enum { EX_LATER = EX_TEMPFAIL };

/* First match wins. A field that is ANY fits all. */
enum { ANY = -1 };

static const struct rule {
    int scope;
    int failure_class;
    int transient; /* of the reply's first digit */
    int retry;
    int quota;
    int step;
    struct ruling ruling;
} rules[] = {
    {SCOPE_RECIPIENT, ANY, ANY, true, ANY, ANY, {ROW_RETRIES, LINE_GOES_ON, 0}},
    {SCOPE_RECIPIENT, ANY, true, ANY, ANY, ANY, {ROW_RETRIES, LINE_GOES_ON, 0}},
    {SCOPE_RECIPIENT, ANY, ANY, ANY, ANY, ANY, {ROW_SETTLES, LINE_GOES_ON, 0}},
    {SCOPE_MESSAGE, ANY, ANY, true, ANY, ANY, {ROW_RETRIES, LINE_GOES_ON, 0}},
    {SCOPE_MESSAGE, ANY, true, ANY, ANY, ANY, {ROW_RETRIES, LINE_GOES_ON, 0}},
    {SCOPE_MESSAGE, ANY, ANY, ANY, ANY, ANY, {ROW_SETTLES, LINE_GOES_ON, 0}},
    {SCOPE_LOCAL, ANY, ANY, ANY, ANY, ANY, {ROW_SETTLES, LINE_GOES_ON, 0}},

    {SCOPE_SESSION, ANY, ANY, ANY, ANY, ANY, {ROW_WAITS, LINE_LEAVES, 0}},

    /* A used-up quota opens again later, and asking does not help. */
    {SCOPE_ACCOUNT,
     ANY,
     ANY,
     ANY,
     true,
     ANY,
     {ROW_WAITS, LINE_STOPS, EX_LATER}},
    {SCOPE_ACCOUNT, ANY, true, ANY, ANY, ANY, {ROW_WAITS, LINE_SLOWS, 0}},
    {SCOPE_ACCOUNT,
     CLASS_RATELIMIT,
     ANY,
     ANY,
     ANY,
     ANY,
     {ROW_WAITS, LINE_STOPS, EX_LATER}},
    {SCOPE_ACCOUNT,
     ANY,
     ANY,
     ANY,
     ANY,
     ANY,
     {ROW_WAITS, LINE_STOPS, EX_NOPERM}},

    {SCOPE_SENDER, ANY, true, ANY, ANY, ANY, {ROW_WAITS, LINE_SLOWS, 0}},
    /* One sender may be a row's own (VERP); three are everybody's. */
    {SCOPE_SENDER, ANY, ANY, ANY, ANY, STEP_MAIL, {ROW_WAITS, LINE_COUNTS, 0}},
    {SCOPE_SENDER, ANY, ANY, ANY, ANY, ANY, {ROW_WAITS, LINE_STOPS, EX_NOPERM}},

    {SCOPE_RELAY, ANY, true, ANY, ANY, ANY, {ROW_WAITS, LINE_SLOWS, 0}},
    {SCOPE_RELAY,
     CLASS_POLICY,
     ANY,
     ANY,
     ANY,
     ANY,
     {ROW_WAITS, LINE_STOPS, EX_NOPERM}},
    {SCOPE_RELAY,
     CLASS_AUTH,
     ANY,
     ANY,
     ANY,
     ANY,
     {ROW_WAITS, LINE_STOPS, EX_NOPERM}},
    {SCOPE_RELAY,
     ANY,
     ANY,
     ANY,
     ANY,
     ANY,
     {ROW_WAITS, LINE_STOPS, EX_UNAVAILABLE}},
};

static bool fits(int wanted, int is)
{
    return wanted == ANY || wanted == is;
}

struct ruling policy_of_refusal(const struct finding *finding, enum step step,
                                const struct reply *reply)
{
    bool transient = reply->code / 100 == 4;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        const struct rule *r = &rules[i];
        if (fits(r->scope, (int)finding->scope) &&
            fits(r->failure_class, (int)finding->class) &&
            fits(r->transient, transient) && fits(r->retry, finding->retry) &&
            fits(r->quota, finding->quota) && fits(r->step, (int)step)) {
            return r->ruling;
        }
    }
    return (struct ruling){ROW_SETTLES, LINE_GOES_ON, 0};
}

/* Refused before the first letter: by step and by the reply's first digit. */
static struct ruling of_setup(enum step step, bool transient)
{
    static const struct ruling again = {ROW_WAITS, LINE_LEAVES, 0};
    if (step == STEP_AUTH) {
        return transient ? again
                         : (struct ruling){ROW_WAITS, LINE_STOPS, EX_NOPERM};
    }
    if (step == STEP_STARTTLS || step == STEP_EHLO || step == STEP_HELO) {
        return transient && step != STEP_STARTTLS
                   ? again
                   : (struct ruling){ROW_WAITS, LINE_STOPS, EX_PROTOCOL};
    }
    return again; /* the greeting, a RSET, content cut short */
}

struct ruling policy_of_end(enum dialog_end end, enum step step,
                            const struct reply *reply)
{
    static const struct ruling by_end[] = {
        [DIALOG_END_NONE] = {ROW_WAITS, LINE_LEAVES, 0},
        [DIALOG_END_QUIT] = {ROW_WAITS, LINE_GOES_ON, 0},
        [DIALOG_END_CLOSING] = {ROW_WAITS, LINE_LEAVES, 0},
        [DIALOG_END_REFUSED] = {ROW_WAITS, LINE_LEAVES, 0},
        [DIALOG_END_NO_TLS] = {ROW_WAITS, LINE_STOPS, EX_PROTOCOL},
        [DIALOG_END_INJECTED] = {ROW_WAITS, LINE_STOPS, EX_PROTOCOL},
        [DIALOG_END_NO_AUTH] = {ROW_WAITS, LINE_STOPS, EX_NOPERM},
        [DIALOG_END_LOGIN] = {ROW_WAITS, LINE_STOPS, EX_NOPERM},
        [DIALOG_END_DESYNC] = {ROW_WAITS, LINE_LEAVES, 0},
        [DIALOG_END_MALFORMED] = {ROW_WAITS, LINE_LEAVES, 0},
        [DIALOG_END_LOST] = {ROW_WAITS, LINE_LEAVES, 0},
    };
    if (end == DIALOG_END_REFUSED || end == DIALOG_END_LOGIN) {
        return of_setup(step, reply && reply->code / 100 == 4);
    }
    return by_end[end];
}
