/* Why did a session end, in words that say what to do? */
#pragma once

#include "base/err.h"
#include "smtp/dialog.h"

/* Of a dialog that is over; relay is host:port. */
void ending_describe(const struct dialog *d, struct span relay, int status,
                     struct err *why);
