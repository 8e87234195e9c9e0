#include "mailing/relays.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mailing/campaign.h"
#include "mailing/exit_status.h"

enum {
    SHORT_PAUSE_MS = 4000, /* sessions that are open wait for its end */
    EPOCH_MS = 1000,
};

/* --- shares --- */

static unsigned sessions_max(const struct campaign *c)
{
    const struct settings *s = c->settings;
    return s->sessions != SESSIONS_AUTO ? s->sessions : s->sessions_max;
}

/* A pause that is short, or all there is, is waited for with what is open. */
static bool keeps_sessions(const struct campaign *c, const struct line *l)
{
    return l->given_up.status == 0 &&
           (c->line_count == 1 || l->pause_ms <= SHORT_PAUSE_MS);
}

/* Another can have sessions now, for rows that are not for this one. */
static bool others_serve(const struct campaign *c, const struct line *l)
{
    unsigned unfit = relays_unfit(c, l->lacks);
    bool serve = false;
    for (unsigned i = 0; i < c->line_count && unfit != 0; i++) {
        const struct line *other = &c->lines[i];
        serve |=
            line_able(other) && (unfit & ~relays_unfit(c, other->lacks)) != 0;
    }
    return serve;
}

/* It could take none of the rows at hand, which are for others; and stands
 * aside until there are none of that kind. */
static bool stands_aside(struct campaign *c, const struct line *l)
{
    if (c->deal.choosy == 0 || !others_serve(c, l)) {
        return false;
    }
    return l->aside || (!stock_ready(c, l->lacks) && stock_ready(c, 0));
}

/* Who stands aside keeps what it has, if one is left for the others. */
static void deal(struct campaign *c)
{
    unsigned most = sessions_max(c);
    bool aside = false;
    for (unsigned i = 0; i < c->line_count; i++) {
        struct line *l = &c->lines[i];
        l->aside = stands_aside(c, l);
        aside |= l->aside;
    }
    unsigned to_keep = aside ? most - 1 : most;
    for (unsigned i = 0; i < c->line_count; i++) {
        struct line *l = &c->lines[i];
        unsigned keeps = keeps_sessions(c, l) ? l->session_count : 0;
        l->share->able = line_able(l) && !l->aside;
        l->share->doubtful = l->trouble_since_ms != 0;
        l->share->kept = keeps < to_keep ? keeps : to_keep;
        to_keep -= l->share->able ? 0 : l->share->kept;
    }
    shares_deal(&c->shares, most);
}

/* Once in a while sessions go where they bring more. */
static void learn(struct campaign *c)
{
    uint64_t now = loop_now_ms(c->loop);
    uint64_t epoch_ms = now - c->shares.counted_ms;
    if (c->line_count < 2 || epoch_ms < EPOCH_MS) {
        return;
    }
    c->shares.counted_ms = now;
    for (unsigned i = 0; i < c->line_count; i++) {
        struct line *l = &c->lines[i];
        shares_count(l->share, l->answered, l->ready_count, epoch_ms);
    }
    shares_move(&c->shares);
}

/* --- all lines --- */

unsigned relays_sessions(const struct campaign *c)
{
    unsigned sessions = 0;
    for (unsigned i = 0; i < c->line_count; i++) {
        sessions += c->lines[i].session_count;
    }
    return sessions;
}

bool relays_asking(const struct campaign *c)
{
    bool asks = false;
    for (unsigned i = 0; i < c->line_count; i++) {
        asks |= line_asks(&c->lines[i]);
    }
    return asks;
}

void relays_open_sessions(struct campaign *c)
{
    deal(c);
    learn(c);
    for (unsigned i = 0; i < c->line_count; i++) {
        struct line *l = &c->lines[i];
        unsigned open = relays_sessions(c), most = sessions_max(c);
        if (line_able(l) || !keeps_sessions(c, l)) {
            line_open_sessions(l, open < most ? most - open : 0);
        }
    }
}

void relays_each_session(struct campaign *c, void (*act)(struct session *))
{
    for (unsigned i = 0; i < c->line_count; i++) {
        line_each_session(&c->lines[i], act);
    }
}

/* --- is one left? --- */

