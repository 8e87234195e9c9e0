/* Where do a list's bytes come from, so that they can be read again?
 *
 * From a regular file as it is; from anything else (stdin, a FIFO, a device)
 * by way of an unlinked copy in $TMPDIR or /tmp, made when it is opened. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/err.h"

struct spool {
    const char *name; /* for messages; "stdin" for "-" */
    int descriptor;
    bool copied;
    uint64_t offset; /* of the next byte to be read; may be set back */
    /* Of a file that is not copied, when it was opened. */
    uint64_t bytes;
    struct timespec changed;
};

/* Borrows path. False: EX_NOINPUT where it cannot be read (a directory, too),
 * EX_IOERR or EX_CANTCREAT where the copy cannot be made. */
bool spool_open(struct spool *s, const char *path, struct err *err);
void spool_close(struct spool *s);

/* Up to `bytes` bytes, at least one but at the end (0). False: EX_NOINPUT. */
bool spool_read(struct spool *s, char *to, size_t bytes, size_t *got_out,
                struct err *err);

/* False: EX_DATAERR, the file is not what it was when it was opened (its size,
 * or the time of its last change). */
bool spool_unchanged(const struct spool *s, struct err *err);
