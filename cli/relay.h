/* Which relay is it, and how does it come to know us? */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "cli/options.h"

/* Fills in what only the account file says, and checks that the relay, its
 * TLS and the login go together. */
bool relay_settle(struct options *o, struct err *err);
