/* Of which step does a reply of 2xx have the looks?
 *
 * Pure. Replies are matched by counting alone (RFC 2920 3.1). Where a relay
 * gives one too many, or one too few, all that follow are matched with the
 * wrong command, and the reply to a recipient would pass for the one to a
 * content. But a relay has its own words for each step, always the same but
 * for ids, sizes and addresses: what looks like the reply to another step
 * shows that the count has slipped. */
#pragma once

#include <stdint.h>

#include "smtp/reply.h"
#include "smtp/steps.h"

/* All zero at the start of a connection. */
struct forms {
    uint64_t of[STEPS]; /* of the first reply to each; 0: none yet */
    uint64_t last;      /* of the one that was learned last */
};

enum form_sense {
    FORM_FITS,     /* what its step was answered before */
    FORM_NEW,      /* nothing that was seen before */
    FORM_SAYS_ALL, /* its own step's, and that of another as well */
    FORM_ASTRAY,   /* that of another step, and not of its own */
};

/* Not to be judged. */
void forms_learn(struct forms *f, enum step step, const struct reply *reply);

/* Learns it where it is the first of its step. */
enum form_sense forms_look(struct forms *f, enum step step,
                           const struct reply *reply);
