/* What became of every row, in this run and in those before it? The state.
 *
 * One SQLite file (WAL, 0600) whose tables a person can query; mailshot.5 has
 * them. It may hold several campaigns. One process at a time may write it:
 * the lock dies with its process. Each delivery row carries a checksum of
 * itself, verified before anything is believed. Rows that were never begun
 * are not stored.
 *
 * state_*.c are the only files that know SQL. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/siphash.h"
#include "base/span.h"
#include "record/report.h"

enum state_use {
    STATE_READ,   /* no lock, nothing is written; a run may go on meanwhile */
    STATE_SETTLE, /* locked, to be written; it has to exist */
    STATE_RUN,    /* the same, and made where it does not exist */
};

struct state;

/* NULL: EX_NOINPUT where it does not exist, EX_DATAERR where it is no state
 * of ours or damaged, EX_TEMPFAIL naming the process that has it, EX_CANTCREAT
 * or EX_IOERR where it cannot be made or read. */
struct state *state_open(const char *path, enum state_use use, struct err *err);
void state_close(struct state *s); /* NULL is fine */

/* --- one campaign of it --- */

/* The key of its Message-IDs. False: there is no such campaign yet, or *err. */
bool state_find_mailing(struct state *s, struct span campaign,
                        struct siphash_key *id_key_out, struct err *err);

struct state_mailing {
    struct span campaign;
    struct siphash_key id_key;     /* of a new one */
    struct siphash_print template; /* of all that makes the letter */
    struct siphash_print options;  /* of who is mailed */
    bool template_may_change;
};

/* The campaign that this run goes on with, or begins. With STATE_READ nothing
 * is begun. False: EX_DATAERR where the letter is another one than before. */
bool state_take_mailing(struct state *s, const struct state_mailing *m,
                        struct err *err);

/* How many rows its LIST has, for the count of those never begun. */
struct state_counts {
    uint64_t rows, invalid, duplicate, suppressed;
};

bool state_count_list(struct state *s, const struct state_counts *counts,
                      struct err *err);

/* --- its rows --- */

struct state_row {
    uint64_t id;              /* of its record; from 1 */
    struct span key;          /* the address key of fold */
    uint32_t ordinal;         /* among equal keys */
    bool begun;               /* its content may be leaving: no outcome yet */
    struct report_row report; /* status of one that is begun: unknown */
};

enum state_found { STATE_ABSENT, STATE_THERE, STATE_BROKEN };

/* What the runs before this one left of a row of the mailing that was taken.
 * Spans of *out are in the arena. STATE_BROKEN: *err. */
enum state_found state_find(struct state *s, struct span key, uint32_t ordinal,
                            struct arena *arena, struct state_row *out,
                            struct err *err);

/* --- the budgets of all its campaigns --- */

/* Letters that were begun, a minute at a time: age is that of the youngest of
 * them, by the clock on the wall. Where it was set back, what was used stays
 * used, for as long as a window is and no longer. False: *err. */
bool state_each_begun(struct state *s, int64_t now_s,
                      void (*tell)(void *context, uint64_t age_s,
                                   uint64_t messages),
                      void *context, struct err *err);

/* The id of a row that has none yet. */
uint64_t state_new_id(struct state *s);
