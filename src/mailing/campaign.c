#include "mailing/campaign.h"

#include <assert.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "mailing/session.h"
#include "net/resolver.h"

enum {
    TICK_MS = 100,
};

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

/* --- settling --- */

static int64_t wall_clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void write_down(struct campaign *c, const struct session *s,
                       const struct task *t, enum outcome outcome)
{
    struct report_row row = {
        .line = t->row.csv.line,
        .address = t->row.verdict.text,
        .status = outcome,
        .code = t->word.code,
        .enhanced = t->word.enhanced,
        .scope = t->word.text.len > 0 ? scope_name(t->word.scope) : "",
        .reply = t->word.text,
        .attempts = t->attempts,
        .message_id = t->letter.message_id,
        .relay = s ? session_relay(s) : SPAN(""),
        .tls = s ? session_tls(s) : SPAN(""),
        .time_ms = wall_clock_ms(),
    };
    struct note note = {row.code, row.enhanced, row.reply};
    bool wanted = c->settings->report_all || outcome_failed(outcome);
    struct err err = {0};
    if ((wanted && !report_write(c->report, &row, &err)) ||
        (c->notes && outcome_failed(outcome) &&
         !notes_put(c->notes, t->contact, &note, &err))) {
        campaign_stop(c, COURSE_STOPPED, err.status, err.text);
    }
}

/* The row's one outcome; s: the session on which it was decided, or NULL. */
static void settle(struct campaign *c, const struct session *s, struct task *t,
                   enum outcome outcome)
{
    ledger_settle(&c->ledger, t->contact, outcome);
    write_down(c, s, t, outcome);
    task_give_back(&c->pool, t);
}

/* Of a row that would have gone again, but the run is over. */
static enum outcome outcome_of_waiting(const struct task *t)
{
    bool its_own =
        t->word.scope == SCOPE_RECIPIENT || t->word.scope == SCOPE_MESSAGE;
    return t->attempts > 0 && its_own ? OUTCOME_DEFERRED : OUTCOME_PENDING;
}

void campaign_invalid(struct campaign *c, struct task *t, struct span reason)
{
    c->under_way--;
    struct reply word = {.text = reason};
    task_note(t, &word, SCOPE_LOCAL);
    settle(c, NULL, t, OUTCOME_INVALID);
}

/* --- rows --- */

static void list_changed(struct campaign *c)
{
    struct err why;
    err_set(&why, EX_DATAERR, "%s: the list has changed while it was sent",
            c->settings->list_path);
    campaign_stop(c, COURSE_DRAINING, why.status, why.text);
}

static struct task *next_of_list(struct campaign *c)
{
    struct plan_row row;
    struct err err = {0};
    while (!c->list_done) {
        enum csv_result result = plan_next(c->plan, &row, &err);
        if (result == CSV_RESULT_ERROR) {
            /* It was read whole before: it has changed. */
            campaign_stop(c, COURSE_DRAINING, EX_DATAERR, err.text);
        }
        c->list_done = result != CSV_RESULT_ROW;
        if (result == CSV_RESULT_END &&
            c->next_contact != c->plan->by_status[CLEAN_OK]) {
            list_changed(c);
        }
        if (result == CSV_RESULT_ROW && row.verdict.status == CLEAN_OK) {
            return task_take(&c->pool, c->plan, &row, c->next_contact++);
        }
    }
    return NULL;
}

/* --rate's long windows are not waited for. */
static void budget_used_up(struct campaign *c)
{
    uint64_t now = loop_now_ms(c->loop);
    uint64_t in_ms = pace_budget_opens_ms(&c->pace, now) - now;
    time_t opens = (time_t)(wall_clock_ms() / 1000 + (int64_t)in_ms / 1000 + 1);
    struct tm utc;
    char text[64] = "";
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&opens, &utc));
    struct err why;
    err_set(&why, EX_TEMPFAIL, "the budget of --rate is used up until %s",
            text);
    campaign_stop(c, COURSE_DRAINING, why.status, why.text);
}

