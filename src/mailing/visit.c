#include "mailing/visit.h"

#include <assert.h>
#include <inttypes.h>
#include <netdb.h>
#include <stdio.h>
#include <time.h>

#include "mailing/addresses.h"
#include "mailing/exit_status.h"
#include "mailing/observer.h"
#include "mailing/offers.h"
#include "mailing/session.h"
#include "net/resolver.h"

enum { DAY_S = 24 * 3600, SOON_DAYS = 14, OFFERS_BYTES_MAX = 4096 };

struct visit {
    struct settings settings;
    const struct observer *observer;
    struct loop *loop;
    struct parcel_pool parcels;
    struct learned learned;
    uint64_t sessions_opened;
    struct session_terms terms;
    struct session *session;
    struct addrinfo *answer;
    struct addresses addresses;
    struct bind_addresses binds;
    bool answered; /* the addresses are known, or why not */
    bool ready;
    bool over;
    bool token_renewable; /* refused, and the next session has another one */
    struct err why;       /* it did not come that far */
};

static struct task *take(void *context, unsigned lacks)
{
    (void)context;
    (void)lacks;
    return NULL;
}

static void ready(void *context, const struct session *s)
{
    (void)s;
    struct visit *v = context;
    v->ready = true;
    loop_stop(v->loop);
}

static void over(void *context, struct session *s,
                 const struct session_end *end)
{
    (void)s;
    struct visit *v = context;
    v->over = true;
    v->token_renewable = !end->was_ready && end->ruling.line == LINE_GOES_ON;
    v->why = end->why;
    loop_stop(v->loop);
}

static void heard(void *context, struct addrinfo *list, const struct err *why)
{
    struct visit *v = context;
    v->answered = true;
    v->answer = list;
    v->why = *why;
    loop_stop(v->loop);
}

static void say(const struct visit *v, enum say_level level,
                struct span offered_by, const char *text)
{
    observer_say(v->observer, level, "%.*s: %s", (int)offered_by.len,
                 offered_by.data, text);
}

/* In seconds since 1970; 0: it showed none. */
static int64_t certificate_until(const struct session *s)
{
    const struct tls *tls = session_tls(s);
    struct tls_facts facts = {.until_s = 0};
    if (tls) {
        tls_facts(tls, &facts);
    }
    return facts.until_s;
}

static void tell_tls(const struct visit *v)
{
    struct span name = session_relay(v->session);
    struct span tls = tls_description(session_tls(v->session));
    int64_t until_s = certificate_until(v->session);
    int64_t days = (until_s - (int64_t)time(NULL)) / DAY_S;
    struct tm day;
    time_t moment = (time_t)until_s;
    char date[32] = "";
    struct err line;
    if (tls.len == 0) {
        say(v, SAY_INFO, name, "no TLS");
        return;
    }
    if (until_s <= 0 || !gmtime_r(&moment, &day) ||
        strftime(date, sizeof date, "%Y-%m-%d", &day) == 0) {
        err_set(&line, 0, "%.*s", (int)tls.len, tls.data);
        say(v, SAY_INFO, name, line.text);
        return;
    }
    err_set(&line, 0,
            "%.*s; its certificate is good until %s, for %" PRId64 " days",
            (int)tls.len, tls.data, date, days);
    say(v, days < SOON_DAYS ? SAY_WARNING : SAY_INFO, name, line.text);
}

static void tell(const struct visit *v)
{
    struct span name = session_relay(v->session);
    struct buf offers;
    buf_init(&offers, OFFERS_BYTES_MAX);
    buf_append(&offers, SPAN("offers "));
    offers_append(&offers, session_capabilities(v->session));
    buf_append_byte(&offers, '\0');
    assert(!offers.overflowed);
    tell_tls(v);
    say(v, SAY_INFO, name, offers.data);
    buf_release(&offers);
    struct err login;
    if (v->settings.user) {
        err_set(&login, 0, "let %s in", v->settings.user);
        say(v, SAY_INFO, name, login.text);
    }
}

static void run_until(struct visit *v, const bool *first, const bool *second)
{
    while (!*first && !*second) {
        loop_run(v->loop);
    }
}

/* True: it came to the end. */
static bool call_at(struct visit *v, const struct wire_way *way)
{
    v->ready = v->over = v->token_renewable = false;
    v->session = session_open(&v->terms, way, 1, &v->why);
    if (!v->session) {
        return false;
    }
    run_until(v, &v->ready, &v->over);
    bool came_in = v->ready;
    if (came_in) {
        tell(v);
        session_drain(v->session);
        run_until(v, &v->over, &v->over);
    }
    session_destroy(v->session);
    return came_in;
}

/* The first of its addresses that lets us in will do; what cannot be mended by
 * asking another is not asked twice, so that no account is locked. */
static bool call_on(struct visit *v, const struct relay *relay)
{
    v->learned = (struct learned){.stream_unfit = false}; /* by another one */
    v->answered = false;
    resolver_ask(v->loop, relay->host, relay->port, heard, v);
    run_until(v, &v->answered, &v->answered);
    if (!v->answer) {
        return false;
    }
    addresses_set(&v->addresses, v->answer, &v->binds);
    freeaddrinfo(v->answer);
    struct wire_way ways[WIRE_WAYS_MAX];
    size_t count = addresses_ways(&v->addresses, &v->binds, 0, ways);
    err_set(&v->why, EX_UNAVAILABLE, ADDRESSES_NONE, relay->host);
    bool came_in = false;
    bool hopeless = false;
    for (size_t i = 0; i < count && !came_in && !hopeless; i++) {
        came_in = call_at(v, &ways[i]) ||
                  (v->token_renewable && call_at(v, &ways[i]));
        hopeless = v->why.status != EX_UNAVAILABLE;
    }
    return came_in;
}

static int call_on_all(struct visit *v, struct err *err)
{
    int status = EX_OK;
    for (size_t i = 0; i < v->settings.relay_count; i++) {
        v->terms.relay = &v->settings.relays[i];
        if (call_on(v, v->terms.relay)) {
            continue;
        }
        int worst = exit_status_worse(status, v->why.status);
        if (status != EX_OK) { /* only one is told at the end */
            const struct err *other = worst == status ? &v->why : err;
            observer_say(v->observer, SAY_WARNING, "%s", other->text);
        }
        if (worst != status) {
            *err = v->why;
        }
        status = worst;
    }
    return status;
}

int visit_relays(const struct settings *settings,
                 const struct observer *observer, struct err *err)
{
    struct visit v = {
        .settings = *settings,
        .observer = observer,
        .binds = {.list = settings->binds, .count = settings->bind_count},
    };
    if (!addresses_ours(&v.binds, err)) {
        return err->status;
    }
    struct tls_client_settings how = settings->trust;
    struct tls_client *tls = NULL;
    how.verify = settings->tls == TLS_REQUIRED;
    if (settings->tls != TLS_OFF && !(tls = tls_client_create(&how, err))) {
        return err->status;
    }
    v.loop = loop_create();
    v.settings.tier_max = DIALOG_LOCKSTEP; /* nothing is probed */
    v.terms = (struct session_terms){
        .settings = &v.settings,
        .observer = observer,
        .loop = v.loop,
        .tls = tls,
        .parcels = &v.parcels,
        .learned = &v.learned,
        .sessions_opened = &v.sessions_opened,
        .owner = {.take = take, .ready = ready, .over = over, .context = &v},
    };
    int status = call_on_all(&v, err);
    parcel_pool_release(&v.parcels);
    loop_destroy(v.loop);
    tls_client_destroy(tls);
    return status;
}
