/* What does the state know of a row, and may its letter go?
 *
 * Between the conductor and record/state. Without a state all of this does
 * nothing, and every letter may go at once. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "mailing/parcel.h"
#include "mailing/plan.h"
#include "mailing/rate.h"
#include "mailing/settings.h"
#include "net/loop.h"
#include "record/state.h"
#include "record/state_writer.h"

struct line;

struct keeper {
    struct state *state;         /* NULL: the run is stateless */
    struct state_writer *writer; /* NULL: nothing is written */
    struct loop_waker *waker;
    bool looks; /* nothing is made, and nothing is written */
    bool known; /* the campaign was begun before */
    struct siphash_key id_key;
};

/* Opens the state, where it exists, before anything else: who comes second is
 * told so at once. A dry run looks and no more. */
bool keeper_open(struct keeper *k, const struct settings *settings,
                 struct err *err);

/* The same, to read and no more: no lock is held, a run may go on. */
bool keeper_look(struct keeper *k, const struct settings *settings,
                 struct err *err);

/* The key of the Message-IDs; NULL: there is none yet. */
const struct siphash_key *keeper_id_key(const struct keeper *k);

/* Takes the campaign, in a state that is made now where there was none, and
 * the addresses that it never mails. Without a template any letter will do. */
bool keeper_take(struct keeper *k, struct plan *plan, struct err *err);

/* What the relay taught earlier runs, and what it has taught this one (after
 * keeper_end). */
bool keeper_recall(struct keeper *k, struct line *l, struct err *err);
bool keeper_learn(struct keeper *k, const struct line *l, struct err *err);

/* The list is counted; from here on the state can be written. */
bool keeper_begin(struct keeper *k, const struct plan *plan, struct loop *loop,
                  struct err *err);

/* What earlier runs have used of the budgets. */
bool keeper_remember(struct keeper *k, struct rate *rate, uint64_t now_ms,
                     struct err *err);

/* All that is to be written is. False: EX_IOERR. */
bool keeper_end(struct keeper *k, struct err *err);
void keeper_close(struct keeper *k);

/* What earlier runs left of that row. */
enum state_found keeper_find(struct keeper *k, const struct plan_row *row,
                             struct arena *arena, struct state_row *out,
                             struct err *err);

/* A row that a run left like that is no more settled than one that is new. */
bool keeper_goes_again(const struct settings *settings, enum outcome outcome);

/* The intent to send it gathers; it may go when that group is safe. */
uint64_t keeper_intend(struct keeper *k, const struct parcel *p);
bool keeper_safe(struct keeper *k, uint64_t group);

/* What is now known of a row whose intent was written once. tried: an
 * attempt has ended with it; else nothing was said of it after all. */
void keeper_write(struct keeper *k, struct task *t,
                  const struct report_row *row, bool tried);

/* At the end of a turn of the loop. False: EX_IOERR, nothing more may go. */
bool keeper_turn(struct keeper *k, struct err *err);
