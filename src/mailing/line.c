/* How is the relay reached, and for how long is it tried? */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mailing/campaign.h"
#include "mailing/session.h"
#include "net/resolver.h"

enum {
    PAUSE_MOST_MS = 60000,
    LETTERS_LEARNED_MIN = 8,
};

/* --- trouble --- */

/* Nothing new for a while; longer each time until a row is settled. */
static void slow_down(struct campaign *c)
{
    c->pause_ms = c->pause_ms ? c->pause_ms * 2 : CAMPAIGN_PAUSE_MS;
    c->pause_ms = c->pause_ms < PAUSE_MOST_MS ? c->pause_ms : PAUSE_MOST_MS;
    c->resume_ms = loop_now_ms(c->loop) + c->pause_ms;
}

/* Something goes wrong on the line: pause, and stop when it has gone wrong
 * for --retry-for without a row settled. */
void campaign_trouble(struct campaign *c, int status, const char *text)
{
    uint64_t now = loop_now_ms(c->loop);
    c->trouble_since_ms = c->trouble_since_ms ? c->trouble_since_ms : now;
    if (now - c->trouble_since_ms >= c->settings->retry_for_ms) {
        campaign_stop(c, COURSE_DRAINING, status, text);
        return;
    }
    slow_down(c);
    c->observer->say(c->observer->context, SAY_INFO, text);
}

void campaign_trouble_over(struct campaign *c)
{
    c->trouble_since_ms = 0;
    c->pause_ms = 0;
}

/* --- sessions --- */

static void drop_session(struct campaign *c, struct session *s)
{
    unsigned at = 0;
    while (c->sessions[at] != s) {
        at++;
        assert(at < c->session_count);
    }
    c->session_count--;
    memmove(c->sessions + at, c->sessions + at + 1,
            (c->session_count - at) * sizeof(struct session *));
    session_destroy(s);
}

static void take_ready(void *context)
{
    struct campaign *c = context;
    c->proven = true;
    c->ready_count++;
}

/* A relay that closes after so many letters is left before it does. */
static void learn_letters(struct campaign *c, const struct session_end *end)
{
    if (end->was_ready && end->refused && end->letters > LETTERS_LEARNED_MIN &&
        (c->learned.letters == 0 || end->letters < c->learned.letters)) {
        c->learned.letters = end->letters - 1;
    }
}

/* Others are open: one too many is no trouble. */
static bool one_too_many(const struct campaign *c,
                         const struct session_end *end)
{
    return !end->was_ready && c->ready_count > 0;
}

/* A host that will not have us stops the run, unless others might. */
static bool final(const struct campaign *c, const struct session_end *end)
{
    bool may_change = end->ruling.status == EX_UNAVAILABLE &&
                      (c->proven || c->addresses->ai_next);
    return end->ruling.line == LINE_STOPS && !may_change;
}

static void take_end(void *context, struct session *s,
                     const struct session_end *end)
{
    struct campaign *c = context;
    c->ready_count -= end->was_ready ? 1 : 0;
    learn_letters(c, end);
    if (end->progress) {
        campaign_trouble_over(c);
    }
    if (final(c, end)) {
        campaign_stop(c, COURSE_DRAINING, end->ruling.status, end->why.text);
    } else if (end->ruling.line == LINE_GOES_ON) {
        /* As it was to be. */
    } else if (end->progress) {
        c->observer->say(c->observer->context, SAY_INFO, end->why.text);
    } else if (one_too_many(c, end)) {
        pace_refused(&c->pace, c->ready_count, loop_now_ms(c->loop));
    } else {
        int never = end->ruling.status ? end->ruling.status : EX_UNAVAILABLE;
        campaign_trouble(c, c->proven ? EX_TEMPFAIL : never, end->why.text);
    }
    drop_session(c, s);
}

static void take_addresses(void *context, struct addrinfo *list,
                           const struct err *why)
{
    struct campaign *c = context;
    c->question = NULL;
    c->addresses = list;
    c->next_address = list;
    if (!list && why->status == EX_NOHOST) {
        campaign_stop(c, COURSE_DRAINING, EX_NOHOST, why->text);
    } else if (!list) {
        campaign_trouble(c, EX_UNAVAILABLE, why->text);
    }
}

static void ask_addresses(struct campaign *c)
{
    c->question = resolver_ask(c->loop, c->settings->relay.host,
                               c->settings->relay.port, take_addresses, c);
}

static void open_session(struct campaign *c)
{
    struct addrinfo *address = c->next_address;
    c->next_address = address->ai_next ? address->ai_next : c->addresses;
    struct err err = {0};
    struct session *s = session_open(&c->terms, address, &err);
    if (!s) {
        campaign_stop(c, COURSE_DRAINING, err.status, err.text);
        return;
    }
    if (c->session_count == c->session_cap) {
        c->session_cap = c->session_cap ? c->session_cap * 2 : 8;
        c->sessions =
            mem_resize(c->sessions, c->session_cap, sizeof(struct session *));
    }
    c->sessions[c->session_count++] = s;
}

/* Those that are setting up will each want one. */
static bool rows_for_another(const struct campaign *c)
{
    return campaign_rows_left(c) > c->session_count - c->ready_count;
}

/* The first session logs in before the others start, so that a wrong password
 * is tried once. */
void campaign_open_sessions(struct campaign *c)
{
    unsigned most =
        pace_sessions(&c->pace, c->ready_count, loop_now_ms(c->loop));
    if (!c->addresses && !c->question) {
        ask_addresses(c);
    }
    while (c->addresses && c->session_count < (c->proven ? most : 1) &&
           c->course == COURSE_GOING && campaign_has_rows(c) &&
           rows_for_another(c)) {
        open_session(c);
    }
    /* The youngest go first; who drains is still one of them. */
    for (unsigned over = c->session_count; over > most; over--) {
        session_drain(c->sessions[over - 1]);
    }
}

/* From the last to the first: each may leave while it acts. */
void campaign_each_session(struct campaign *c, void (*act)(struct session *))
{
    for (unsigned i = c->session_count; i > 0; i--) {
        act(c->sessions[i - 1]);
    }
}

void campaign_release_line(struct campaign *c)
{
    assert(c->session_count == 0);
    free(c->sessions);
    if (c->question) {
        resolver_forget(c->question);
    }
    if (c->addresses) {
        freeaddrinfo(c->addresses);
    }
}

void campaign_hear_sessions(struct campaign *c, struct session_owner *owner)
{
    owner->context = c;
    owner->ready = take_ready;
    owner->over = take_end;
}
