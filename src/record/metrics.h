/* How does a run stand, for who watches over many? A textfile in the format
 * of Prometheus, for the node exporter's collector: replaced whole, so that it
 * is never read in part, and 0644, since the collector is another user. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "record/outcome.h"

struct metrics {
    struct span mailing;           /* the label of each sample: UTF-8 */
    uint64_t by_outcome[OUTCOMES]; /* rows settled so far */
    uint64_t rows;
    uint64_t elapsed_ms;
    unsigned sessions; /* open now */
    int64_t now_s;     /* since 1970 */
    bool running;
    int status; /* the exit status, once it no longer runs */
};

/* False: EX_CANTCREAT (73) or EX_IOERR (74) naming the file; the old one
 * stays. */
bool metrics_write(const char *path, const struct metrics *m, struct err *err);
