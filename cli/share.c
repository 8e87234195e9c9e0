#include "cli/share.h"

#include <sysexits.h>

/* What does not come out even goes to the first shards. */
static uint64_t part(const struct shard *s, uint64_t whole)
{
    return whole / s->count + (s->number <= whole % s->count ? 1 : 0);
}

static bool share_rates(const struct shard *shard, struct rate_limit *limits,
                        unsigned count, struct err *err)
{
    for (unsigned i = 0; i < count; i++) {
        uint64_t whole = limits[i].count;
        if (whole < shard->count) {
            err_set(err, EX_USAGE,
                    "--share: a rate of %llu cannot be shared by %u shards; "
                    "ask for more in a longer time",
                    (unsigned long long)whole, (unsigned)shard->count);
            return false;
        }
        limits[i].count = part(shard, whole);
    }
    return true;
}

/* A number that nobody asked for is no promise: each has one at least. */
static bool share_sessions(const struct shard *shard, unsigned *sessions,
                           bool asked, struct err *err)
{
    if (asked && *sessions < shard->count) {
        err_set(err, EX_USAGE,
                "--share: %u sessions cannot be shared by %u shards", *sessions,
                (unsigned)shard->count);
        return false;
    }
    unsigned its = (unsigned)part(shard, *sessions);
    *sessions = its > 0 ? its : 1;
    return true;
}

bool share_out(struct options *o, struct err *err)
{
    struct settings *s = &o->settings;
    if (!o->share) {
        return true;
    }
    if (s->shard.count == 0) {
        err_set(err, EX_USAGE, "--share: among whom? --shard K/N says it");
        return false;
    }
    if (!share_rates(&s->shard, s->rates, s->rate_count, err)) {
        return false;
    }
    for (size_t i = 0; i < s->domain_rate_count; i++) {
        struct domain_rate *of = &o->domain_rates[i];
        if (!share_rates(&s->shard, of->limits, of->limit_count, err)) {
            return false;
        }
    }
    if (s->sessions != SESSIONS_AUTO) {
        return share_sessions(&s->shard, &s->sessions, true, err);
    }
    return share_sessions(&s->shard, &s->sessions_max,
                          options_said(o, "max-sessions"), err);
}
