/* What became of a row in the runs before this one? */
#include "mailing/campaign.h"
#include "mailing/limits.h"

void campaign_adopt(struct campaign *c, const struct plan_row *row,
                    uint32_t contact, const struct state_row *record)
{
    struct err err = {0};
    struct report_row line = record->report;
    line.line = row->csv.line;
    line.address = row->verdict.text;
    ledger_settle(&c->ledger, contact, line.status);
    c->sent_before += line.status == OUTCOME_SENT ? 1 : 0;
    limits_judge(c, line.status,
                 scope_named(span_of(line.scope)) == SCOPE_RECIPIENT);
    bool failed = outcome_failed(line.status);
    struct note note = {line.code, line.enhanced, line.reply};
    if ((failed || c->settings->report_all) &&
        !report_write(c->report, &line, &err)) {
        campaign_fail(c, &err);
    }
    if (failed && c->notes && !notes_put(c->notes, contact, &note, &err)) {
        campaign_fail(c, &err);
    }
}

/* It has been begun before: its record and its attempts go on. */
static void remember(struct task *t, const struct state_row *record)
{
    const struct report_row *r = &record->report;
    struct reply word = {
        .code = r->code,
        .enhanced = r->enhanced,
        .text = r->reply,
    };
    t->record = record->id;
    t->attempts = r->attempts;
    t->doubtful = r->status == OUTCOME_UNKNOWN;
    struct task_place place = {r->relay, r->tls};
    task_note(t, &word, scope_named(span_of(r->scope)), place);
}

struct task *campaign_meet(struct campaign *c, const struct plan_row *row,
                           uint32_t contact)
{
    struct state_row record;
    struct err err = {0};
    arena_reset(&c->earlier);
    enum state_found found =
        keeper_find(&c->keeper, row, &c->earlier, &record, &err);
    bool again = found == STATE_THERE &&
                 keeper_goes_again(c->settings, record.report.status);
    if (found == STATE_THERE && !again) {
        campaign_adopt(c, row, contact, &record);
    }
    if (found == STATE_BROKEN) {
        campaign_fail(c, &err);
    }
    if (found == STATE_BROKEN || (found == STATE_THERE && !again)) {
        return NULL;
    }
    struct task *t = task_take(&c->pool, c->plan, row, contact);
    if (again) {
        remember(t, &record);
    }
    return t;
}
