#include "mailing/pace.h"

enum {
    EPOCH_MS = 250,
    SETTLE_MS = 100,
    EPOCH_MOST_MS = 5000,
    EPOCH_ANSWERS = 20, /* fewer tell nothing */
    SETTLE_ANSWERS = 10,
    LOOK_MS = 1000, /* where it is not plain */
    LOOK_ANSWERS = 100,
    DOUBT_MS = 1500, /* of rest, before a trial is doubted */
    HOLD_FIRST_MS = 8000,
    HOLD_MOST_MS = 120000,
    CAP_HOLD_MS = 60000,
    CALM_MS = 5000,
    SECOND_MS = 1000,
    THROTTLES_MOST = 5,
};

/* Of what more sessions should bring in proportion, so much must come; with
 * so much, or so much less, it is told at once. */
static const double worth = 0.08;
static const double plainly_worth = 0.4;
/* A trial that brings less than so much of what was had before ends at once;
 * less than that, where it has only begun: a relay is slow for a moment while
 * it opens sessions. */
static const double plainly_worse = 0.7;
static const double worse_so_far = 0.5;
static const double smoothing = 0.2;
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
    p->trial = PACE_REST;
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
    p->leaving = sessions < p->sessions;
    p->sessions = sessions;
    begin_epoch(p, now_ms, true);
}

static unsigned most_sessions(const struct pace *p)
{
    unsigned most = p->cap < p->allowed ? p->cap : p->allowed;
    return most > 1 ? most : 1;
}

void pace_allow(struct pace *p, unsigned sessions, uint64_t now_ms)
{
    p->allowed = sessions;
    unsigned most = most_sessions(p);
    if (p->sessions > most || (!p->automatic && p->sessions < most)) {
        p->trial = PACE_REST;
        change_sessions(p, most, now_ms);
    }
}

/* How many sessions that trial has. */
static unsigned tried(const struct pace *p, enum pace_trial trial)
{
    unsigned before = p->sessions_before;
    unsigned most = most_sessions(p);
    unsigned next = before;
    if (trial == PACE_DOUBLE) {
        next = before * 2;
    } else if (trial == PACE_MORE) {
        next = before + (before > 3 ? before / 2 : 1);
    } else if (trial == PACE_FEWER) {
        next = before - (before > 3 ? before / 3 : before > 1);
    }
    return next < most ? next : most;
}

static bool tells_something(const struct pace *p, enum pace_trial trial)
{
    unsigned next = tried(p, trial);
    bool known = trial == PACE_FEWER && p->grew;
    return next != p->sessions_before && next != p->sessions && !known;
}

/* That trial, or the first one behind it that tells something; then a rest,
 * longer each time. */
static void try_next(struct pace *p, enum pace_trial trial, uint64_t now_ms)
{
    while (trial != PACE_REST && !tells_something(p, trial)) {
        trial--;
    }
    p->trial = trial;
    if (trial == PACE_REST) {
        p->rest_ms = now_ms;
        p->goodput = 0;
        p->hold_ms = now_ms + p->hold_for_ms;
        p->hold_for_ms *= 2;
        p->hold_for_ms =
            p->hold_for_ms < HOLD_MOST_MS ? p->hold_for_ms : HOLD_MOST_MS;
    }
    unsigned next = tried(p, trial);
    if (next != p->sessions) {
        change_sessions(p, next, now_ms);
    }
}

/* More sessions were turned down for what was had before, and that is not had
 * any more: a relay is quick at first, while its queue is short. */
static bool in_doubt(const struct pace *p, uint64_t now_ms)
{
    return now_ms >= p->rest_ms + DOUBT_MS &&
           p->turned_down > p->goodput * (1 + worth);
}

/* Doubles at first; later it feels its way. */
static void begin_trials(struct pace *p, bool first, uint64_t now_ms)
{
    p->tried = true;
    p->turned_down = 0;
    p->grew = false;
    p->sessions_before = p->sessions;
    p->goodput_before = p->goodput;
    try_next(p, first ? PACE_DOUBLE : PACE_MORE, now_ms);
}

