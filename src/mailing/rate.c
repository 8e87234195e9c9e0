#include "mailing/rate.h"

#include <assert.h>
#include <string.h>

enum {
    BURST_MS = 20,
    SECOND_MS = 1000,
};

/* --- buckets --- */

/* The burst comes off the rate, so that no window holds more than allowed. */
static struct rate_bucket bucket(const struct rate_limit *limit,
                                 uint64_t now_ms)
{
    double count = (double)limit->count;
    double period = (double)limit->period_ms;
    double burst = count * BURST_MS / period;
    burst = burst < 1 ? 1 : burst;
    double spread = burst > 1 ? count - burst : count;
    return (struct rate_bucket){spread / period, burst, burst, now_ms};
}

void rate_bucket_set(struct rate_bucket *b, double per_ms, uint64_t now_ms)
{
    *b = (struct rate_bucket){per_ms, 1 + per_ms * BURST_MS, 0, now_ms};
}

void rate_bucket_scale(struct rate_bucket *b, double factor)
{
    b->per_ms *= factor;
    b->burst = 1 + b->per_ms * BURST_MS;
}

static void fill(struct rate_bucket *b, uint64_t now_ms)
{
    b->tokens += b->per_ms * (double)(now_ms - b->filled_ms);
    b->tokens = b->tokens < b->burst ? b->tokens : b->burst;
    b->filled_ms = now_ms;
}

/* When it holds a whole token. */
uint64_t rate_bucket_when_ms(struct rate_bucket *b, uint64_t now_ms)
{
    if (b->per_ms <= 0) {
        return now_ms;
    }
    fill(b, now_ms);
    if (b->tokens >= 1) {
        return now_ms;
    }
    return now_ms + 1 + (uint64_t)((1 - b->tokens) / b->per_ms);
}

/* --- budgets --- */

/* The clock may be younger than the letters that count: the slices begin long
 * before it. */
static const uint64_t before_ms = UINT64_C(1000) * 24 * 3600 * SECOND_MS;

static uint64_t slice_at(const struct rate_budget *b, uint64_t now_ms)
{
    return (now_ms + before_ms) / b->slice_ms;
}

static uint64_t begin_of(const struct rate_budget *b, uint64_t slice)
{
    return slice * b->slice_ms - before_ms;
}

static void advance(struct rate_budget *b, uint64_t now_ms)
{
    uint64_t slice = slice_at(b, now_ms);
    if (slice - b->slice > RATE_SLICES) {
        memset(b->counts, 0, sizeof b->counts);
        b->slice = slice;
    }
    while (b->slice < slice) {
        b->slice++;
        b->counts[b->slice % (RATE_SLICES + 1)] = 0;
    }
}

static uint64_t used(const struct rate_budget *b)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i <= RATE_SLICES; i++) {
        sum += b->counts[i];
    }
    return sum;
}

static bool budgets_left(struct rate *r, uint64_t now_ms)
{
    for (unsigned i = 0; i < r->budget_count; i++) {
        advance(&r->budgets[i], now_ms);
        if (used(&r->budgets[i]) >= r->budgets[i].limit.count) {
            return false;
        }
    }
    return true;
}

/* When the oldest slices that have to leave have left. */
static uint64_t opens_ms(const struct rate_budget *b, uint64_t now_ms)
{
    uint64_t left = used(b);
    for (uint64_t age = RATE_SLICES; left >= b->limit.count && age > 0; age--) {
        if (age > b->slice) {
            continue;
        }
        uint64_t slice = b->slice - age;
        left -= b->counts[slice % (RATE_SLICES + 1)];
        if (left < b->limit.count) {
            return begin_of(b, slice + RATE_SLICES + 1);
        }
    }
    return left < b->limit.count ? now_ms
                                 : begin_of(b, b->slice + RATE_SLICES + 1);
}

uint64_t rate_opens_ms(const struct rate *r, uint64_t now_ms)
{
    uint64_t when = now_ms;
    for (unsigned i = 0; i < r->budget_count; i++) {
        uint64_t its = opens_ms(&r->budgets[i], now_ms);
        when = its > when ? its : when;
    }
    return when;
}

void rate_remember(struct rate *r, uint64_t age_ms, uint64_t letters,
                   uint64_t now_ms)
{
    for (unsigned i = 0; i < r->budget_count; i++) {
        struct rate_budget *b = &r->budgets[i];
        if (age_ms <= b->limit.period_ms) {
            advance(b, now_ms);
            uint64_t slice = slice_at(b, now_ms - age_ms);
            b->counts[slice % (RATE_SLICES + 1)] += letters;
        }
    }
}

/* --- both --- */

uint64_t rate_when_ms(struct rate *r, uint64_t now_ms)
{
    uint64_t when = now_ms;
    if (!budgets_left(r, now_ms)) {
        return UINT64_MAX;
    }
    for (unsigned i = 0; i < r->bucket_count; i++) {
        uint64_t its = rate_bucket_when_ms(&r->buckets[i], now_ms);
        when = its > when ? its : when;
    }
    return when;
}

void rate_begin_letter(struct rate *r)
{
    for (unsigned i = 0; i < r->bucket_count; i++) {
        r->buckets[i].tokens -= 1;
    }
    for (unsigned i = 0; i < r->budget_count; i++) {
        struct rate_budget *b = &r->budgets[i];
        b->counts[b->slice % (RATE_SLICES + 1)]++;
    }
}

void rate_end_unsaid(struct rate *r)
{
    for (unsigned i = 0; i < r->bucket_count; i++) {
        r->buckets[i].tokens += 1;
    }
    for (unsigned i = 0; i < r->budget_count; i++) {
        struct rate_budget *b = &r->budgets[i];
        uint64_t *count = &b->counts[b->slice % (RATE_SLICES + 1)];
        *count -= *count > 0 ? 1 : 0;
    }
}

static void add_limit(struct rate *r, const struct rate_limit *limit,
                      uint64_t now_ms)
{
    assert(limit->count > 0 && limit->period_ms >= SECOND_MS);
    if (limit->budget) {
        r->budgets[r->budget_count++] = (struct rate_budget){
            .limit = *limit,
            .slice_ms = limit->period_ms / RATE_SLICES,
        };
    } else {
        r->buckets[r->bucket_count++] = bucket(limit, now_ms);
    }
}

void rate_init(struct rate *r, const struct rate_limit *limits, unsigned count,
               uint64_t now_ms)
{
    assert(count <= RATE_LIMITS_MAX);
    *r = (struct rate){0};
    for (unsigned i = 0; i < count; i++) {
        add_limit(r, &limits[i], now_ms);
    }
}
