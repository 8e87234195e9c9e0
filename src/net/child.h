/* What does a command of the user's print, while the loop turns?
 *
 * Run by /bin/sh, with nothing on stdin, since that may be our list. It has
 * ended when the shell has: what that left in the background, an agent
 * perhaps, may keep its output open. What it says on stderr goes to the
 * terminal where that is one, so that it can ask a person, who has any time;
 * else it is heard, and repeated only where the command fails. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "net/loop.h"

struct child;

struct child_command {
    const char *text;    /* borrowed until it is over */
    const char *name;    /* what it is to the user: "--passwordeval" */
    uint64_t timeout_ms; /* for all of it; a person at a terminal has any */
};

/* Appends what it prints to `out`, in room that is had before, so that no copy
 * is left elsewhere: at most bytes_max of it. `over` is called once, in a later
 * turn; then the child is gone. Its *why has status 0, or is EX_CONFIG: it
 * failed, was killed, was too slow or printed too much, and `out` has no more
 * than before. NULL: EX_OSERR, it could not be run. */
struct child *child_start(struct loop *l, const struct child_command *command,
                          struct buf *out,
                          void (*over)(void *context, const struct err *why),
                          void *context, struct err *err);

/* Kills it; `over` is not called. NULL is fine. */
void child_stop(struct child *c);

/* It may talk to the terminal meanwhile. */
bool child_at_terminal(void);