static bool lost(const struct campaign *c, const struct line *l)
{
    uint64_t now = loop_now_ms(c->loop);
    return l->given_up.status != 0 ||
           (l->trouble_since_ms != 0 &&
            (l->hopeless ||
             now - l->trouble_since_ms >= c->settings->retry_for_ms));
}

static const struct err *why_lost(const struct line *l)
{
    return l->given_up.status != 0 ? &l->given_up : &l->trouble;
}

enum relays_reach relays_reach(const struct campaign *c, unsigned needs,
                               struct err *why)
{
    enum relays_reach reach = REACH_NONE;
    for (unsigned i = 0; i < c->line_count; i++) {
        const struct line *l = &c->lines[i];
        if ((l->lacks & needs) != 0) {
            continue;
        }
        if (!lost(c, l)) {
            return REACH_OPEN;
        }
        err_set(why, EX_TEMPFAIL, "no relay is left that might take this: %s",
                why_lost(l)->text);
        reach = REACH_LOST;
    }
    return reach;
}

unsigned relays_unfit(const struct campaign *c, unsigned lacks)
{
    unsigned unfit = 0;
    for (unsigned needs = 1; needs < 1u << TASK_NEEDS; needs++) {
        struct err why;
        if ((needs & lacks) != 0 &&
            relays_reach(c, needs, &why) != REACH_NONE) {
            unfit |= 1u << needs;
        }
    }
    return unfit;
}

/* Each has its part of the text, so that none is left out. */
static void append_why(struct buf *out, const char *text, unsigned count)
{
    size_t part = (out->bytes_max - 1) / count;
    size_t room = part > 2 ? part - 2 : 0;
    struct span why = span_of(text);
    size_t len = why.len < room ? why.len : room;
    while (len < why.len && ((unsigned char)why.data[len] & 0xc0) == 0x80) {
        len--; /* no character is cut in two */
    }
    if (out->len > 0) {
        buf_append(out, SPAN("; "));
    }
    buf_append(out, span_slice(why, 0, len));
}

static bool said_before(const struct campaign *c, unsigned at)
{
    for (unsigned i = 0; i < at; i++) {
        if (strcmp(why_lost(&c->lines[i])->text,
                   why_lost(&c->lines[at])->text) == 0) {
            return true;
        }
    }
    return false;
}

/* What is true of each of them. */
static void stop(struct campaign *c, int status)
{
    struct buf text;
    buf_init(&text, ERR_TEXT_BYTES);
    for (unsigned i = 0; i < c->line_count; i++) {
        if (!said_before(c, i)) {
            append_why(&text, why_lost(&c->lines[i])->text, c->line_count);
        }
    }
    buf_append_byte(&text, '\0');
    campaign_stop(c, COURSE_DRAINING, status, text.data);
    buf_release(&text);
}

bool relays_left(struct campaign *c)
{
    int worst = why_lost(&c->lines[0])->status;
    for (unsigned i = 0; i < c->line_count; i++) {
        const struct line *l = &c->lines[i];
        if (!lost(c, l)) {
            return true;
        }
        worst = exit_status_worse(why_lost(l)->status, worst);
    }
    stop(c, worst);
    return false;
}

/* --- their beginning and their end --- */

bool relays_init(struct campaign *c, struct err *err)
{
    const struct settings *s = c->settings;
    c->binds =
        (struct bind_addresses){.list = s->binds, .count = s->bind_count};
    c->lines = mem_alloc_zero(s->relay_count + 1, sizeof *c->lines);
    c->shares = (struct shares){.count = (unsigned)s->relay_count};
    c->shares.list = mem_alloc_zero(s->relay_count + 1, sizeof *c->shares.list);
    for (size_t i = 0; i < s->relay_count; i++) {
        c->shares.list[i].weight = s->relays[i].weight;
        line_init(&c->lines[i], c, &s->relays[i], &c->shares.list[i]);
        c->line_count++;
    }
    return addresses_ours(&c->binds, err);
}

void relays_release(struct campaign *c)
{
    for (unsigned i = 0; i < c->line_count; i++) {
        line_release(&c->lines[i]);
    }
    free(c->lines);
    free(c->shares.list);
}
