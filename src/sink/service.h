/* When may the reply to a content leave?
 *
 * Pure; time comes in. Three things can hold it back, and the latest of them
 * counts: a delay; workers, each of which serves one message at a time, and
 * the slower the more sessions are open beyond their number; a rate. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { SERVICE_WORKERS_MAX = 4096 };

struct service {
    uint64_t delay_ms;
    /* With n sessions open a message costs a worker message_ms, and where n is
     * more than the workers message_ms * (n / workers)^2. */
    uint64_t message_ms;
    unsigned workers;  /* 0: as many as there are sessions, and at no cost */
    uint64_t rate;     /* messages a second, all sessions together; 0: any */
    uint64_t *free_us; /* from when on each worker is */
    uint64_t rate_free_us; /* from when on the rate is */
};

/* The first four fields say how; they are the caller's to set before. */
void service_init(struct service *s);
void service_release(struct service *s);

bool service_takes_time(const struct service *s);

/* For how long the next reply of a session has to wait, at this time, with so
 * many sessions open. Asked once a reply, it takes the worker's time. */
uint64_t service_wait_ms(struct service *s, uint64_t now_ms, uint64_t open);
