/* What does a command of the user's print?
 *
 * Run by /bin/sh, with nothing on stdin, since that may be our list. What it
 * says on stderr goes to the terminal where that is one, so that it can ask a
 * person; else it is heard, and repeated only where the command fails. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct command {
    const char *text;
    const char *name;    /* what it is to the user: "--passwordeval" */
    uint64_t timeout_ms; /* for all of it; a person at a terminal has any */
};

/* Appends what it printed, in room that was had before, so that no copy is
 * left elsewhere: at most bytes_max of `out`. False: EX_CONFIG where it failed,
 * was killed, was too slow or printed too much, EX_OSERR where it could not be
 * run. */
bool command_read(const struct command *c, struct buf *out, struct err *err);
