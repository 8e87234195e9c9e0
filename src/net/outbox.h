/* What waits to be sent, and how much of it was handed to the kernel?
 *
 * In clear, what is said is ready at once. Over TLS it is sealed in whole
 * records, and the rest just before it is sent, so that records are full; what
 * each record ends with, in plaintext and in ciphertext, is kept until the
 * kernel has it. For this room alone. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"

struct tls;

enum {
    OUTBOX_BYTES_MAX = 256 * 1024, /* said and not yet handed */
    OUTBOX_SEALED_MAX = 192 * 1024,
    OUTBOX_RECORDS = 32,
};

struct outbox_record {
    uint64_t plain_end;  /* of all that was sealed */
    uint64_t sealed_end; /* of all that was ready */
};

struct outbox {
    bool secure;
    struct tls *tls;   /* borrowed; NULL: nothing can be sealed yet */
    struct buf said;   /* plaintext, to be sealed */
    size_t said_from;  /* sealed already */
    struct buf ready;  /* for the kernel; TLS appends to it */
    size_t ready_from; /* handed already */
    uint64_t sent;     /* of ready, ever */
    uint64_t sealed;   /* of said, since outbox_secure */
    uint64_t handed;
    struct outbox_record records[OUTBOX_RECORDS]; /* a ring */
    unsigned first;
    unsigned count;
};

void outbox_init(struct outbox *o);
void outbox_release(struct outbox *o);

/* What is ready goes first, as it is; what is said from now on is sealed. */
void outbox_secure(struct outbox *o);
/* The handshake is done. */
void outbox_open(struct outbox *o, struct tls *tls);

size_t outbox_room(const struct outbox *o);
/* Takes up to outbox_room bytes off the front of *plain, and seals whole
 * records at once, while the cache has them. False: TLS failed. */
bool outbox_say(struct outbox *o, struct buf *plain);

/* Said and not yet sealed. */
bool outbox_unsealed(const struct outbox *o);
/* Seals some or all of it. False: TLS failed. */
bool outbox_seal(struct outbox *o);

struct span outbox_ready(const struct outbox *o);
void outbox_sent(struct outbox *o, size_t bytes); /* of outbox_ready */
void outbox_discard(struct outbox *o); /* nothing more will be sent */

/* Of all that was said (since outbox_secure): handed to the kernel, over TLS
 * in whole records. */
uint64_t outbox_handed(const struct outbox *o);
