#include "mailing/campaign.h"

#include <assert.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "mailing/limits.h"
#include "mailing/observer.h"
#include "mailing/watch.h"

enum { GOODBYE_MS = 2000 };

/* --- stopping --- */

void campaign_stop(struct campaign *c, enum campaign_course course, int status,
                   const char *text)
{
    if (c->why.status == 0) {
        err_set(&c->why, status, "%s", text);
    }
    if (course > c->course) {
        c->course = course;
    }
}

void campaign_fail(struct campaign *c, const struct err *err)
{
    if (c->unkept.status == 0) {
        c->unkept = *err;
    }
    campaign_stop(c, COURSE_LISTENING, err->status, err->text);
}

/* Long windows are not waited for. */
void campaign_note_budget(struct campaign *c, const char *what, uint64_t in_ms)
{
    time_t opens = time(NULL) + (time_t)(in_ms / 1000) + 1;
    struct tm utc;
    char text[64] = "";
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&opens, &utc));
    if (c->why.status == 0) {
        err_set(&c->why, EX_TEMPFAIL, "the budget of %s is used up until %s",
                what, text);
    }
}

static void budget_used_up(struct campaign *c, uint64_t now)
{
    campaign_note_budget(c, "--rate", rate_opens_ms(&c->rate, now) - now);
    campaign_stop(c, COURSE_DRAINING, c->why.status, c->why.text);
}

/* --- rows --- */

/* The rate over all lines, and the line's own pace. */
static bool pace_allows(struct line *l, uint64_t now)
{
    struct campaign *c = l->campaign;
    c->rate_when_ms = rate_when_ms(&c->rate, now);
    if (c->rate_when_ms == UINT64_MAX) {
        budget_used_up(c, now);
    }
    if (c->rate_when_ms > now) {
        pace_starved(&l->pace);
        return false;
    }
    l->pace_when_ms = pace_when_ms(&l->pace, now);
    if (l->pace_when_ms > now) {
        return false;
    }
    rate_begin_letter(&c->rate);
    pace_begin_letter(&l->pace);
    return true;
}

bool campaign_wants_session(struct campaign *c, const struct line *l)
{
    uint64_t rows = c->plan->by_status[CLEAN_OK] - ledger_total(&c->ledger);
    unsigned setting_up = 0;
    for (unsigned i = 0; i < c->line_count; i++) {
        setting_up += c->lines[i].session_count - c->lines[i].ready_count;
    }
    return c->course == COURSE_GOING && stock_ready(c, l->lacks) &&
           rows > c->under_way + setting_up;
}

static struct task *take(void *context, unsigned lacks)
{
    struct line *l = context;
    struct campaign *c = l->campaign;
    uint64_t now = loop_now_ms(c->loop);
    if (c->course != COURSE_GOING || !line_able(l)) {
        return NULL;
    }
    stock_fill(c);
    if (!stock_ready(c, lacks)) {
        pace_starved(&l->pace);
        return NULL;
    }
    if (!pace_allows(l, now)) {
        return NULL;
    }
    struct task *t = stock_take(c, lacks);
    c->under_way++;
    t->first_try_ms = t->first_try_ms ? t->first_try_ms : now;
    return t;
}

/* Its needs were not known before its letter was. */
static bool unfit(void *context, const struct task *t, unsigned lacks)
{
    struct line *l = context;
    return relays_unfit(l->campaign, lacks) >> t->needs & 1;
}

/* --- the loop's turns --- */

static bool finished(const struct campaign *c)
{
    return c->under_way == 0 && stock_empty(c);
}

static uint64_t sooner(uint64_t at, uint64_t candidate, uint64_t now)
{
    return candidate > now && candidate < at ? candidate : at;
}

/* When to look again without being told: a row ripens, a rate allows the next
 * letter, or a pause ends. */
static void set_alarm(struct campaign *c)
{
    uint64_t now = loop_now_ms(c->loop);
    uint64_t at = sooner(UINT64_MAX, task_queue_due_ms(&c->queue), now);
    at = sooner(at, c->rate_when_ms, now);
    at = sooner(at, stock_wants_more(c) ? now + 1 : UINT64_MAX, now);
    at = sooner(at, deal_when_ms(&c->deal, now), now);
    at = sooner(at, c->cut_ms, now);
    for (unsigned i = 0; i < c->line_count; i++) {
        at = sooner(at, c->lines[i].resume_ms, now);
        at = sooner(at, c->lines[i].pace_when_ms, now);
    }
    if (at != UINT64_MAX) {
        loop_timer_start(c->timer, at - now);
    }
}

/* Those that are just being opened have a moment for their goodbye. */
static void let_sessions_go(struct campaign *c)
{
    uint64_t now = loop_now_ms(c->loop);
    c->cut_ms = c->cut_ms ? c->cut_ms : now + GOODBYE_MS;
    relays_each_session(c, now < c->cut_ms ? session_retire : session_drain);
}

static void conduct(struct campaign *c)
{
    stock_fill(c);
    if (c->course == COURSE_STOPPED) {
        relays_each_session(c, session_cut);
    } else if (c->course == COURSE_LISTENING) {
        relays_each_session(c, session_unstage);
        relays_each_session(c, session_drain);
    } else if (c->course == COURSE_DRAINING) {
        relays_each_session(c, session_drain);
    } else if (finished(c)) {
        let_sessions_go(c);
    } else {
        relays_open_sessions(c);
        relays_each_session(c, session_wake);
    }
}