static bool pace_allows(struct campaign *c, uint64_t now)
{
    if (pace_begin_letter(&c->pace, now, &c->pace_when_ms)) {
        c->pace_when_ms = 0;
        return true;
    }
    if (c->pace_when_ms == UINT64_MAX) {
        c->pace_when_ms = 0;
        budget_used_up(c);
    }
    return false;
}

static bool limit_reached(const struct campaign *c)
{
    return c->settings->limit > 0 && c->messages_begun >= c->settings->limit;
}

bool campaign_has_rows(const struct campaign *c)
{
    bool of_list =
        !c->list_done && !limit_reached(c) && c->queue.count < TASK_QUEUE_MAX;
    return of_list || task_queue_due_ms(&c->queue) <= loop_now_ms(c->loop);
}

struct task *campaign_take(struct campaign *c)
{
    uint64_t now = loop_now_ms(c->loop);
    if (c->course != COURSE_GOING || now < c->resume_ms) {
        return NULL;
    }
    if (!campaign_has_rows(c)) {
        pace_starved(&c->pace);
        return NULL;
    }
    if (!pace_allows(c, now)) {
        return NULL;
    }
    struct task *t = task_queue_take(&c->queue, now);
    if (!t) {
        t = next_of_list(c);
        c->messages_begun += t ? 1 : 0;
    }
    if (t) {
        c->under_way++;
        t->first_try_ms = t->first_try_ms ? t->first_try_ms : now;
    }
    return t;
}

/* --- what a verdict asks --- */

/* Doubling, with a quarter of jitter so that rows do not come in step. */
static uint64_t delay_ms(const struct campaign *c, const struct task *t)
{
    uint64_t delay = c->settings->retry_delay_ms;
    for (unsigned i = 1; i < t->attempts && delay < 3600000; i++) {
        delay *= 2;
    }
    return delay - delay / 8 +
           delay / 4 * (t->contact * 2654435761u % 256) / 256;
}

static void go_again(struct campaign *c, const struct session *s,
                     struct task *t, uint64_t in_ms)
{
    uint64_t now = loop_now_ms(c->loop);
    bool too_late = now + in_ms > t->first_try_ms + c->settings->retry_for_ms;
    if (in_ms > 0 && too_late) {
        settle(c, s, t, outcome_of_waiting(t));
    } else {
        task_queue_add(&c->queue, t, in_ms ? now + in_ms : 0);
    }
}

static void describe(const struct session *s, const struct reply *reply,
                     struct err *out)
{
    struct span relay = session_relay(s);
    struct span text = reply->text;
    err_set(out, 0, "%.*s: %u %.*s", (int)relay.len, relay.data, reply->code,
            (int)(text.len > 512 ? 512 : text.len), text.data);
}

static void rule_line(struct campaign *c, const struct session *s,
                      const struct ruling *ruling, const struct reply *reply)
{
    struct err why = {0};
    describe(s, reply, &why);
    switch (ruling->line) {
    case LINE_GOES_ON:
        campaign_trouble_over(c);
        break;
    case LINE_COUNTS:
        if (++c->sender_refusals >= POLICY_SENDER_REFUSALS_MAX) {
            campaign_stop(c, COURSE_DRAINING, EX_NOPERM, why.text);
        }
        break;
    case LINE_LEAVES:
        campaign_trouble(c, EX_TEMPFAIL, why.text);
        break;
    case LINE_SLOWS:
        pace_throttled(&c->pace, loop_now_ms(c->loop));
        campaign_trouble(c, EX_TEMPFAIL, why.text);
        break;
    case LINE_STOPS:
        campaign_stop(c, COURSE_DRAINING, ruling->status, why.text);
        break;
    }
}

void campaign_return(struct campaign *c, struct task *t)
{
    c->under_way--;
    task_queue_add(&c->queue, t, 0);
}

/* RFC 5321 4.5.3.1.10: so many recipients and no more; the rest go in
 * another transaction, and nobody is to blame. */
static bool too_many_recipients(struct campaign *c,
                                const struct dialog_verdict *v)
{
    bool full = v->reply.code == 452 || v->reply.code == 552;
    if (v->step != STEP_RCPT || v->recipient == 0 || !full ||
        !span_equal(v->reply.enhanced, SPAN("4.5.3"))) {
        return false;
    }
    if (c->recipients_max == 0 || v->recipient < c->recipients_max) {
        c->recipients_max = v->recipient;
    }
    return true;
}

