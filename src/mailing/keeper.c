#include "mailing/keeper.h"

#include <sys/stat.h>

#include "base/clock.h"
#include "mailing/campaign.h"
#include "mailing/relay_name.h"
#include "mailing/suppress.h"
#include "record/state_survey.h"

static bool open_state(struct keeper *k, const struct settings *s,
                       enum state_use use, struct err *err)
{
    k->state = state_open(s->state_path, use, err);
    if (!k->state) {
        return false;
    }
    k->known =
        state_find_mailing(k->state, span_of(s->campaign), &k->id_key, err);
    return err->status == 0;
}

static bool open_existing(struct keeper *k, const struct settings *s,
                          enum state_use use, struct err *err)
{
    struct stat facts;
    return !s->campaign || lstat(s->state_path, &facts) != 0 ||
           open_state(k, s, use, err);
}

bool keeper_open(struct keeper *k, const struct settings *settings,
                 struct err *err)
{
    return settings->dry_run ? keeper_look(k, settings, err)
                             : open_existing(k, settings, STATE_RUN, err);
}

bool keeper_look(struct keeper *k, const struct settings *settings,
                 struct err *err)
{
    k->looks = true;
    return open_existing(k, settings, STATE_READ, err);
}

const struct siphash_key *keeper_id_key(const struct keeper *k)
{
    return k->known ? &k->id_key : NULL;
}

static bool make_state(struct keeper *k, const struct settings *s,
                       struct err *err)
{
    if (k->state || !s->campaign || k->looks) {
        return true;
    }
    if (open_state(k, s, STATE_RUN, err) && k->known) {
        err_set(err, EX_TEMPFAIL, "%s: this campaign has just been begun",
                s->state_path);
    }
    return err->status == 0;
}

bool keeper_take(struct keeper *k, struct plan *plan, struct err *err)
{
    const struct settings *s = plan->settings;
    const struct state_mailing mailing = {
        .campaign = span_of(s->campaign),
        .id_key = plan->id_key,
        .template = plan->letter_print,
        .options = plan->list_print,
        .template_may_change = s->template_may_change || !plan->draft,
    };
    return make_state(k, s, err) &&
           (!k->state || (state_take_mailing(k->state, &mailing, err) &&
                          suppress_of_state(&plan->cleaner, k->state, err)));
}

/* --- what relays teach --- */

enum { LEARNED_DAYS_MAX = 30 }; /* a relay may be another one by then */

static struct span relay_name(const struct line *l, struct buf *text)
{
    buf_init(text, 1024);
    relay_name_append(text, l->relay);
    return buf_span(text);
}

struct recalling {
    struct line *line;
    struct span name;
};

static bool recall(void *context, const struct state_learned *learned,
                   struct err *err)
{
    (void)err;
    const struct recalling *r = context;
    struct line *l = r->line;
    int64_t age_ms = clock_wall_ms() - learned->time_ms;
    if (!span_equal(r->name, learned->relay) ||
        age_ms > LEARNED_DAYS_MAX * INT64_C(86400000)) {
        return true;
    }
    l->learned.appetite.letters = (unsigned)learned->letters;
    l->learned.recipients = (unsigned)learned->recipients;
    l->learned.stream_unfit = learned->stream_unfit;
    if (learned->sessions > 0) {
        pace_recall(&l->pace, (unsigned)learned->sessions,
                    loop_now_ms(l->campaign->loop));
    }
    return true;
}

bool keeper_recall(struct keeper *k, struct line *l, struct err *err)
{
    struct buf text;
    struct recalling r = {l, relay_name(l, &text)};
    bool fine = !k->state || state_each_learned(k->state, recall, &r, err);
    buf_release(&text);
    return fine;
}

bool keeper_learn(struct keeper *k, const struct line *l, struct err *err)
{
    struct buf text;
    const struct state_learned learned = {
        .relay = relay_name(l, &text),
        .letters = l->learned.appetite.letters,
        .recipients = l->learned.recipients,
        .sessions = pace_ceiling(&l->pace),
        .stream_unfit = l->learned.stream_unfit,
        .time_ms = clock_wall_ms(),
    };
    bool any = learned.letters > 0 || learned.recipients > 0 ||
               learned.sessions > 0 || learned.stream_unfit;
    bool fine = !k->state || !any || state_learn(k->state, &learned, err);
    buf_release(&text);
    return fine;
}

/* --- writing --- */

