/* Whom must this mailing never reach? Reads the files of --suppress.
 *
 * Told apart by what is in them:
 *   a list         one address or @domain a line; # begins a comment line
 *   CSV            with an address column, found as that of LIST is
 *   a report       of mailshot, CSV or JSONL: only the permanent failures of
 *                  a recipient count, and of these not a full mailbox and not
 *                  a policy, since no other says that the mailbox is gone
 *   a state        of mailshot: the same of all its campaigns, and the
 *                  addresses of its own suppressions */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "list/clean.h"
#include "record/state.h"

/* The suppressions of the state that the run itself has. */
bool suppress_of_state(struct cleaner *cleaner, struct state *state,
                       struct err *err);

/* False: EX_NOINPUT; EX_DATAERR naming the line of what is no address and no
 * domain, since whoever it stood for would be mailed. */
bool suppress_file(struct cleaner *cleaner, const char *path, struct err *err);
