/* Which rows share a transaction?
 *
 * One, as a rule. With --batch, consecutive rows whose letters are the same
 * to the byte, from the same sender: one MAIL, one RCPT a row, one content.
 * A parcel is the tag of its transaction in the dialog. */
#pragma once

#include <stdbool.h>

#include "mailing/task.h"
#include "smtp/dialog.h"

struct parcel {
    struct parcel *next; /* spare ones, or staged ones */
    struct task **tasks; /* by recipient; NULL: its verdict was had */
    struct span *recipients;
    unsigned count, cap;
    uint64_t group; /* of the state's, that its intent is in */
};

struct parcel_pool {
    struct parcel *spare;
};

void parcel_pool_release(struct parcel_pool *pool);
struct parcel *parcel_take(struct parcel_pool *pool); /* empty */
void parcel_give_back(struct parcel_pool *pool, struct parcel *p);

/* The letter is written. False: it cannot go with those that are in it. */
bool parcel_add(struct parcel *p, struct task *t);

/* Not empty (asserted). Borrowed until its last verdict, or, but for the tag,
 * until its letters are shed. */
void parcel_transaction(struct parcel *p, struct transaction *out);

/* It was said whole. */
void parcel_shed_letters(struct parcel *p);