static void accept(struct pace *p, double goodput, uint64_t now_ms)
{
    p->grew = p->trial != PACE_FEWER;
    p->sessions_before = p->sessions;
    p->goodput_before = goodput;
    p->turned_down = 0;
    p->hold_for_ms = HOLD_FIRST_MS;
    try_next(p, p->trial, now_ms);
}

/* What the trial brought: enough, too little, or not yet to be told. */
enum opinion { UNSURE, BETTER, WORSE };

static enum opinion judge(const struct pace *p, uint64_t epoch)
{
    double had = p->goodput_before * (double)epoch;
    double gain = (double)p->answered - had;
    double change = (double)p->sessions / (double)p->sessions_before - 1;
    double due = had * (change > 0 ? change : -change);
    if (gain > 0 && gain >= plainly_worth * due) {
        return BETTER;
    }
    if (gain <= -plainly_worth * due) {
        return WORSE;
    }
    bool looked_long = epoch >= EPOCH_MOST_MS ||
                       (epoch >= LOOK_MS && p->answered >= LOOK_ANSWERS);
    double least = p->trial == PACE_FEWER ? 0 : worth * due;
    return !looked_long ? UNSURE : gain >= least ? BETTER : WORSE;
}

/* What those take along that leave says nothing of those that stay. */
static bool harmful(const struct pace *p, uint64_t epoch)
{
    double due = p->goodput_before * (double)epoch;
    double least = epoch < EPOCH_MS ? worse_so_far : plainly_worse;
    bool tells = !p->starved && !(p->settling && p->leaving);
    return p->trial != PACE_REST && tells && epoch >= SETTLE_MS &&
           due >= SETTLE_ANSWERS && (double)p->answered < least * due;
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

/* What is seen while resting is smoothed: the next trials are held against
 * it. */
static void look_at_goodput(struct pace *p, uint64_t epoch)
{
    double now = (double)p->answered / (double)epoch;
    bool smooth = p->trial == PACE_REST && p->tried && p->goodput > 0;
    p->goodput = smooth ? p->goodput + (now - p->goodput) * smoothing : now;
}

static void end_epoch(struct pace *p, uint64_t now_ms)
{
    uint64_t epoch = now_ms - p->epoch_ms;
    enum opinion opinion = judge(p, epoch);
    bool counts = !p->starved && p->automatic;
    bool silent = p->answered == 0;
    if (counts && p->trial != PACE_REST && opinion == UNSURE) {
        return;
    }
    look_at_goodput(p, epoch);
    relax(p, now_ms, epoch);
    begin_epoch(p, now_ms, false);
    if (!counts) {
        return;
    }
    if (p->trial == PACE_REST) {
        bool doubt = in_doubt(p, now_ms);
        if (!silent && (doubt || now_ms >= p->hold_ms)) {
            begin_trials(p, doubt || !p->tried, now_ms);
        }
    } else if (opinion == BETTER) {
        accept(p, p->goodput, now_ms);
    } else {
        if (p->trial != PACE_FEWER && p->goodput > p->turned_down) {
            p->turned_down = p->goodput;
        }
        try_next(p, p->trial - 1, now_ms);
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
    bool settled = ready == p->sessions && epoch >= SETTLE_MS &&
                   p->answered >= SETTLE_ANSWERS;
    bool full = epoch >= EPOCH_MS && p->answered >= EPOCH_ANSWERS;
    if (harmful(p, epoch)) {
        /* Nor would half as many more do good. */
        try_next(p, p->trial == PACE_FEWER ? PACE_REST : PACE_FEWER, now_ms);
    } else if (p->settling && settled) {
        begin_epoch(p, now_ms, false);
    } else if (p->settling && epoch >= EPOCH_MOST_MS) {
        /* The clock starts when all of them are there. */
        begin_epoch(p, now_ms, ready != p->sessions);
    } else if (!p->settling && (full || epoch >= EPOCH_MOST_MS)) {
        end_epoch(p, now_ms);
    }
    return p->sessions < p->allowed ? p->sessions : p->allowed;
}
