/* What is the secret? Asks the person at the terminal, without echo. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

bool prompt_possible(void); /* there is a terminal */

/* Appends the line that was typed, line end included. EX_CONFIG where there is
 * no terminal. A signal that would end or stop the process still does, with the
 * echo back on; who comes back from a stop is asked again. */
bool prompt_ask(const char *user, const char *host, struct buf *out,
                struct err *err);
