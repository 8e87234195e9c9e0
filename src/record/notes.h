/* What was said of a row, until the end of the run?
 *
 * --failed is written at the end and in the order of the list, while rows
 * settle in any order: what it will say of each waits in an unlinked file,
 * with 4 bytes of memory for a row that has a note. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

struct note {
    unsigned code;
    struct span enhanced;
    struct span reason; /* cut at 4 KiB */
};

struct notes;

struct notes *notes_create(struct err *err); /* NULL: EX_CANTCREAT */
void notes_destroy(struct notes *n);
bool notes_put(struct notes *n, uint32_t index, const struct note *note,
               struct err *err); /* the last one counts; false: EX_IOERR */
/* False: there is none, or (err->status set) it could not be read. */
bool notes_get(struct notes *n, uint32_t index, struct arena *arena,
               struct note *out, struct err *err);
