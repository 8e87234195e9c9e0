/* Which addresses does the sink treat badly, and how?
 *
 * By the beginning of the local part, in any case:
 *   bad…    550 5.1.1 to RCPT
 *   grey…   451 4.7.1 to the first RCPT of this address, then as any other
 *   full…   452 4.2.2 to RCPT
 *   busy…   421 4.3.2 to RCPT, and the connection is closed
 *   spam…   accepted; 550 5.7.1 to its content
 *   later…  accepted; 451 4.3.0 to its content
 *   slow…   accepted and taken; the reply to its content comes a second late
 *   mute…   accepted; its content is not taken, and nothing is said any more
 *   drop…   accepted; once its content is there the connection is cut without
 *           a reply, and the message is not taken
 *   lost…   the same, but the message was taken
 * And where it was asked for, any address by chance (sink/chance.h). A row in
 * faults.c is a fault. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/set.h"
#include "base/span.h"
#include "sink/answers.h"

enum { FAULTS_SLOW_MS = 1000 };

enum fault_kind {
    FAULT_NONE,
    FAULT_REFUSE, /* `reply` to RCPT */
    FAULT_CLOSE,  /* `reply` to RCPT, then the connection is closed */
    FAULT_CUT,    /* cut at RCPT, without a reply */
    /* From here on RCPT is accepted, and it befalls the content. */
    FAULT_REFUSE_CONTENT, /* `reply`, not taken */
    FAULT_DROP,           /* not taken, cut */
    FAULT_LOSE,           /* taken, then cut */
    FAULT_MUTE,           /* not taken, and silence */
    FAULT_SLOW,           /* taken, answered late */
};

struct fault {
    enum fault_kind kind;
    struct answer_words reply;
};

struct faults {
    bool counting; /* attempts, of every address */
    bool random;
    uint64_t seed; /* of chance */
    struct set met;
    unsigned *attempts; /* by index in `met` */
    uint32_t attempts_max;
    struct siphash_key key;
};

void faults_init(struct faults *f);
void faults_release(struct faults *f);

/* What this RCPT, or the content behind it, meets; NULL: it is to be treated
 * well. `address` is the whole of it, `local` its local part. */
const struct fault *faults_find(struct faults *f, struct span address,
                                struct span local);

/* How often it was looked for; 0 where nobody counts. */
unsigned faults_attempts(const struct faults *f, struct span address);
