#include "mailing/policy.h"

#include <sysexits.h>

static const struct ruling settles = {ROW_SETTLES, LINE_GOES_ON, 0};
static const struct ruling retries = {ROW_RETRIES, LINE_GOES_ON, 0};
static const struct ruling leaves = {ROW_WAITS, LINE_LEAVES, 0};
static const struct ruling slows = {ROW_WAITS, LINE_SLOWS, 0};
static const struct ruling counts = {ROW_WAITS, LINE_COUNTS, 0};
static const struct ruling lapses = {ROW_WAITS, LINE_LAPSES, EX_NOPERM};
static const struct ruling stops_for_now = {ROW_WAITS, LINE_STOPS, EX_TEMPFAIL};
static const struct ruling stops_denied = {ROW_WAITS, LINE_STOPS, EX_NOPERM};
static const struct ruling stops_relay = {ROW_WAITS, LINE_STOPS,
                                          EX_UNAVAILABLE};

/* First match wins. A field that is ANY fits all. */
enum { ANY = -1 };

static const struct rule {
    int scope;
    int failure_class;
    int transient; /* of the reply's first digit */
    int retry;
    int quota;
    int step;
    const struct ruling *ruling;
} rules[] = {
    {SCOPE_RECIPIENT, ANY, ANY, true, ANY, ANY, &retries},
    {SCOPE_RECIPIENT, ANY, true, ANY, ANY, ANY, &retries},
    {SCOPE_RECIPIENT, ANY, ANY, ANY, ANY, ANY, &settles},
    {SCOPE_MESSAGE, ANY, ANY, true, ANY, ANY, &retries},
    {SCOPE_MESSAGE, ANY, true, ANY, ANY, ANY, &retries},
    {SCOPE_MESSAGE, ANY, ANY, ANY, ANY, ANY, &settles},
    {SCOPE_LOCAL, ANY, ANY, ANY, ANY, ANY, &settles},

    {SCOPE_SESSION, ANY, ANY, ANY, ANY, ANY, &leaves},

    /* A used-up quota opens again later, and asking does not help. */
    {SCOPE_ACCOUNT, ANY, ANY, ANY, true, ANY, &stops_for_now},
    {SCOPE_ACCOUNT, ANY, true, ANY, ANY, ANY, &slows},
    {SCOPE_ACCOUNT, CLASS_RATELIMIT, ANY, ANY, ANY, ANY, &stops_for_now},
    {SCOPE_ACCOUNT, CLASS_AUTH, ANY, ANY, ANY, ANY, &lapses},
    {SCOPE_ACCOUNT, ANY, ANY, ANY, ANY, ANY, &stops_denied},

    {SCOPE_SENDER, ANY, true, ANY, ANY, ANY, &slows},
    /* One sender may be a row's own (VERP); three are everybody's. */
    {SCOPE_SENDER, ANY, ANY, ANY, ANY, STEP_MAIL, &counts},
    {SCOPE_SENDER, ANY, ANY, ANY, ANY, ANY, &stops_denied},

    {SCOPE_RELAY, ANY, true, ANY, ANY, ANY, &slows},
    /* Relaying denied: to this domain perhaps, or to us. */
    {SCOPE_RELAY, CLASS_POLICY, ANY, ANY, ANY, STEP_RCPT, &counts},
    {SCOPE_RELAY, CLASS_POLICY, ANY, ANY, ANY, ANY, &stops_denied},
    {SCOPE_RELAY, CLASS_AUTH, ANY, ANY, ANY, ANY, &stops_denied},
    {SCOPE_RELAY, ANY, ANY, ANY, ANY, ANY, &stops_relay},
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
            return *r->ruling;
        }
    }
    return settles;
}

/* Refused in setting up, by step: what a 5xx means. A 4xx may pass. */
static struct ruling of_setup(enum step step, bool transient)
{
    static const struct {
        int status;
        bool final; /* a 4xx, too */
    } by_step[STEPS] = {
        [STEP_GREETING] = {EX_UNAVAILABLE, false},
        [STEP_EHLO] = {EX_PROTOCOL, false},
        [STEP_HELO] = {EX_PROTOCOL, false},
        [STEP_STARTTLS] = {EX_PROTOCOL, true},
        [STEP_AUTH] = {EX_NOPERM, false},
    };
    if (step == STEP_AUTH && transient) { /* RFC 4954 4: too many logins */
        return (struct ruling){ROW_WAITS, LINE_LEAVES, EX_TEMPFAIL};
    }
    if (step == STEP_NONE || by_step[step].status == 0 ||
        (transient && !by_step[step].final)) {
        return leaves;
    }
    return (struct ruling){ROW_WAITS, LINE_STOPS, by_step[step].status};
}

struct ruling policy_of_end(enum dialog_end end, bool ready, enum step step,
                            const struct reply *reply)
{
    /* Of one that was setting up. 0: not final. */
    static const int by_end[] = {
        [DIALOG_END_NO_TLS] = EX_PROTOCOL,
        [DIALOG_END_INJECTED] = EX_PROTOCOL,
        [DIALOG_END_NO_AUTH] = EX_NOPERM,
        [DIALOG_END_CHALLENGE] = EX_NOPERM,
        [DIALOG_END_UNPROVEN] = EX_NOPERM,
        [DIALOG_END_DESYNC] = EX_PROTOCOL,
        [DIALOG_END_MALFORMED] = EX_PROTOCOL,
        [DIALOG_END_LOST] = 0,
    };
    if (end == DIALOG_END_QUIT) {
        return (struct ruling){ROW_WAITS, LINE_GOES_ON, 0};
    }
    if (ready) {
        return leaves;
    }
    if (end == DIALOG_END_REFUSED || end == DIALOG_END_LOGIN ||
        end == DIALOG_END_TOKEN) {
        return of_setup(step, reply && reply->code / 100 == 4);
    }
    return by_end[end] ? (struct ruling){ROW_WAITS, LINE_STOPS, by_end[end]}
                       : leaves;
}

struct ruling policy_of_loss(enum loss loss)
{
    static const struct ruling rulings[] = {
        [LOSS_OF_OURS] = {ROW_WAITS, LINE_GOES_ON, 0},
        [LOSS_BY_CHANCE] = {ROW_WAITS, LINE_LEAVES, 0},
        [LOSS_AT_THE_DOOR] = {ROW_WAITS, LINE_LEAVES, EX_PROTOCOL},
        [LOSS_OF_TRUST] = {ROW_WAITS, LINE_STOPS, EX_PROTOCOL},
        [LOSS_OF_SECRET] = {ROW_WAITS, LINE_WANTS, 0},
    };
    return rulings[loss];
}
