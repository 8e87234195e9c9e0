#include "mailing/pace.h"

enum {
    EPOCH_MS = 250,
    SETTLE_MS = 100,
    EPOCH_MOST_MS = 5000,
    EPOCH_ANSWERS = 20, /* fewer tell nothing */
    SETTLE_ANSWERS = 10,
    HOLD_FIRST_MS = 8000,
    HOLD_MOST_MS = 120000,
    CAP_HOLD_MS = 60000,
    CALM_MS = 5000,
    SECOND_MS = 1000,
    THROTTLES_MOST = 5,
};

/* Of what more sessions should bring in proportion, so much must come. */
static const double worth = 0.4;
/* A step up that brings less than so much of what was had before is taken
 * back at once. */
static const double plainly_worse = 0.7;
static const double cut = 0.8;
static const double raise_a_second = 0.03;

/* --- the throttle --- */

uint64_t pace_when_ms(struct pace *p, uint64_t now_ms)
{
    uint64_t when = rate_bucket_when_ms(&p->throttle, now_ms);
    p->starved |= when > now_ms;
    return when;
}

void pace_begin_letter(struct pace *p)
{
    p->throttle.tokens -= 1;
}

/* --- beginning --- */

void pace_init(struct pace *p, const struct pace_settings *settings,
               uint64_t now_ms)
{
    *p = (struct pace){
        .automatic = settings->sessions == 0,
        .cap_asked =
            settings->sessions ? settings->sessions : settings->sessions_max,
        .calm_ms = now_ms,
        .epoch_ms = now_ms,
        .hold_for_ms = HOLD_FIRST_MS,
        .settling = true,
    };
    p->cap = p->cap_asked;
    p->allowed = p->cap;
    unsigned first = settings->sessions_first ? settings->sessions_first
                                              : PACE_SESSIONS_FIRST;
    p->sessions = p->automatic && p->cap > first ? first : p->cap;
}

/* --- what happens --- */

void pace_answered(struct pace *p)
{
    p->answered++;
}

void pace_starved(struct pace *p)
{
    p->starved = true;
}

static void begin_epoch(struct pace *p, uint64_t now_ms, bool settling)
{
    p->epoch_ms = now_ms;
    p->answered = 0;
    p->starved = false;
    p->settling = settling;
}

/* What the relay took a millisecond, as far as can be told by now. */
static double goodput_so_far(const struct pace *p, uint64_t now_ms)
{
    uint64_t epoch = now_ms - p->epoch_ms;
    double recent =
        (double)p->answered / (double)(epoch > SECOND_MS ? epoch : SECOND_MS);
    return recent > p->goodput ? recent : p->goodput;
}

void pace_throttled(struct pace *p, uint64_t now_ms)
{
    if (p->throttles > 0 && now_ms - p->calm_ms < SECOND_MS) {
        return; /* what was under way at the cut says nothing new */
    }
    double goodput = goodput_so_far(p, now_ms);
    double slowest = 1.0 / SECOND_MS;
    double now = p->throttle.per_ms;
    double base = now > 0 && now < goodput ? now : goodput;
    rate_bucket_set(&p->throttle, base * cut > slowest ? base * cut : slowest,
                    now_ms);
    p->throttles += p->throttles < THROTTLES_MOST ? 1 : 0;
    p->calm_ms = now_ms;
    p->hold_ms = now_ms + (uint64_t)(10 * SECOND_MS << (p->throttles - 1));
    begin_epoch(p, now_ms, true);
}

void pace_refused(struct pace *p, unsigned open, uint64_t now_ms)
{
    unsigned most = open > 0 ? open : 1;
    p->cap = most < p->cap ? most : p->cap;
    p->cap_until_ms = now_ms + CAP_HOLD_MS;
    p->sessions = p->sessions < p->cap ? p->sessions : p->cap;
    p->climbing = false;
    begin_epoch(p, now_ms, true);
}

void pace_recall(struct pace *p, unsigned sessions, uint64_t now_ms)
{
    if (sessions < p->cap) {
        pace_refused(p, sessions, now_ms);
    }
}

unsigned pace_ceiling(const struct pace *p)
{
    return p->cap < p->cap_asked ? p->cap : 0;
}

/* --- the climb --- */

static void change_sessions(struct pace *p, unsigned sessions, uint64_t now_ms)
{
    p->sessions = sessions;
    begin_epoch(p, now_ms, true);
}

