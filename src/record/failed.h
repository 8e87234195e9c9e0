/* Which rows have to be mailed another time? Those of --failed: as they stood
 * in LIST, same bytes, same dialect, same order, and behind them
 * `_status,_code,_enhanced,_reason` (replaced where the list has columns of
 * these names already, so that a --failed file can be the list of the next
 * run). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/span.h"
#include "record/outcome.h"

struct failed_row {
    struct span raw; /* as it stood, line end included (or none at the end) */
    enum outcome status;
    unsigned code; /* 0: empty */
    struct span enhanced;
    struct span reason;
};

/* How LIST is written; as it stood, each empty where it has none. */
struct failed_list {
    char delimiter;
    const struct span *names; /* of its columns */
    size_t columns;
    struct span preamble; /* what stands in front of the header or first row */
    struct span header;
};

struct failed;

/* NULL: EX_CANTCREAT. The file is made 0600 under a name of its own and takes
 * PATH when it is closed whole. */
struct failed *failed_open(const char *path, const struct failed_list *list,
                           struct err *err);
bool failed_write(struct failed *f, const struct failed_row *row,
                  struct err *err); /* false: EX_IOERR */
bool failed_close(struct failed *f, struct err *err);
void failed_abandon(struct failed *f); /* nothing takes PATH */