static void take_refusal(struct campaign *c, const struct session *s,
                         struct task *t, const struct dialog_verdict *v)
{
    if (too_many_recipients(c, v)) {
        go_again(c, s, t, 0);
        return;
    }
    bool local = v->reply.code == 0;
    struct finding finding = {.scope = SCOPE_LOCAL};
    if (!local) {
        finding = classify(v->step, &v->reply);
    }
    struct ruling ruling = policy_of_refusal(&finding, v->step, &v->reply);
    task_note(t, &v->reply, finding.scope);
    t->attempts += !local && ruling.row != ROW_WAITS ? 1 : 0;
    if (!local) {
        pace_answered(&c->pace);
        rule_line(c, s, &ruling, &v->reply);
    }
    switch (ruling.row) {
    case ROW_SETTLES:
        settle(c, s, t, OUTCOME_REJECTED);
        break;
    case ROW_RETRIES:
        go_again(c, s, t, delay_ms(c, t));
        break;
    case ROW_WAITS:
        go_again(c, s, t, CAMPAIGN_PAUSE_MS);
        break;
    }
}

static void note_loss(struct task *t, const char *text)
{
    struct reply word = {.text = span_of(text)};
    task_note(t, &word, SCOPE_SESSION);
}

void campaign_verdict(struct campaign *c, const struct session *s,
                      struct task *t, const struct dialog_verdict *v)
{
    c->under_way--;
    switch (v->kind) {
    case VERDICT_SENT:
        pace_answered(&c->pace);
        campaign_trouble_over(c);
        c->sender_refusals = 0;
        t->attempts++;
        /* Settled before the verdict's spans are gone: no copy. */
        t->word.code = v->reply.code;
        t->word.enhanced = v->reply.enhanced;
        t->word.text = v->reply.text;
        t->word.scope = SCOPE_RECIPIENT;
        settle(c, s, t, OUTCOME_SENT);
        break;
    case VERDICT_REFUSED:
        take_refusal(c, s, t, v);
        break;
    case VERDICT_PENDING:
        if (v->tried && t->attempts == 0) {
            note_loss(t, "the session ended before this was taken");
        }
        go_again(c, s, t, 0);
        break;
    case VERDICT_UNKNOWN:
        t->attempts++;
        note_loss(t, "the connection was lost before the reply to the content");
        settle(c, s, t, OUTCOME_UNKNOWN);
        break;
    }
}

/* --- the loop's turns --- */

static bool finished(const struct campaign *c)
{
    return c->under_way == 0 && c->queue.count == 0 &&
           (c->list_done || limit_reached(c));
}

/* When to look again without being told: a row ripens, or a pause ends. */
static void set_alarm(struct campaign *c)
{
    uint64_t now = loop_now_ms(c->loop);
    uint64_t at = campaign_has_rows(c) ? now : task_queue_due_ms(&c->queue);
    at = c->resume_ms > at ? c->resume_ms : at;
    at = c->pace_when_ms > at ? c->pace_when_ms : at;
    if (at != UINT64_MAX && at > now) {
        loop_timer_start(c->timer, at - now);
    }
}

static void conduct(struct campaign *c)
{
    if (c->course == COURSE_STOPPED) {
        campaign_each_session(c, session_cut);
    } else if (c->course == COURSE_DRAINING || finished(c)) {
        campaign_each_session(c, session_drain);
    } else if (loop_now_ms(c->loop) >= c->resume_ms) {
        campaign_open_sessions(c);
        campaign_each_session(c, session_wake);
    }
}

static void turn(void *context)
{
    struct campaign *c = context;
    struct err err = {0};
    conduct(c);
    if (!report_flush(c->report, &err)) {
        campaign_stop(c, COURSE_STOPPED, err.status, err.text);
        conduct(c);
    }
    if (c->session_count == 0 && (c->course != COURSE_GOING || finished(c))) {
        loop_stop(c->loop);
        return;
    }
    set_alarm(c);
}

