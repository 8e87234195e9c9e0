#include "sink/service.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"

enum {
    /* Timers come late by up to that much; what they lost is made up for. */
    RATE_CREDIT_US = 20 * 1000,
};

void service_init(struct service *s)
{
    assert(s->workers <= SERVICE_WORKERS_MAX);
    s->rate_free_us = 0;
    s->free_us = NULL;
    if (s->workers > 0) {
        s->free_us = mem_alloc_zero(s->workers, sizeof *s->free_us);
    }
}

void service_release(struct service *s)
{
    free(s->free_us);
    s->free_us = NULL;
}

bool service_takes_time(const struct service *s)
{
    return s->delay_ms > 0 || s->workers > 0 || s->rate > 0;
}

static uint64_t cost_us(const struct service *s, uint64_t open)
{
    uint64_t cost = s->message_ms * 1000;
    uint64_t workers = s->workers;
    return open > workers ? cost * open / workers * open / workers : cost;
}

/* When the worker that is free first will be through with it. */
static uint64_t served_us(struct service *s, uint64_t now_us, uint64_t open)
{
    if (s->workers == 0) {
        return now_us;
    }
    uint64_t *first = s->free_us;
    for (unsigned i = 1; i < s->workers; i++) {
        first = s->free_us[i] < *first ? &s->free_us[i] : first;
    }
    *first = (*first > now_us ? *first : now_us) + cost_us(s, open);
    return *first;
}

static uint64_t allowed_us(struct service *s, uint64_t now_us)
{
    if (s->rate == 0) {
        return now_us;
    }
    uint64_t earliest = now_us > RATE_CREDIT_US ? now_us - RATE_CREDIT_US : 0;
    uint64_t at = s->rate_free_us > earliest ? s->rate_free_us : earliest;
    s->rate_free_us = at + 1000000 / s->rate;
    return at;
}

uint64_t service_wait_ms(struct service *s, uint64_t now_ms, uint64_t open)
{
    uint64_t now_us = now_ms * 1000;
    uint64_t due_us = now_us + s->delay_ms * 1000;
    uint64_t served = served_us(s, now_us, open);
    uint64_t allowed = allowed_us(s, now_us);
    due_us = served > due_us ? served : due_us;
    due_us = allowed > due_us ? allowed : due_us;
    return (due_us - now_us + 999) / 1000;
}
