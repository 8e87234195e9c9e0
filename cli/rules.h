/* Do the options go together, and with what the system holds? */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "cli/options.h"

/* Adopts the account, finds the secret's source, and refuses what contradicts:
 * EX_USAGE, or EX_CONFIG and EX_NOINPUT for the account file and the secret. */
bool rules_hold(struct options *o, struct err *err);
