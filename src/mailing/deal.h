/* Which of the rows at hand goes next?
 *
 * Rows that were read ahead lie in lanes, one a domain, and the lanes are
 * dealt from in turn, so that one provider's recipients are no burst. A
 * domain with a rate of its own has a lane that waits for it, in a waiting
 * room of its own: the others go on. Rows that go again come before those
 * that were never tried. Who takes one may pass over those with certain needs
 * (task.h), which are for others. Memory is bounded: by DEAL_AHEAD rows, the
 * waiting rooms, and the rows that were returned. Tasks belong to who put them
 * in. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/siphash.h"
#include "mailing/rate.h"
#include "mailing/settings.h"
#include "mailing/task.h"

enum {
    DEAL_AHEAD = 256,        /* rows without a rate of their own; twice as
                                many cost each letter half a microsecond */
    DEAL_WAITING_MAX = 4096, /* those with one, all domains together */
};

struct deal_lane;

struct deal {
    const struct siphash_key *key; /* of the table */
    bool in_order;                 /* no lanes but those of the rates */
    struct deal_lane **table;
    struct deal_lane *first, *last; /* of those to be dealt from, in turn */
    struct deal_lane *spare;
    struct deal_lane **rated;
    unsigned rated_count, rated_next;
    unsigned ahead;    /* rows never tried, without a rate */
    unsigned waiting;  /* the same, with one */
    unsigned returned; /* rows that go again */
    unsigned choosy;   /* of all these, those with needs */
};

/* The key is borrowed, and so are the rates' domains. */
void deal_init(struct deal *d, const struct settings *settings,
               const struct siphash_key *key, uint64_t now_ms);
void deal_release(struct deal *d); /* empty (asserted) */

enum deal_room {
    DEAL_ROOM,
    DEAL_FULL,   /* of that domain */
    DEAL_CLOSED, /* a budget of that domain is used up */
};

/* Is there room for a row to that domain? */
enum deal_room deal_room(struct deal *d, struct span domain);
bool deal_hungry(const struct deal *d); /* for rows without a rate */
/* Each waiting room has room for a good number again. */
bool deal_roomy(const struct deal *d);

void deal_add(struct deal *d, struct task *t);    /* DEAL_ROOM (asserted) */
void deal_return(struct deal *d, struct task *t); /* a row that goes again */
/* Nothing was said of it after all: it uses up no rate of its domain. */
void deal_end_unsaid(struct deal *d, const struct task *t);

/* Which rows are asked for. */
struct deal_wish {
    bool fresh;     /* also those that were never tried */
    unsigned unfit; /* bit n: none whose needs are n */
};

/* NULL: none now. */
bool deal_ready(struct deal *d, uint64_t now_ms, struct deal_wish wish);
struct task *deal_take(struct deal *d, uint64_t now_ms, struct deal_wish wish);

/* Any, however long its domain is to wait; NULL: there is none. */
struct task *deal_take_any(struct deal *d, unsigned unfit);

/* When a lane that waits is next ready; UINT64_MAX: none waits. */
uint64_t deal_when_ms(struct deal *d, uint64_t now_ms);

/* A row of a lane that was closed; NULL: no more. *domain_out and *opens_ms:
 * whose budget is used up, and until when. */
struct task *deal_take_closed(struct deal *d, uint64_t now_ms,
                              struct span *domain_out, uint64_t *opens_ms_out);

struct task *deal_peek(const struct deal *d); /* NULL: empty */
