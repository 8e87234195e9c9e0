#include "mailing/check_state.h"
#include "mailing/observer.h"

#include <inttypes.h>
#include <stdio.h>

bool check_state_open(struct check_state *c, const struct settings *settings,
                      struct plan *plan_out, struct err *err)
{
    *c = (struct check_state){0};
    arena_init(&c->arena);
    bool opened = keeper_look(&c->keeper, settings, err) &&
                  plan_open(plan_out, settings, keeper_id_key(&c->keeper), err);
    if (opened && keeper_take(&c->keeper, plan_out, err)) {
        return true;
    }
    if (opened) {
        plan_close(plan_out);
    }
    check_state_close(c);
    return false;
}

void check_state_close(struct check_state *c)
{
    keeper_close(&c->keeper);
    arena_release(&c->arena);
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

bool check_state_meet(struct check_state *c, const struct plan *plan,
                      struct plan_row *row, bool *settled_out, struct err *err)
{
    struct state_row record;
    arena_reset(&c->arena);
    enum state_found found =
        keeper_find(&c->keeper, row, &c->arena, &record, err);
    *settled_out = found == STATE_THERE &&
                   !keeper_goes_again(plan->settings, record.report.status);
    if (*settled_out) {
        row->reason = reason_of(record.report.status);
        c->by_outcome[record.report.status]++;
        c->settled++;
    }
    return found != STATE_BROKEN;
}

static void append_outcomes(const struct check_state *c, struct buf *out)
{
    const char *before = ": ";
    for (enum outcome o = 0; o < OUTCOMES; o++) {
        if (c->by_outcome[o] > 0) {
            buf_append(out, span_of(before));
            buf_append(out, span_of(outcome_name(o)));
            buf_append_byte(out, '=');
            buf_append_number(out, c->by_outcome[o]);
            before = " ";
        }
    }
}

void check_state_tell(const struct check_state *c, const struct plan *plan,
                      const struct observer *observer)
{
    const struct settings *s = plan->settings;
    struct buf outcomes;
    if (!s->campaign) {
        return;
    }
    buf_init(&outcomes, 1024);
    append_outcomes(c, &outcomes);
    if (c->keeper.known) {
        observer_say(observer, SAY_INFO,
                     "campaign %s: earlier runs settled %" PRIu64
                     " of the ok rows%.*s; %" PRIu64 " would be sent",
                     s->campaign, c->settled, (int)outcomes.len, outcomes.data,
                     plan->by_status[CLEAN_OK] - c->settled);
    } else {
        observer_say(observer, SAY_INFO, "campaign %s: not yet begun (%s)",
                     s->campaign, s->state_path);
    }
    buf_release(&outcomes);
}
