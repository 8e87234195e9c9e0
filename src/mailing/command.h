/* What does a command of the user's print?
 *
 * Before there is a mailing, and a loop that could turn meanwhile; how it is
 * run says net/child.h. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* `name` is what the command is to the user, "rc:3: eval". Appends what it
 * printed, in room that was had before, so that no copy is left elsewhere: at
 * most bytes_max of `out`. False: EX_CONFIG where it failed, was killed, was
 * too slow or printed too much, EX_OSERR where it could not be run. */
bool command_read(const char *text, const char *name, uint64_t timeout_ms,
                  struct buf *out, struct err *err);