static void nothing(void *context)
{
    (void)context; /* the turn that follows does it all */
}

static void wake(void *context)
{
    loop_waker_wake(context);
}

bool keeper_begin(struct keeper *k, const struct plan *plan, struct loop *loop,
                  struct err *err)
{
    if (!k->state || k->looks) {
        return true;
    }
    const uint64_t *by_status = plan->by_status;
    const struct state_counts counts = {
        .rows = plan->rows,
        .invalid = by_status[CLEAN_INVALID],
        .duplicate = by_status[CLEAN_DUPLICATE],
        .suppressed = by_status[CLEAN_SUPPRESSED],
    };
    if (!state_count_list(k->state, &counts, err)) {
        return false;
    }
    k->waker = loop_waker_create(loop, nothing, NULL);
    k->writer = state_writer_create(k->state, wake, k->waker, err);
    return k->writer != NULL;
}

struct remembering {
    struct rate *rate;
    uint64_t now_ms;
};

static void remember(void *context, uint64_t age_s, uint64_t messages)
{
    const struct remembering *r = context;
    rate_remember(r->rate, age_s * 1000, messages, r->now_ms);
}

bool keeper_remember(struct keeper *k, struct rate *rate, uint64_t now_ms,
                     struct err *err)
{
    struct remembering r = {rate, now_ms};
    return !k->state || state_each_begun(k->state, clock_wall_ms() / 1000,
                                         remember, &r, err);
}

bool keeper_end(struct keeper *k, struct err *err)
{
    struct state_writer *writer = k->writer;
    k->writer = NULL;
    return !writer || state_writer_finish(writer, err);
}

void keeper_close(struct keeper *k)
{
    struct err ignored;
    (void)keeper_end(k, &ignored);
    loop_waker_destroy(k->waker);
    state_close(k->state);
    *k = (struct keeper){0};
}

enum state_found keeper_find(struct keeper *k, const struct plan_row *row,
                             struct arena *arena, struct state_row *out,
                             struct err *err)
{
    if (!k->state) {
        return STATE_ABSENT;
    }
    return state_find(k->state, row->verdict.key, row->verdict.ordinal, arena,
                      out, err);
}

bool keeper_goes_again(const struct settings *settings, enum outcome outcome)
{
    static const bool open[OUTCOMES] = {
        [OUTCOME_DEFERRED] = true,
        [OUTCOME_PENDING] = true,
    };
    return open[outcome] ||
           (outcome == OUTCOME_UNKNOWN && settings->resend_unknown);
}

static void intend(struct keeper *k, struct task *t)
{
    if (t->record == 0) {
        t->record = state_new_id(k->state);
    }
    const struct state_row row = {
        .id = t->record,
        .key = t->row.verdict.key,
        .ordinal = t->row.verdict.ordinal,
        .begun = true,
        .report =
            {
                .line = t->row.csv.line,
                .address = t->row.verdict.text,
                .status = OUTCOME_UNKNOWN,
                .scope = "",
                .attempts = t->attempts,
                .message_id = t->letter.message_id,
                .time_ms = clock_wall_ms(),
            },
    };
    state_writer_put(k->writer, &row);
    state_writer_count_letters(k->writer, 1);
    t->intended = true;
}

uint64_t keeper_intend(struct keeper *k, const struct parcel *p)
{
    if (!k->writer) {
        return 0;
    }
    for (unsigned i = 0; i < p->count; i++) {
        intend(k, p->tasks[i]);
    }
    return state_writer_group(k->writer);
}

bool keeper_safe(struct keeper *k, uint64_t group)
{
    return group == 0 || group <= state_writer_committed(k->writer);
}

void keeper_write(struct keeper *k, struct task *t,
                  const struct report_row *row, bool tried)
{
    if (!k->writer || t->record == 0) {
        return;
    }
    const struct state_row record = {
        .id = t->record,
        .key = t->row.verdict.key,
        .ordinal = t->row.verdict.ordinal,
        .report = *row,
    };
    state_writer_put(k->writer, &record);
    if (tried && row->status != OUTCOME_SENT) {
        state_writer_put_attempt(k->writer, &record);
    }
    if (!tried && t->intended) {
        state_writer_count_letters(k->writer, -1);
    }
    t->intended = false;
}

bool keeper_turn(struct keeper *k, struct err *err)
{
    return !k->writer || state_writer_turn(k->writer, err);
}