void pace_allow(struct pace *p, unsigned sessions, uint64_t now_ms)
{
    unsigned most = sessions < p->cap ? sessions : p->cap;
    p->allowed = sessions;
    most = most > 1 ? most : 1;
    if (p->sessions > most || (!p->automatic && p->sessions < most)) {
        p->climbing = false;
        change_sessions(p, most, now_ms);
    }
}

static void climb(struct pace *p, double goodput, uint64_t now_ms)
{
    unsigned step = p->sessions / 2 > 1 ? p->sessions / 2 : 1;
    unsigned most = p->cap < p->allowed ? p->cap : p->allowed;
    unsigned next = p->sessions + step < most ? p->sessions + step : most;
    p->climbing = next > p->sessions;
    if (p->climbing) {
        p->sessions_before = p->sessions;
        p->goodput_before = goodput;
        change_sessions(p, next, now_ms);
    }
}

static void step_back(struct pace *p, uint64_t now_ms)
{
    p->climbing = false;
    p->hold_ms = now_ms + p->hold_for_ms;
    p->hold_for_ms *= 2;
    p->hold_for_ms =
        p->hold_for_ms < HOLD_MOST_MS ? p->hold_for_ms : HOLD_MOST_MS;
    change_sessions(p, p->sessions_before, now_ms);
}

/* The epoch after a step up: did it bring what it should? */
static void judge(struct pace *p, double goodput, uint64_t now_ms)
{
    double before = (double)p->sessions_before;
    double more = (double)p->sessions / before - 1;
    if (goodput - p->goodput_before >= worth * p->goodput_before * more) {
        p->hold_for_ms = HOLD_FIRST_MS;
        climb(p, goodput, now_ms);
    } else {
        step_back(p, now_ms);
    }
}

static bool harmful(const struct pace *p, uint64_t epoch)
{
    double due = p->goodput_before * (double)epoch;
    return p->climbing && !p->starved && epoch >= SETTLE_MS &&
           due >= SETTLE_ANSWERS && (double)p->answered < plainly_worse * due;
}

/* Calm lifts the ceiling that throttles have set. */
static void relax(struct pace *p, uint64_t now_ms, uint64_t epoch)
{
    if (p->throttle.per_ms <= 0 || now_ms - p->calm_ms < CALM_MS) {
        return;
    }
    p->throttles = 0;
    rate_bucket_scale(&p->throttle,
                      1 + raise_a_second * (double)epoch / SECOND_MS);
}

static void end_epoch(struct pace *p, uint64_t now_ms)
{
    uint64_t epoch = now_ms - p->epoch_ms;
    double goodput = (double)p->answered / (double)epoch;
    p->goodput = goodput;
    bool counts = !p->starved;
    relax(p, now_ms, epoch);
    begin_epoch(p, now_ms, false);
    if (!counts || !p->automatic) {
        return;
    }
    if (p->climbing) {
        judge(p, goodput, now_ms);
    } else if (now_ms >= p->hold_ms) {
        climb(p, goodput, now_ms);
    }
}

unsigned pace_sessions(struct pace *p, unsigned ready, uint64_t now_ms)
{
    if (p->cap < p->cap_asked && now_ms >= p->cap_until_ms) {
        p->cap++; /* one more is tried, once in a while */
        p->cap_until_ms = now_ms + CAP_HOLD_MS;
        p->sessions = p->automatic ? p->sessions : p->cap;
    }
    uint64_t epoch = now_ms - p->epoch_ms;
    bool settled = ready >= p->sessions && epoch >= SETTLE_MS &&
                   p->answered >= SETTLE_ANSWERS;
    bool full = epoch >= EPOCH_MS && p->answered >= EPOCH_ANSWERS;
    if (harmful(p, epoch)) {
        step_back(p, now_ms);
    } else if (p->settling && settled) {
        begin_epoch(p, now_ms, false);
    } else if (p->settling && epoch >= EPOCH_MOST_MS) {
        /* The clock starts when all of them are there. */
        begin_epoch(p, now_ms, ready < p->sessions);
    } else if (!p->settling && (full || epoch >= EPOCH_MOST_MS)) {
        end_epoch(p, now_ms);
    }
    return p->sessions < p->allowed ? p->sessions : p->allowed;
}
