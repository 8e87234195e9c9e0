/* How many of the run's sessions has each relay?
 *
 * Pure. Each that can have any gets one before any gets its second, who is in
 * doubt last; the rest goes by weight times what a session there brings. What
 * is learned moves one session at a time, and only where it is plain. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct share {
    unsigned weight;
    bool able;     /* it can have sessions */
    bool doubtful; /* but the last ones failed: others come first */
    unsigned kept; /* of one that cannot: those that it has and keeps */
    unsigned now;  /* its sessions */
    bool was_able; /* when they were dealt out */

    bool known;
    double brings;     /* letters a session brings a second, where known */
    uint64_t answered; /* letters so far, when they were counted last */
    unsigned sessions; /* then */
};

struct shares {
    struct share *list;
    unsigned count;
    unsigned total; /* what was dealt out last, without what is kept */
    uint64_t counted_ms;
};

/* The shares of now: dealt out anew where others are able than before, or
 * another number is left. */
void shares_deal(struct shares *s, unsigned sessions_max);

/* Letters answered so far on that line, and how many sessions brought them;
 * `epoch_ms` after the last time. */
void shares_count(struct share *one, uint64_t answered, unsigned sessions,
                  uint64_t epoch_ms);

/* One session goes from who has too many to who has too few. */
void shares_move(struct shares *s);
