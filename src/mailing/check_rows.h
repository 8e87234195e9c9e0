/* How does check show what became of each row? In text, CSV or JSONL, as
 * mailshot(5) has it. */
#pragma once

#include <stdbool.h>

#include "mailing/mailing.h"
#include "mailing/plan.h"
#include "record/output.h"

struct check_rows {
    const struct plan *plan;
    const struct check_options *options;
    struct output output;
    struct buf fields; /* of one row, as JSON */
};

/* To standard output, or in text to stderr where that is for the rows of
 * --clean. False: EX_IOERR. */
bool check_rows_open(struct check_rows *c, const struct plan *plan,
                     const struct check_options *options, struct err *err);
bool check_rows_write(struct check_rows *c, const struct plan_row *row,
                      struct err *err); /* false: EX_IOERR */
bool check_rows_close(struct check_rows *c, struct err *err);
