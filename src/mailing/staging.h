/* Which letters of a session are made, and wait for their intent to be on
 * disk? First come, first to go. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "mailing/parcel.h"
#include "smtp/dialog.h"

struct session_terms;

struct staging {
    struct parcel *first, *last;
    unsigned count;
    struct task *held; /* taken, with a letter unlike the last parcel's */
};

/* Of enum task_need, what a session has not. */
unsigned staging_lacks(const struct dialog *d);

/* The next rows with the same letter, in a parcel that is not yet of these.
 * NULL: no row is left. */
struct parcel *staging_pack(struct staging *s,
                            const struct session_terms *terms,
                            const struct dialog *d);

void staging_add(struct staging *s, struct parcel *p);
struct parcel *staging_take(struct staging *s); /* NULL: none */

/* There is use for another: the dialog would take it, or (with a state) cannot
 * stream, and the intent of the next ones is written meanwhile. */
bool staging_hungry(const struct staging *s, const struct settings *settings,
                    const struct dialog *d);

/* All of them go back to where they came from. */
void staging_let_go(struct staging *s, const struct session_terms *terms);
