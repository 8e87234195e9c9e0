/* What else should a person know before this is sent?
 *
 * A kind of finding is a file of its own with a row in the table of check.c.
 * It looks at each row as check reads the list, and says at the end, in few
 * lines, what it found: what makes no row invalid, or what many rows have in
 * common. */
#pragma once

#include "mailing/mailing.h"
#include "mailing/plan.h"

struct finding_kind {
    /* Before the first row. NULL: nothing of this kind can be found. */
    void *(*begin)(const struct plan *plan);
    /* A row that is fine may get a reason: a hint, shown where all rows are. */
    void (*look)(void *finding, struct plan_row *row);
    /* After the last row. How many warnings there were. */
    unsigned (*tell)(void *finding, const struct observer *observer);
    void (*end)(void *finding);
};

extern const struct finding_kind finding_causes;  /* rows that are no letter */
extern const struct finding_kind finding_demands; /* of large providers */
extern const struct finding_kind finding_sender;  /* what DNS says of it */
extern const struct finding_kind finding_sizes;   /* of the messages */
extern const struct finding_kind finding_slips;   /* gmial.com */
