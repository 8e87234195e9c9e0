#include "mailing/line.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mailing/campaign.h"
#include "mailing/observer.h"
#include "mailing/witness.h"
#include "net/resolver.h"

enum {
    PAUSE_MOST_MS = 30000,
};

/* --- trouble --- */

static bool rests(const struct line *l)
{
    return loop_now_ms(l->campaign->loop) < l->resume_ms;
}

/* Nothing new for a while; longer each time until a row is settled. */
static void rest(struct line *l)
{
    if (rests(l)) {
        return; /* what was under way says nothing new */
    }
    l->pause_ms = l->pause_ms ? l->pause_ms * 2 : LINE_PAUSE_MS;
    l->pause_ms = l->pause_ms < PAUSE_MOST_MS ? l->pause_ms : PAUSE_MOST_MS;
    l->resume_ms = loop_now_ms(l->campaign->loop) + l->pause_ms;
}

/* Where others stand in, one that was fine before is asked again before it
 * counts as hopeless: it may have been a moment's confusion. */
static bool hopeless_by_now(struct line *l, bool final)
{
    bool trusted = l->proven && l->campaign->line_count > 1;
    if (!final) {
        l->final_troubles = 0;
    } else if (l->final_troubles == 0 || !rests(l)) {
        l->final_troubles++;
    }
    return l->final_troubles > (trusted ? 1u : 0u);
}

static void be_in_trouble(struct line *l, bool final, int status,
                          const char *text)
{
    struct campaign *c = l->campaign;
    uint64_t now = loop_now_ms(c->loop);
    /* That one was never had, a person wants to know; that one rests for a
     * while, not. */
    bool absent = !l->proven && l->trouble_since_ms == 0 && c->line_count > 1;
    l->trouble_since_ms = l->trouble_since_ms ? l->trouble_since_ms : now;
    l->hopeless = hopeless_by_now(l, final);
    bool news = absent || (final && !rests(l) && l->final_troubles == 1);
    err_set(&l->trouble, status, "%s", text);
    if (relays_left(c)) {
        rest(l);
        observer_say(c->observer, news ? SAY_WARNING : SAY_INFO, "%s", text);
    }
}

void line_trouble(struct line *l, int status, const char *text)
{
    be_in_trouble(l, false, status, text);
}

void line_trouble_over(struct line *l)
{
    l->trouble_since_ms = 0;
    l->hopeless = false;
    l->final_troubles = 0;
    l->pause_ms = 0;
}

void line_give_up(struct line *l, int status, const char *text)
{
    struct campaign *c = l->campaign;
    if (l->given_up.status == 0) {
        err_set(&l->given_up, status, "%s", text);
    }
    if (relays_left(c)) {
        observer_say(c->observer, SAY_WARNING, "%s", text);
    }
}

void line_answered(struct line *l)
{
    pace_answered(&l->pace);
    l->answered++;
}

bool line_able(const struct line *l)
{
    return l->given_up.status == 0 && !rests(l);
}

/* --- sessions --- */

static void drop_session(struct line *l, struct session *s)
{
    unsigned at = 0;
    while (l->sessions[at] != s) {
        at++;
        assert(at < l->session_count);
    }
    l->session_count--;
    memmove(l->sessions + at, l->sessions + at + 1,
            (l->session_count - at) * sizeof(struct session *));
    session_destroy(s);
}

/* Behind one name may stand hosts that differ. */
static void learn_lacks(struct line *l)
{
    unsigned lacks = ~0u;
    for (unsigned i = 0; i < l->session_count; i++) {
        struct session *s = l->sessions[i];
        lacks &= session_ready(s) ? session_lacks(s) : ~0u;
    }
    l->lacks = lacks != ~0u ? lacks : l->lacks;
}

static void take_ready(void *context, const struct session *s)
{
    struct line *l = context;
    unsigned at;
    if (session_way(s, &at) && at < l->addresses.count) {
        addresses_work(&l->addresses, at);
    }
    l->proven = true;
    l->ready_count++;
    learn_lacks(l);
    witness_session(l->campaign, s, NULL);
    l->campaign->proven = true;
}

/* Others are open: one too many is no trouble. */
static bool one_too_many(const struct line *l, const struct session_end *end)
{
    return !end->was_ready && l->ready_count > 0;
}

/* A host that will not have us is not asked again, unless others of its name
 * might. */
static bool final(const struct line *l, const struct session_end *end)
{
    bool may_change = end->ruling.status == EX_UNAVAILABLE &&
                      (l->proven || l->addresses.count > 1);
    return end->ruling.line == LINE_STOPS && !may_change;
}

/* One of several hosts of that name would not have us: the others might. */
static bool host_rests(struct line *l, const struct session *s,
                       const struct session_end *end)
{
    unsigned at;
    return !end->was_ready && session_way(s, &at) && at < l->addresses.count &&
           addresses_fail(&l->addresses, at, loop_now_ms(l->campaign->loop));
}

/* A login that was refused is not tried again: that would lock an account.
 * All else may be mended while the other relays go on. */
static void take_final_end(struct line *l, const struct session_end *end)
{
    if (end->ruling.status == EX_NOPERM) {
        line_give_up(l, end->ruling.status, end->why.text);
    } else {
        be_in_trouble(l, true, end->ruling.status, end->why.text);
    }
}

/* A secret that was to be had before: in a moment perhaps again. */
static void miss_secret(struct line *l, const struct err *why)
{
    if (l->campaign->proven) {
        line_trouble(l, EX_TEMPFAIL, why->text);
    } else {
        campaign_stop(l->campaign, COURSE_DRAINING, why->status, why->text);
    }
}

