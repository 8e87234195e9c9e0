/* Would one of the files that are written be one of those that are read, or
 * be written twice? */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "cli/options.h"

/* False: EX_USAGE naming both. */
bool places_distinct(struct options *o, struct err *err);

/* The same for a report (NULL: none) that is written from states. */
bool places_no_state(const char *report, const char *const *states,
                     size_t state_count, struct err *err);

/* Would a letter of render --output be written over one that is read? False:
 * EX_USAGE naming it. */
bool places_spared(struct options *o, struct err *err);

/* PATH is standard output under one of its names. */
bool places_is_stdout(const char *path);
