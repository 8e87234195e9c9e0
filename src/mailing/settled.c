#include "mailing/settled.h"
#include "mailing/observer.h"

#include <inttypes.h>
#include <stdio.h>

bool settled_open(struct settled *s, const struct settings *settings,
                  struct plan *plan_out, struct err *err)
{
    *s = (struct settled){0};
    arena_init(&s->arena);
    bool opened = keeper_look(&s->keeper, settings, err) &&
                  plan_open(plan_out, settings, keeper_id_key(&s->keeper), err);
    if (opened && keeper_take(&s->keeper, plan_out, err)) {
        return true;
    }
    if (opened) {
        plan_close(plan_out);
    }
    settled_close(s);
    return false;
}

void settled_close(struct settled *s)
{
    keeper_close(&s->keeper);
    arena_release(&s->arena);
}

static struct span reason_of(enum outcome outcome)
{
    static const char *const reasons[OUTCOMES] = {
        [OUTCOME_SENT] = "sent in an earlier run",
        [OUTCOME_REJECTED] = "rejected in an earlier run",
        [OUTCOME_UNKNOWN] = "unknown since an earlier run, and held",
    };
    const char *reason = reasons[outcome];
    return span_of(reason ? reason : "settled in an earlier run");
}

bool settled_meet(struct settled *s, const struct plan *plan,
                  struct plan_row *row, bool *settled_out, struct err *err)
{
    struct state_row record;
    arena_reset(&s->arena);
    enum state_found found =
        keeper_find(&s->keeper, row, &s->arena, &record, err);
    *settled_out = found == STATE_THERE &&
                   !keeper_goes_again(plan->settings, record.report.status);
    if (*settled_out) {
        row->reason = reason_of(record.report.status);
        s->by_outcome[record.report.status]++;
        s->count++;
    }
    return found != STATE_BROKEN;
}

static void append_outcomes(const struct settled *s, struct buf *out)
{
    const char *before = ": ";
    for (enum outcome o = 0; o < OUTCOMES; o++) {
        if (s->by_outcome[o] > 0) {
            buf_append(out, span_of(before));
            buf_append(out, span_of(outcome_name(o)));
            buf_append_byte(out, '=');
            buf_append_number(out, s->by_outcome[o]);
            before = " ";
        }
    }
}

void settled_tell(const struct settled *s, const struct plan *plan,
                  const struct observer *observer)
{
    const struct settings *of = plan->settings;
    struct buf outcomes;
    if (!of->campaign) {
        return;
    }
    buf_init(&outcomes, 1024);
    append_outcomes(s, &outcomes);
    if (s->keeper.known) {
        observer_say(observer, SAY_INFO,
                     "campaign %s: earlier runs settled %" PRIu64
                     " of the ok rows%.*s; %" PRIu64 " would be sent",
                     of->campaign, s->count, (int)outcomes.len, outcomes.data,
                     plan->by_status[CLEAN_OK] - s->count);
    } else {
        observer_say(observer, SAY_INFO, "campaign %s: not yet begun (%s)",
                     of->campaign, of->state_path);
    }
    buf_release(&outcomes);
}
