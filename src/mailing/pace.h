/* How many sessions, and how fast?
 *
 * Pure: time comes in, in milliseconds that never run back. Three answers:
 *
 *   sessions   they climb while more of them bring more answered letters a
 *              second, go back where they do not, and stay below what the
 *              relay refused. Nothing grows in an epoch in which the list or
 *              the rate was the limit.
 *   rate       --rate's windows of seconds and minutes, and a ceiling of its
 *              own that throttles (4xx) cut and calm raises. Both are waited
 *              for. In no window of its length are there more than allowed.
 *   budget     --rate's windows of hours and days: used up is used up. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { PACE_RATES_MAX = 8, PACE_SLICES = 60 };

struct pace_limit {
    uint64_t count;
    uint64_t period_ms;
};

struct pace_settings {
    unsigned sessions; /* 0: as many as do good */
    unsigned sessions_max;
    struct pace_limit limits[PACE_RATES_MAX];
    unsigned limit_count;
};

/* Evenly spaced, but for a small burst. */
struct pace_bucket {
    double per_ms; /* 0: no limit */
    double burst;
    double tokens;
};

/* Counts of the last period, in slices; the slice under way is the last to
 * leave, so that the true window never holds more than is counted. */
struct pace_budget {
    struct pace_limit limit;
    uint64_t slice_ms;
    uint64_t slice; /* running number of the one under way */
    uint64_t counts[PACE_SLICES + 1];
};

struct pace {
    bool automatic;
    unsigned sessions; /* wanted now */
    unsigned cap;      /* more are refused, or asked for */
    unsigned cap_asked;
    uint64_t cap_until_ms; /* then one more is tried */

    struct pace_bucket buckets[PACE_RATES_MAX];
    unsigned bucket_count;
    struct pace_bucket throttle;
    struct pace_budget budgets[PACE_RATES_MAX];
    unsigned budget_count;
    uint64_t filled_ms; /* when the buckets were filled last */
    uint64_t calm_ms;   /* since then no throttle */
    unsigned throttles; /* in a row */

    /* the epoch under way */
    uint64_t epoch_ms;
    uint64_t answered;
    bool starved;  /* the list or the rate was the limit */
    bool settling; /* the sessions have just changed: it does not count */

    double goodput; /* of the last whole one: letters a millisecond */

    /* the climb */
    bool climbing;
    unsigned sessions_before;
    double goodput_before; /* letters a millisecond */
    uint64_t hold_ms;      /* no climb before */
    uint64_t hold_for_ms;
};

void pace_init(struct pace *p, const struct pace_settings *settings,
               uint64_t now_ms);

/* May a letter be begun? It is then counted. Else *when_out says when to ask
 * again, or UINT64_MAX: a budget is used up (pace_budget_opens_ms). */
bool pace_begin_letter(struct pace *p, uint64_t now_ms, uint64_t *when_out);
uint64_t pace_budget_opens_ms(const struct pace *p, uint64_t now_ms);

void pace_answered(struct pace *p); /* the relay settled a letter */
void pace_starved(struct pace *p);  /* a session had nothing to say */
void pace_throttled(struct pace *p, uint64_t now_ms); /* 4xx: too fast */

/* A connection beyond those that are open was refused. */
void pace_refused(struct pace *p, unsigned open, uint64_t now_ms);

/* How many sessions there should be; `ready` of them are. */
unsigned pace_sessions(struct pace *p, unsigned ready, uint64_t now_ms);
