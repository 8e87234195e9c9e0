#include "mailing/relays.h"

#include <stdlib.h>

#include "base/mem.h"
#include "mailing/campaign.h"
#include "mailing/status.h"

enum { SHORT_PAUSE_MS = 4000 }; /* sessions that are open wait for its end */

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

/* Who is owed the most, of those that are able; the first of equals. */
static struct line *most_owed(struct campaign *c, unsigned total,
                              unsigned weights)
{
    struct line *best = NULL;
    double best_due = 0;
    for (unsigned i = 0; i < c->line_count; i++) {
        struct line *l = &c->lines[i];
        double due = (double)total * l->relay->weight / weights - l->share;
        if (line_able(l) && (!best || due > best_due)) {
            best = l;
            best_due = due;
        }
    }
    return best;
}

/* By weight; each that is able gets one before any gets its second. */
static void deal(struct campaign *c)
{
    unsigned left = sessions_max(c), weights = 0;
    for (unsigned i = 0; i < c->line_count; i++) {
        struct line *l = &c->lines[i];
        l->share = 0;
        if (line_able(l)) {
            weights += l->relay->weight;
        } else if (keeps_sessions(c, l)) {
            l->share = l->session_count < left ? l->session_count : left;
            left -= l->share;
        }
    }
    unsigned total = left;
    for (unsigned i = 0; i < c->line_count && left > 0; i++) {
        if (line_able(&c->lines[i])) {
            c->lines[i].share = 1;
            left--;
        }
    }
    for (; weights > 0 && left > 0; left--) {
        most_owed(c, total, weights)->share++;
    }
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

void relays_open_sessions(struct campaign *c)
{
    deal(c);
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

bool relays_left(struct campaign *c)
{
    const struct err *worst = why_lost(&c->lines[0]);
    for (unsigned i = 0; i < c->line_count; i++) {
        const struct line *l = &c->lines[i];
        if (!lost(c, l)) {
            return true;
        }
        const struct err *why = why_lost(l);
        if (status_worse(why->status, worst->status) != worst->status) {
            worst = why;
        }
    }
    campaign_stop(c, COURSE_DRAINING, worst->status, worst->text);
    return false;
}

/* --- their beginning and their end --- */

bool relays_init(struct campaign *c, struct err *err)
{
    const struct settings *s = c->settings;
    c->binds =
        (struct bind_addresses){.list = s->binds, .count = s->bind_count};
    c->lines = mem_alloc_zero(s->relay_count + 1, sizeof *c->lines);
    for (size_t i = 0; i < s->relay_count; i++) {
        line_init(&c->lines[c->line_count++], c, &s->relays[i]);
    }
    return addresses_ours(&c->binds, err);
}

void relays_release(struct campaign *c)
{
    for (unsigned i = 0; i < c->line_count; i++) {
        line_release(&c->lines[i]);
    }
    free(c->lines);
}
