/* Where do the messages go, on request? Into a Maildir: written whole in tmp,
 * then moved into new, each as it came (CRLF, no dots doubled). Not synced:
 * it is a rehearsal. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

struct maildir {
    int tmp; /* directories; -1: none is kept */
    int new;
    uint64_t started_us; /* since the epoch: part of each name */
};

/* Makes what is missing. `path` may be NULL. False: EX_CANTCREAT (73). */
bool maildir_open(struct maildir *m, const char *path, struct err *err);
void maildir_close(struct maildir *m);

/* `number` is used once only. False: nothing is left of it. */
bool maildir_store(struct maildir *m, uint64_t number, struct span content);
