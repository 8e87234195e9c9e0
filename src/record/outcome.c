#include "record/outcome.h"

#include <assert.h>

static const struct {
    const char *name;
    bool failed;
} facts[OUTCOMES] = {
    [OUTCOME_SENT] = {"sent", false},
    [OUTCOME_REJECTED] = {"rejected", true},
    [OUTCOME_DEFERRED] = {"deferred", true},
    [OUTCOME_UNKNOWN] = {"unknown", true},
    [OUTCOME_PENDING] = {"pending", true},
    [OUTCOME_INVALID] = {"invalid", true},
    [OUTCOME_DUPLICATE] = {"duplicate", false},
    [OUTCOME_SUPPRESSED] = {"suppressed", false},
};

const char *outcome_name(enum outcome o)
{
    assert(o < OUTCOMES);
    return facts[o].name;
}

bool outcome_failed(enum outcome o)
{
    assert(o < OUTCOMES);
    return facts[o].failed;
}
