/* How many letters does a relay take in one session?
 *
 * Each session counts those that the relay dealt with, until it has enough of
 * them: a 421 in answer to something, or a refusal that is the session's.
 * What was seen is learned for the sessions to come. */
#pragma once

#include <stdbool.h>

#include "smtp/dialog.h"

/* What a verdict says of its session. */
enum session_news {
    SESSION_DEALT,  /* the relay dealt with the letter itself */
    SESSION_WAITS,  /* it did not */
    SESSION_LEAVES, /* it will have no more letters on it */
    SESSION_LAPSED, /* the same, but for its login: no matter of how many */
};

/* Of one session; all zero at its start. */
struct appetite {
    unsigned letters; /* dealt with */
    bool full;        /* the relay will have no more… */
    bool counts;      /* …and said that it counts them */
    bool lapsed;      /* …until there is another login */
};

/* Of a relay; all zero at first. */
struct appetite_learned {
    unsigned letters;      /* then it has enough; 0: not seen */
    unsigned closed_after; /* so many, the last time */
};

/* The last verdict of a letter, or one before it. */
void appetite_verdict(struct appetite *a, enum session_news news, bool last);

/* The dialog is over. */
void appetite_end(struct appetite *a, const struct dialog *d);

/* A session has ended that had been ready. */
void appetite_learn(struct appetite_learned *learned, const struct appetite *a);

/* As many as asked for, or as the relay was seen to take; 0: no limit. */
unsigned appetite_limit(const struct appetite_learned *learned, unsigned asked);
