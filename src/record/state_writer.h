/* When is it on disk what is about to happen, and what has happened?
 *
 * Changes gather in the open group. Once a turn of the loop the group is
 * handed to one thread, which commits it in one transaction and syncs it;
 * meanwhile the next one gathers. A letter may leave when the group of its
 * intent is committed.
 *
 * What failed once is never tried again and believed: then nothing more is
 * written, and every call says so. One failure is not of that kind: a disk
 * that is full has kept nothing, and says so. For that case a little room is
 * held from the beginning, and at the end what is known by then is written
 * into it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "record/state.h"

struct state_writer;

/* For the mailing that was taken. done: a group has been committed, or it has
 * failed; called from the thread. NULL: *err. */
struct state_writer *state_writer_create(struct state *s,
                                         void (*done)(void *context),
                                         void *context, struct err *err);

/* Into the open group; copied. */
void state_writer_put(struct state_writer *w, const struct state_row *row);
/* A try of it has ended so. */
void state_writer_put_attempt(struct state_writer *w,
                              const struct state_row *row);
/* Letters are begun, or (below 0) were not after all: they count for the
 * budgets. */
void state_writer_count_letters(struct state_writer *w, int letters);

/* The open group's number, from 1, and that of the last one committed. */
uint64_t state_writer_group(const struct state_writer *w);
uint64_t state_writer_committed(struct state_writer *w);

/* Hands the open group over, if there is anything in it and the thread is
 * free. False: EX_IOERR, it cannot be written. */
bool state_writer_turn(struct state_writer *w, struct err *err);

/* Commits what is left and ends the thread. False: as above. The writer is
 * gone in either case. */
bool state_writer_finish(struct state_writer *w, struct err *err);
