/* What does an account say that the command line and the environment left
 * unsaid? */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "cli/options.h"

/* Reads the account file where one is named, or no relay is, and fills in what
 * is still open. False: EX_NOINPUT, EX_CONFIG. */
bool account_adopt(struct options *o, struct err *err);