static void alarm_rings(void *context)
{
    (void)context; /* the turn that follows does it all */
}

/* --- progress and signals --- */

static void tell_progress(struct campaign *c, bool asked)
{
    struct tally tally = {
        .rows = c->plan->rows,
        .elapsed_ms = loop_now_ms(c->loop) - c->begun_ms,
        .sessions = c->session_count,
    };
    memcpy(tally.by_outcome, c->ledger.by_outcome, sizeof tally.by_outcome);
    c->observer->progress(c->observer->context, &tally, asked);
}

static void tick(void *context)
{
    struct campaign *c = context;
    tell_progress(c, false);
    loop_timer_start(c->ticker, TICK_MS);
}

static void take_signal(void *context, int number)
{
    struct campaign *c = context;
    if (number == SIGUSR1) {
        tell_progress(c, true);
    } else if (c->course == COURSE_GOING) {
        c->observer->say(c->observer->context, SAY_WARNING,
                         "stopping: what is under way will end, nothing new "
                         "is begun (once more to stop at once)");
        campaign_stop(c, COURSE_DRAINING, EX_TEMPFAIL, "stopped by a signal");
    } else {
        campaign_stop(c, COURSE_STOPPED, EX_TEMPFAIL, "stopped by a signal");
    }
}

/* --- from the beginning to the end --- */

/* The probe of a relay that streams speaks for the first sender. */
static void peek_sender(struct campaign *c)
{
    struct task *t = next_of_list(c);
    struct span reason;
    if (!t) {
        return;
    }
    c->messages_begun++;
    struct task_style style = {0};
    if (task_write_letter(t, c->plan, &style, &reason)) {
        buf_append(&c->probe_sender, t->letter.sender);
    }
    task_queue_add(&c->queue, t, 0);
}

static void begin(struct campaign *c)
{
    task_pool_init(&c->pool);
    task_queue_init(&c->queue);
    buf_init(&c->probe_sender, 1024);
    struct pace_settings pace = {
        .sessions = c->settings->sessions,
        .sessions_max = c->settings->sessions_max,
        .limit_count = c->settings->rate_count,
    };
    memcpy(pace.limits, c->settings->rates, sizeof pace.limits);
    pace_init(&c->pace, &pace, loop_now_ms(c->loop));
    if (c->pace.budget_count > 0) {
        c->observer->say(c->observer->context, SAY_WARNING,
                         "--rate: without a state, hours and days are counted "
                         "over this run alone");
    }
    c->begun_ms = loop_now_ms(c->loop);
    c->timer = loop_timer_create(c->loop, alarm_rings, c);
    c->ticker = loop_timer_create(c->loop, tick, c);
    c->turn = loop_turn_create(c->loop, turn, c);
    c->interrupt = loop_signal_create(c->loop, SIGINT, take_signal, c);
    c->terminate = loop_signal_create(c->loop, SIGTERM, take_signal, c);
    c->ask = loop_signal_create(c->loop, SIGUSR1, take_signal, c);
    loop_timer_start(c->ticker, TICK_MS);
    peek_sender(c);
}

static void finish(struct campaign *c)
{
    struct task *t;
    while ((t = task_queue_drain(&c->queue))) {
        if (t->word.text.len == 0) {
            note_loss(t, c->why.text);
        }
        settle(c, NULL, t, outcome_of_waiting(t));
    }
    assert(c->under_way == 0);
    loop_signal_destroy(c->interrupt);
    loop_signal_destroy(c->terminate);
    loop_signal_destroy(c->ask);
    loop_turn_destroy(c->turn);
    loop_timer_destroy(c->timer);
    loop_timer_destroy(c->ticker);
    task_queue_release(&c->queue);
    task_pool_release(&c->pool);
    parcel_pool_release(&c->parcels);
    buf_release(&c->probe_sender);
    if (c->question) {
        resolver_forget(c->question);
    }
    if (c->addresses) {
        freeaddrinfo(c->addresses);
    }
}

void campaign_run(struct campaign *c)
{
    begin(c);
    loop_run(c->loop);
    finish(c);
}
