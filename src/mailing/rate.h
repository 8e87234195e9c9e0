/* When may the next letter begin? --rate's windows.
 *
 * Pure: time comes in, in milliseconds that never run back.
 *
 *   buckets  windows given in seconds or minutes. They are waited for, and in
 *            no window of its length are there more than allowed.
 *   budgets  windows given in hours or days: used up is used up. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { RATE_LIMITS_MAX = 8, RATE_SLICES = 60 };

struct rate_limit {
    uint64_t count;
    uint64_t period_ms;
    bool budget; /* given in hours or days */
};

/* Evenly spaced, but for a small burst. */
struct rate_bucket {
    double per_ms; /* 0: no limit */
    double burst;
    double tokens;
    uint64_t filled_ms; /* when it was filled last */
};

/* Counts of the last period, in slices; the slice under way is the last to
 * leave, so that the true window never holds more than is counted. */
struct rate_budget {
    struct rate_limit limit;
    uint64_t slice_ms;
    uint64_t slice; /* running number of the one under way */
    uint64_t counts[RATE_SLICES + 1];
};

struct rate {
    struct rate_bucket buckets[RATE_LIMITS_MAX];
    unsigned bucket_count;
    struct rate_budget budgets[RATE_LIMITS_MAX];
    unsigned budget_count;
};

void rate_init(struct rate *r, const struct rate_limit *limits, unsigned count,
               uint64_t now_ms);

/* When the next letter may begin: now or earlier, later, or UINT64_MAX: a
 * budget is used up. */
uint64_t rate_when_ms(struct rate *r, uint64_t now_ms);
void rate_begin_letter(struct rate *r); /* rate_when_ms has just allowed it */
void rate_end_unsaid(struct rate *r);   /* one was begun, but nothing said */

/* So many letters were begun so long ago, by an earlier run: they count for
 * the budgets. */
void rate_remember(struct rate *r, uint64_t age_ms, uint64_t letters,
                   uint64_t now_ms);

/* When a budget that is used up opens again. */
uint64_t rate_opens_ms(const struct rate *r, uint64_t now_ms);

/* A bucket of its own: so many tokens a millisecond, none in it yet. */
void rate_bucket_set(struct rate_bucket *b, double per_ms, uint64_t now_ms);
void rate_bucket_scale(struct rate_bucket *b, double factor);
uint64_t rate_bucket_when_ms(struct rate_bucket *b, uint64_t now_ms);
