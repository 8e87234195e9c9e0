/* How many sessions to one relay, and how fast?
 *
 * Pure: time comes in, in milliseconds that never run back. Two answers:
 *
 *   sessions   They climb while more of them bring more answered letters a
 *              second, go back where they do not, or where fewer bring as
 *              much, and stay below what the relay refused. What was turned
 *              down is tried again where it would be better than what is had
 *              now. Nothing grows in an epoch in which the list or the rate
 *              was the limit, or nothing was answered.
 *
 *   throttle   A ceiling that throttles (4xx) cut and calm raises. It is
 *              waited for. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "mailing/rate.h"

enum { PACE_SESSIONS_FIRST = 2 };

struct pace_settings {
    unsigned sessions;       /* 0: as many as do good */
    unsigned sessions_first; /* of those; 0: PACE_SESSIONS_FIRST */
    unsigned sessions_max;
};

/* Is another number of sessions better? Where one is not, the one above it is
 * tried next. */
enum pace_trial { PACE_REST, PACE_FEWER, PACE_MORE, PACE_DOUBLE };

struct pace {
    bool automatic;
    unsigned sessions; /* wanted now */
    unsigned cap;      /* more are refused, or asked for */
    unsigned cap_asked;
    unsigned allowed;      /* by pace_allow */
    uint64_t cap_until_ms; /* then one more is tried */

    struct rate_bucket throttle;
    uint64_t calm_ms;   /* since then no throttle */
    unsigned throttles; /* in a row */

    /* the epoch under way */
    uint64_t epoch_ms;
    uint64_t answered;
    bool starved;  /* the list or the rate was the limit */
    bool settling; /* the sessions have just changed: it does not count */
    bool leaving;  /* and some are to go first */

    double goodput; /* of the last whole one: letters a millisecond */

    /* the climb */
    enum pace_trial trial;
    bool tried;               /* there was one */
    bool grew;                /* since the last rest, and that was better */
    unsigned sessions_before; /* the trial */
    double goodput_before;    /* letters a millisecond */
    double turned_down;       /* the most that more sessions brought, in vain */
    uint64_t rest_ms;         /* the rest began */
    uint64_t hold_ms;         /* no climb before */
    uint64_t hold_for_ms;
};

void pace_init(struct pace *p, const struct pace_settings *settings,
               uint64_t now_ms);

/* When the throttle lets the next letter begin: now or earlier, or later. */
uint64_t pace_when_ms(struct pace *p, uint64_t now_ms);
void pace_begin_letter(struct pace *p); /* pace_when_ms has just allowed it */

void pace_answered(struct pace *p); /* the relay settled a letter */
void pace_starved(struct pace *p);  /* a session had nothing to say */
void pace_throttled(struct pace *p, uint64_t now_ms); /* 4xx: too fast */

/* A connection beyond those that are open was refused. */
void pace_refused(struct pace *p, unsigned open, uint64_t now_ms);

/* More than so many were refused, the last time. */
void pace_recall(struct pace *p, unsigned sessions, uint64_t now_ms);
unsigned pace_ceiling(const struct pace *p); /* 0: none was refused */

/* No more than so many for now: the others have the rest. */
void pace_allow(struct pace *p, unsigned sessions, uint64_t now_ms);

/* How many sessions there should be; `ready` of them are. */
unsigned pace_sessions(struct pace *p, unsigned ready, uint64_t now_ms);
