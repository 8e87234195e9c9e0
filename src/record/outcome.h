/* What can become of a row? One of these, exactly one per row. */
#pragma once

#include <stdbool.h>

enum outcome {
    OUTCOME_SENT,
    OUTCOME_REJECTED,
    OUTCOME_DEFERRED,
    OUTCOME_UNKNOWN,
    OUTCOME_PENDING,
    OUTCOME_INVALID,
    OUTCOME_DUPLICATE,
    OUTCOME_SUPPRESSED,
    OUTCOMES,
};

const char *outcome_name(enum outcome o); /* "sent", … */

/* Rejected, deferred, unknown, pending or invalid: the report names it even
 * without --report-all. */
bool outcome_failed(enum outcome o);