/* Where one of them cannot be written, the others still are. */
static void write_records(struct campaign *c)
{
    struct err err = {0};
    if (!report_flush(c->report, &err)) {
        campaign_fail(c, &err);
    }
    if (c->evidence && !evidence_flush(c->evidence, &err)) {
        campaign_fail(c, &err);
    }
    if (!keeper_turn(&c->keeper, &err)) {
        campaign_fail(c, &err);
    }
}

static void turn(void *context)
{
    struct campaign *c = context;
    conduct(c);
    enum campaign_course before = c->course;
    write_records(c);
    if (c->course != before) {
        conduct(c);
    }
    if (relays_sessions(c) == 0 && (c->course != COURSE_GOING || finished(c))) {
        loop_stop(c->loop);
        return;
    }
    set_alarm(c);
}

static void alarm_rings(void *context)
{
    (void)context; /* the turn that follows does it all */
}

/* --- signals --- */

static void take_signal(void *context, int number)
{
    struct campaign *c = context;
    if (number == SIGUSR1) {
        watch_answer(c);
    } else if (!c->asked_to_stop) {
        c->asked_to_stop = true;
        observer_say(c->observer, SAY_WARNING,
                     "stopping: what is under way will end, nothing new "
                     "is begun (once more to stop at once)");
        campaign_stop(c, COURSE_DRAINING, EX_TEMPFAIL, "stopped by a signal");
    } else {
        campaign_stop(c, COURSE_STOPPED, EX_TEMPFAIL, "stopped by a signal");
    }
}

/* nohup(1) has it ignored: then the run outlives its terminal. */
static bool hang_up_counts(void)
{
    struct sigaction before;
    return sigaction(SIGHUP, NULL, &before) == 0 &&
           before.sa_handler != SIG_IGN;
}

void campaign_hear_signals(struct campaign *c)
{
    c->interrupt = loop_signal_create(c->loop, SIGINT, take_signal, c);
    c->terminate = loop_signal_create(c->loop, SIGTERM, take_signal, c);
    c->hang_up = hang_up_counts()
                     ? loop_signal_create(c->loop, SIGHUP, take_signal, c)
                     : NULL;
    c->ask = loop_signal_create(c->loop, SIGUSR1, take_signal, c);
}

void campaign_ignore_signals(struct campaign *c)
{
    loop_signal_destroy(c->interrupt);
    loop_signal_destroy(c->terminate);
    loop_signal_destroy(c->hang_up);
    loop_signal_destroy(c->ask);
}

/* --- from the beginning to the end --- */

/* The probe of a relay that streams speaks for the first sender. */
static void peek_sender(struct campaign *c)
{
    stock_fill(c);
    struct task *t = deal_peek(&c->deal);
    struct task_style style = {0};
    struct span reason;
    if (t && task_write_letter(t, c->plan, &style, &reason)) {
        buf_append(&c->probe_sender, t->letter.sender);
    }
}

static void set_terms(struct line *l)
{
    struct campaign *c = l->campaign;
    l->terms = (struct session_terms){
        .settings = c->settings,
        .observer = c->observer,
        .plan = c->plan,
        .loop = c->loop,
        .relay = l->relay,
        .tls = c->tls,
        .parcels = &c->parcels,
        .learned = &l->learned,
        .sessions_opened = &c->sessions_opened,
        .probe_sender = buf_span(&c->probe_sender),
        .owner = {.take = take, .unfit = unfit, .context = l},
    };
    campaign_hear_verdicts(&l->terms.owner);
    line_hear_sessions(&l->terms.owner);
}

static void begin(struct campaign *c)
{
    task_pool_init(&c->pool);
    task_queue_init(&c->queue);
    deal_init(&c->deal, c->settings, &c->plan->hash_key, loop_now_ms(c->loop));
    arena_init(&c->earlier);
    buf_init(&c->probe_sender, 1024);
    c->begun_ms = loop_now_ms(c->loop);
    rate_init(&c->rate, c->settings->rates, c->settings->rate_count,
              c->begun_ms);
    c->timer = loop_timer_create(c->loop, alarm_rings, c);
    c->turn = loop_turn_create(c->loop, turn, c);
    watch_begin(c);
    peek_sender(c);
    limits_begin(c);
    for (unsigned i = 0; i < c->line_count; i++) {
        set_terms(&c->lines[i]);
    }
}

static void finish(struct campaign *c)
{
    stock_clear(c);
    assert(c->under_way == 0);
    loop_turn_destroy(c->turn);
    loop_timer_destroy(c->timer);
    watch_end(c);
    limits_end(c);
    task_queue_release(&c->queue);
    deal_release(&c->deal);
    task_pool_release(&c->pool);
    arena_release(&c->earlier);
    parcel_pool_release(&c->parcels);
    buf_release(&c->probe_sender);
}

void campaign_run(struct campaign *c)
{
    begin(c);
    loop_run(c->loop);
    finish(c);
}
