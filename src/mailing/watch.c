#include "mailing/watch.h"

#include <string.h>

#include "base/clock.h"
#include "mailing/campaign.h"
#include "net/child.h"
#include "record/metrics.h"

enum {
    TICK_MS = 100,
    METRICS_MS = 10000,
};

void watch_tally(const struct campaign *c, struct tally *out)
{
    *out = (struct tally){
        .rows = c->plan->rows,
        .sent_before = c->sent_before,
    };
    memcpy(out->by_outcome, c->ledger.by_outcome, sizeof out->by_outcome);
    if (c->begun_ms > 0) {
        out->elapsed_ms = loop_now_ms(c->loop) - c->begun_ms;
        out->sessions = relays_sessions(c);
    }
}

static void tell(const struct campaign *c, bool asked)
{
    struct tally tally;
    watch_tally(c, &tally);
    c->observer->progress(c->observer->context, &tally, asked);
}

void watch_answer(const struct campaign *c)
{
    tell(c, true);
}

/* The campaign's name, or the list's: two mailings of one machine are two. */
static struct span name_of(const struct settings *s)
{
    if (s->campaign) {
        return span_of(s->campaign);
    }
    const char *slash = strrchr(s->list_path, '/');
    return span_of(slash ? slash + 1 : s->list_path);
}

static bool write_metrics(const struct campaign *c, bool running, int status,
                          struct err *err)
{
    if (!c->settings->metrics_path) {
        return true;
    }
    struct tally tally;
    watch_tally(c, &tally);
    struct metrics m = {
        .mailing = name_of(c->settings),
        .rows = tally.rows,
        .elapsed_ms = tally.elapsed_ms,
        .sessions = tally.sessions,
        .now_s = clock_wall_ms() / 1000,
        .running = running,
        .status = status,
    };
    memcpy(m.by_outcome, tally.by_outcome, sizeof m.by_outcome);
    return metrics_write(c->settings->metrics_path, &m, err);
}

bool watch_first(const struct campaign *c, struct err *err)
{
    return write_metrics(c, true, 0, err);
}

bool watch_last(const struct campaign *c, int status, struct err *err)
{
    if (write_metrics(c, false, status, err)) {
        return true;
    }
    err->status = EX_IOERR; /* it could be made in the beginning */
    return false;
}

static void tick(void *context)
{
    struct campaign *c = context;
    uint64_t now = loop_now_ms(c->loop);
    struct err err = {0};
    if (!relays_asking(c) || !child_at_terminal()) {
        tell(c, false); /* else the line is a command's, which may ask there */
    }
    if (now >= c->metrics_when_ms) {
        c->metrics_when_ms = now + METRICS_MS;
        if (!write_metrics(c, true, 0, &err)) {
            /* What is under way is not to become unknown for that. */
            err.status = EX_IOERR;
            campaign_fail(c, &err);
        }
    }
    loop_timer_start(c->ticker, TICK_MS);
}

void watch_begin(struct campaign *c)
{
    c->metrics_when_ms = loop_now_ms(c->loop) + METRICS_MS;
    c->ticker = loop_timer_create(c->loop, tick, c);
    loop_timer_start(c->ticker, TICK_MS);
}

void watch_end(struct campaign *c)
{
    loop_timer_destroy(c->ticker);
}
