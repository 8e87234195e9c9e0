/* Where is the state of this mailing, and of which campaign is it? */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "cli/options.h"

/* Fills in what --campaign and --state left unsaid: an ID alone has its file
 * in the user's state folder, which is made for a run; a FILE alone is of the
 * campaign "main". False: *err. */
bool state_place_settle(struct options *o, struct err *err);
