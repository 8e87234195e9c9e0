/* What becomes of a row: its verdict, its outcome, or another try. */
#include <assert.h>

#include "base/clock.h"
#include "mailing/campaign.h"
#include "mailing/limits.h"
#include "mailing/observer.h"
#include "mailing/session.h"
#include "mailing/witness.h"

/* --- settling --- */

static struct task_place place_of(const struct session *s)
{
    return (struct task_place){
        .relay = session_relay(s),
        .tls = tls_description(session_tls(s)),
    };
}

/* s: NULL where it is not under way; then where its last word was said. */
static struct report_row describe_row(const struct session *s,
                                      const struct task *t,
                                      enum outcome outcome)
{
    struct task_place place = s ? place_of(s) : t->word.place;
    return (struct report_row){
        .line = t->row.csv.line,
        .address = t->row.verdict.text,
        .status = outcome,
        .code = t->word.code,
        .enhanced = t->word.enhanced,
        .scope = t->word.code != 0 || t->word.text.len > 0
                     ? scope_name(t->word.scope)
                     : "",
        .reply = t->word.text,
        .attempts = t->attempts,
        .message_id = t->letter.message_id,
        .relay = place.relay,
        .tls = place.tls,
        .time_ms = clock_wall_ms(),
    };
}

static void write_down(struct campaign *c, const struct session *s,
                       struct task *t, enum outcome outcome)
{
    struct report_row row = describe_row(s, t, outcome);
    keeper_write(&c->keeper, t, &row, s != NULL);
    struct note note = {row.code, row.enhanced, row.reply};
    bool wanted = c->settings->report_all || outcome_failed(outcome);
    struct err err = {0};
    if (wanted && !report_write(c->report, &row, &err)) {
        campaign_fail(c, &err);
    }
    if (c->notes && outcome_failed(outcome) &&
        !notes_put(c->notes, t->contact, &note, &err)) {
        campaign_fail(c, &err);
    }
}

/* The row's one outcome; s: the session on which it was decided, or NULL. */
static void settle(struct campaign *c, const struct session *s, struct task *t,
                   enum outcome outcome)
{
    ledger_settle(&c->ledger, t->contact, outcome);
    write_down(c, s, t, outcome);
    limits_judge(c, outcome, t->word.scope == SCOPE_RECIPIENT);
    if (outcome == OUTCOME_SENT) {
        witness_sent(c, s, t);
    }
    task_give_back(&c->pool, t);
}

/* Of a row that would have gone again, but the run is over. */
static enum outcome outcome_of_waiting(const struct task *t)
{
    if (t->doubtful) {
        return OUTCOME_UNKNOWN;
    }
    bool its_own =
        t->word.scope == SCOPE_RECIPIENT || t->word.scope == SCOPE_MESSAGE;
    return t->attempts > 0 && its_own ? OUTCOME_DEFERRED : OUTCOME_PENDING;
}

/* Nothing was said of it: that uses up no rate. */
static void note_unsaid(struct campaign *c, const struct task *t)
{
    rate_end_unsaid(&c->rate);
    deal_end_unsaid(&c->deal, t);
}

static const struct task_place nowhere = {{"", 0}, {"", 0}};

static void take_invalid(void *context, struct task *t, struct span reason)
{
    struct line *l = context;
    struct campaign *c = l->campaign;
    c->under_way--;
    note_unsaid(c, t);
    struct reply word = {.text = reason};
    task_note(t, &word, SCOPE_LOCAL, nowhere);
    settle(c, NULL, t, OUTCOME_INVALID);
}

/* --- what a verdict asks --- */

