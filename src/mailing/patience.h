/* For how long is a reply waited for?
 *
 * For the limit of the oldest thing said, from when it was said or from the
 * last sign of life: a reply, or words that the kernel took. The timer under
 * it is not put off each time: it looks again when it fires. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "net/loop.h"

struct patience {
    struct loop *loop;
    struct loop_timer *timer;
    uint64_t fires_ms;    /* UINT64_MAX: the timer does not run */
    uint64_t deadline_ms; /* UINT64_MAX: nothing is waited for */
    uint64_t limit_ms;
    uint64_t handed; /* bytes that the kernel had taken, when it was set */
    uint64_t (*handed_now)(void *context, bool *speaking_out);
    void (*ended)(void *context);
    void *context;
};

/* handed_now: bytes that the kernel has taken; *speaking_out: more are on
 * their way. ended: the time is up. */
void patience_init(struct patience *p, struct loop *loop,
                   uint64_t (*handed_now)(void *context, bool *speaking_out),
                   void (*ended)(void *context), void *context);
void patience_release(struct patience *p);

/* Something has happened; limit_ms: of what is waited for now, 0: nothing.
 * `heard`: it was a reply. */
void patience_renew(struct patience *p, uint64_t limit_ms, bool heard);
