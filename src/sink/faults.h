/* Which addresses does the sink treat badly, and how?
 *
 * By the beginning of the local part, in any case:
 *   bad…   550 5.1.1 to RCPT
 *   grey…  451 4.7.1 to the first RCPT of this address, then as any other
 *   full…  452 4.2.2 to RCPT
 *   drop…  accepted; once its content is there the connection is cut without
 *          a reply, and the message is not taken
 *   lost…  the same, but the message was taken
 * A row in faults.c is a fault. */
#pragma once

#include <stdbool.h>

#include "base/set.h"
#include "base/span.h"
#include "sink/answers.h"

enum fault_end {
    FAULT_END_NONE,
    FAULT_END_DROP, /* cut behind the content, not taken */
    FAULT_END_LOSE, /* taken, then cut */
};

struct fault {
    struct span prefix;        /* of the local part */
    struct answer_words reply; /* to RCPT; empty: accepted */
    bool once;                 /* per address */
    enum fault_end end;
};

struct faults {
    struct set met; /* addresses that have had theirs */
    struct siphash_key key;
};

void faults_init(struct faults *f);
void faults_release(struct faults *f);

/* NULL: this recipient is to be treated well. `address` is the whole of it,
 * `local` its local part. */
const struct fault *faults_find(struct faults *f, struct span address,
                                struct span local);