/* Doubling, with a quarter of jitter so that rows do not come in step. */
static uint64_t delay_ms(const struct campaign *c, const struct task *t,
                         unsigned times)
{
    uint64_t delay = c->settings->retry_delay_ms;
    for (unsigned i = 1; i < times && delay < 3600000; i++) {
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
        struct report_row row = describe_row(s, t, outcome_of_waiting(t));
        keeper_write(&c->keeper, t, &row, true);
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

static void rule_line(struct line *l, const struct session *s,
                      const struct ruling *ruling, const struct reply *reply)
{
    struct err why = {0};
    describe(s, reply, &why);
    switch (ruling->line) {
    case LINE_GOES_ON:
        line_trouble_over(l);
        break;
    case LINE_COUNTS:
        if (++l->sender_refusals >= POLICY_SENDER_REFUSALS_MAX) {
            line_give_up(l, EX_NOPERM, why.text);
        }
        break;
    case LINE_LEAVES: /* take_end sees whether that is trouble */
    case LINE_LAPSES:
        observer_say(l->campaign->observer, SAY_INFO, "%s", why.text);
        break;
    case LINE_SLOWS:
        pace_throttled(&l->pace, loop_now_ms(l->campaign->loop));
        line_trouble(l, EX_TEMPFAIL, why.text);
        break;
    case LINE_WANTS: /* never of a letter */
    case LINE_STOPS:
        line_give_up(l, ruling->status, why.text);
        break;
    }
}

static void take_unsaid(struct campaign *c, struct task *t)
{
    note_unsaid(c, t);
    struct report_row row = describe_row(NULL, t, outcome_of_waiting(t));
    keeper_write(&c->keeper, t, &row, false);
    task_queue_add(&c->queue, t, 0);
}

static void put_back(void *context, struct task *t)
{
    struct line *l = context;
    l->campaign->under_way--;
    take_unsaid(l->campaign, t);
}

/* RFC 5321 4.5.3.1.10: so many recipients and no more; the rest go in
 * another transaction, and nobody is to blame. */
static bool too_many_recipients(struct line *l, const struct dialog_verdict *v)
{
    if (v->step != STEP_RCPT || v->recipient == 0 ||
        (v->reply.code != 452 && v->reply.code / 100 != 5)) {
        return false;
    }
    struct finding f = classify(v->step, &v->reply);
    if (f.scope != SCOPE_RECIPIENT || f.class != CLASS_RATELIMIT) {
        return false;
    }
    if (l->learned.recipients == 0 || v->recipient < l->learned.recipients) {
        l->learned.recipients = v->recipient;
    }
    return true;
}

static enum session_news news_of(const struct ruling *ruling)
{
    return ruling->line == LINE_LEAVES   ? SESSION_LEAVES
           : ruling->line == LINE_LAPSES ? SESSION_LAPSED
           : ruling->row == ROW_WAITS    ? SESSION_WAITS
                                         : SESSION_DEALT;
}

static enum session_news take_refusal(struct line *l, const struct session *s,
                                      struct task *t,
                                      const struct dialog_verdict *v)
{
    struct campaign *c = l->campaign;
    if (too_many_recipients(l, v)) {
        go_again(c, s, t, 0);
        return SESSION_DEALT;
    }
    bool local = v->reply.code == 0;
    struct finding finding = {.scope = SCOPE_LOCAL};
    if (!local) {
        finding = classify(v->step, &v->reply);
    }
    struct ruling ruling = policy_of_refusal(&finding, v->step, &v->reply);
    if (ruling.line == LINE_LAPSES && !session_login_renewable(s)) {
        ruling.line = LINE_STOPS;
    }
    task_note(t, &v->reply, finding.scope, place_of(s));
    t->attempts += !local && ruling.row != ROW_WAITS ? 1 : 0;
    if (!local) {
        line_answered(l);
        rule_line(l, s, &ruling, &v->reply);
    }
    switch (ruling.row) {
    case ROW_SETTLES:
        settle(c, s, t, OUTCOME_REJECTED);
        break;
    case ROW_RETRIES:
        go_again(c, s, t, delay_ms(c, t, t->attempts));
        break;
    case ROW_WAITS:
        go_again(c, s, t, ruling.line == LINE_LAPSES ? 0 : LINE_PAUSE_MS);
        break;
    }
    return local ? SESSION_WAITS : news_of(&ruling);
}

static void note_loss(struct task *t, const char *text, struct task_place place)
{
    struct reply word = {.text = span_of(text)};
    task_note(t, &word, SCOPE_SESSION, place);
}

/* Once is bad luck. A row that ends its session again and again must not keep
 * the others waiting. */
static void take_loss(struct campaign *c, const struct session *s,
                      struct task *t, const struct reply *closing)
{
    if (t->attempts == 0 && closing->code != 0) {
        task_note(t, closing, SCOPE_SESSION, place_of(s));
    } else if (t->attempts == 0) {
        note_loss(t, "the session ended before this was taken", place_of(s));
    }
    t->losses++;
    go_again(c, s, t, t->losses > 1 ? delay_ms(c, t, t->losses) : 0);
}

void campaign_give_up(struct campaign *c, struct task *t, const char *why)
{
    if (t->word.text.len == 0) {
        note_loss(t, why, nowhere);
    }
    settle(c, NULL, t, outcome_of_waiting(t));
}

/* Its content may have arrived. */
static void take_doubt(struct campaign *c, const struct session *s,
                       struct task *t)
{
    t->attempts++;
    t->doubtful = true;
    note_loss(t, "the connection was lost before the reply to the content",
              place_of(s));
    if (!c->settings->resend_unknown) {
        settle(c, s, t, OUTCOME_UNKNOWN);
        return;
    }
    t->losses++;
    go_again(c, s, t, delay_ms(c, t, t->losses));
}

static enum session_news take_verdict(void *context, const struct session *s,
                                      struct task *t,
                                      const struct dialog_verdict *v)
{
    struct line *l = context;
    struct campaign *c = l->campaign;
    c->under_way--;
    switch (v->kind) {
    case VERDICT_SENT:
        line_answered(l);
        line_trouble_over(l);
        l->sender_refusals = 0;
        t->attempts++;
        /* Settled before the verdict's spans are gone: no copy. */
        t->word.code = v->reply.code;
        t->word.enhanced = v->reply.enhanced;
        t->word.text = v->reply.text;
        t->word.scope = SCOPE_RECIPIENT;
        settle(c, s, t, OUTCOME_SENT);
        return SESSION_DEALT;
    case VERDICT_REFUSED:
        return take_refusal(l, s, t, v);
    case VERDICT_PENDING:
        if (v->tried) {
            take_loss(c, s, t, &v->reply);
        } else {
            take_unsaid(c, t);
        }
        break;
    case VERDICT_UNKNOWN:
        take_doubt(c, s, t);
        break;
    }
    return SESSION_WAITS;
}

/* --- intents --- */

static uint64_t intend(void *context, const struct parcel *p)
{
    struct line *l = context;
    return keeper_intend(&l->campaign->keeper, p);
}

static bool may_go(void *context, uint64_t group)
{
    struct line *l = context;
    return keeper_safe(&l->campaign->keeper, group);
}

void campaign_hear_verdicts(struct session_owner *owner)
{
    owner->verdict = take_verdict;
    owner->put_back = put_back;
    owner->intend = intend;
    owner->may_go = may_go;
    owner->invalid = take_invalid;
}