static void take_end(void *context, struct session *s,
                     const struct session_end *end)
{
    struct line *l = context;
    struct campaign *c = l->campaign;
    l->ready_count -= end->was_ready ? 1 : 0;
    bool progress = end->appetite.letters > 0;
    if (end->was_ready) {
        appetite_learn(&l->learned.appetite, &end->appetite);
    } else {
        witness_session(c, s, end->why.text);
    }
    if (progress) {
        line_trouble_over(l);
    }
    if (final(l, end)) {
        take_final_end(l, end);
    } else if (end->ruling.line == LINE_WANTS) {
        miss_secret(l, &end->why);
    } else if (end->ruling.line == LINE_GOES_ON) {
        /* As it was to be. */
    } else if (progress || host_rests(l, s, end)) {
        observer_say(c->observer, SAY_INFO, "%s", end->why.text);
    } else if (one_too_many(l, end)) {
        pace_refused(&l->pace, l->ready_count, loop_now_ms(c->loop));
    } else {
        int never = end->ruling.status ? end->ruling.status : EX_UNAVAILABLE;
        line_trouble(l, c->proven ? EX_TEMPFAIL : never, end->why.text);
    }
    drop_session(l, s);
    learn_lacks(l);
}

static void take_addresses(void *context, struct addrinfo *list,
                           const struct err *why)
{
    struct line *l = context;
    l->question = NULL;
    if (!list) {
        bool final = why->status == EX_NOHOST && !l->proven;
        be_in_trouble(l, final, why->status, why->text);
        return;
    }
    addresses_set(&l->addresses, list, &l->campaign->binds);
    freeaddrinfo(list);
    if (l->addresses.count == 0) {
        struct err none;
        err_set(&none, EX_UNAVAILABLE, ADDRESSES_NONE, l->relay->host);
        be_in_trouble(l, true, none.status, none.text);
    }
}

/* Who was in trouble may have moved. */
static void ask_addresses(struct line *l)
{
    l->addresses.count = 0;
    l->asked_ms = loop_now_ms(l->campaign->loop);
    l->question = resolver_ask(l->campaign->loop, l->relay->host,
                               l->relay->port, take_addresses, l);
}

static bool open_session(struct line *l)
{
    struct campaign *c = l->campaign;
    struct wire_way ways[WIRE_WAYS_MAX];
    size_t count =
        addresses_ways(&l->addresses, &c->binds, loop_now_ms(c->loop), ways);
    struct err err = {0};
    struct session *s = session_open(&l->terms, ways, count, &err);
    if (!s) {
        miss_secret(l, &err);
        return false;
    }
    if (l->session_count == l->session_cap) {
        l->session_cap = l->session_cap ? l->session_cap * 2 : 8;
        l->sessions =
            mem_resize(l->sessions, l->session_cap, sizeof(struct session *));
    }
    l->sessions[l->session_count++] = s;
    return true;
}

/* The first session logs in before the others start, so that a wrong password
 * is tried once; and one alone tries a relay that was in trouble. */
static unsigned most_sessions(struct line *l)
{
    uint64_t now = loop_now_ms(l->campaign->loop);
    pace_allow(&l->pace, l->share->now, now);
    unsigned most = pace_sessions(&l->pace, l->ready_count, now);
    bool on_trial =
        !l->proven || (l->trouble_since_ms != 0 && l->ready_count == 0);
    return on_trial && most > 1 ? 1 : most;
}

bool line_asks(const struct line *l)
{
    bool asks = false;
    for (unsigned i = 0; i < l->session_count; i++) {
        asks |= session_asks(l->sessions[i]);
    }
    return asks;
}

void line_open_sessions(struct line *l, unsigned spare)
{
    unsigned most = most_sessions(l);
    bool moved = l->trouble_since_ms != 0 && l->session_count == 0 &&
                 l->asked_ms < l->resume_ms;
    if ((l->addresses.count == 0 || moved) && !l->question && most > 0) {
        ask_addresses(l);
    }
    while (l->addresses.count > 0 && l->session_count < most && spare > 0 &&
           !relays_asking(l->campaign) &&
           campaign_wants_session(l->campaign, l) && open_session(l)) {
        spare--;
    }
    /* The youngest go first; who drains is still one of them. */
    for (unsigned over = l->session_count; over > most; over--) {
        session_retire(l->sessions[over - 1]);
    }
}

/* From the last to the first: each may leave while it acts. */
void line_each_session(struct line *l, void (*act)(struct session *))
{
    for (unsigned i = l->session_count; i > 0; i--) {
        act(l->sessions[i - 1]);
    }
}

/* --- its beginning and its end --- */

/* Of the first sessions each relay has its part, by weight. */
static unsigned first_sessions(const struct settings *s,
                               const struct relay *relay)
{
    unsigned weights = 0;
    for (size_t i = 0; i < s->relay_count; i++) {
        weights += s->relays[i].weight;
    }
    unsigned all = PACE_SESSIONS_FIRST * (unsigned)s->relay_count;
    unsigned part = (2 * all * relay->weight + weights) / (2 * weights);
    return part > 0 ? part : 1;
}

void line_init(struct line *l, struct campaign *c, const struct relay *relay,
               struct share *share)
{
    *l = (struct line){.campaign = c, .relay = relay, .share = share};
    struct pace_settings pace = {
        .sessions = c->settings->sessions,
        .sessions_first = first_sessions(c->settings, relay),
        .sessions_max = c->settings->sessions_max,
    };
    pace_init(&l->pace, &pace, loop_now_ms(c->loop));
}

void line_release(struct line *l)
{
    assert(l->session_count == 0);
    free(l->sessions);
    if (l->question) {
        resolver_forget(l->question);
    }
}

void line_hear_sessions(struct session_owner *owner)
{
    owner->ready = take_ready;
    owner->over = take_end;
}
