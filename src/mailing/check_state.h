/* Which rows did earlier runs of the campaign settle? check's look at the
 * state: it reads, makes nothing, and holds no lock.
 *
 * Without a campaign all of this does nothing, and no row is settled. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "mailing/keeper.h"
#include "mailing/mailing.h"
#include "mailing/plan.h"

struct check_state {
    struct keeper keeper;
    struct arena arena;            /* of the row under way */
    uint64_t by_outcome[OUTCOMES]; /* of the rows that are settled */
    uint64_t settled;              /* their sum */
};

/* Opens the state, where there is one, and the plan with what it knows. False:
 * *err, as send would say it; nothing is open then. */
bool check_state_open(struct check_state *c, const struct settings *settings,
                      struct plan *plan_out, struct err *err);
void check_state_close(struct check_state *c);

/* A row that is CLEAN_OK: would send not begin it, since it is settled? Then
 * its reason says so. False: *err. */
bool check_state_meet(struct check_state *c, const struct plan *plan,
                      struct plan_row *row, bool *settled_out, struct err *err);

/* After the last row: how many there were, in one line. */
void check_state_tell(const struct check_state *c, const struct plan *plan,
                      const struct observer *observer);
