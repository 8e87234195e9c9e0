/* The third reading: rows that were never to be mailed, or never taken. */
#include <assert.h>
#include <inttypes.h>

#include "mailing/campaign.h"

struct closing {
    struct campaign *campaign;
    uint32_t contact; /* of the next CLEAN_OK row */
    struct arena arena;
};

static const enum outcome outcome_of_status[] = {
    [CLEAN_OK] = OUTCOME_PENDING,
    [CLEAN_INVALID] = OUTCOME_INVALID,
    [CLEAN_DUPLICATE] = OUTCOME_DUPLICATE,
    [CLEAN_SUPPRESSED] = OUTCOME_SUPPRESSED,
};

static struct span why_not_taken(const struct campaign *c)
{
    if (c->settings->dry_run) {
        return SPAN("not sent: this was a dry run");
    }
    if (c->why.status != 0 && c->why.text[0] != '\0') {
        return span_of(c->why.text);
    }
    return SPAN("not sent: the run ended before its turn");
}

/* Here and below: a file that cannot be written says so when it is closed. */
static void report_untried(struct closing *k, const struct plan_row *row,
                           enum outcome outcome, struct span reason)
{
    struct campaign *c = k->campaign;
    struct err told_later;
    if (!c->settings->report_all && !outcome_failed(outcome)) {
        return;
    }
    struct report_row line = {
        .line = row->csv.line,
        .address = row->verdict.text,
        .status = outcome,
        .scope = scope_name(SCOPE_LOCAL),
        .reply = reason,
    };
    (void)report_write(c->report, &line, &told_later);
}

static void fail_row(struct closing *k, const struct plan_row *row,
                     enum outcome outcome, const struct note *note)
{
    struct err told_later;
    struct failed_row line = {
        .raw = row->csv.raw,
        .status = outcome,
        .code = note->code,
        .enhanced = note->enhanced,
        .reason = note->reason,
    };
    /* An unknown row is not to be mailed again unless a person says so. */
    bool wanted =
        outcome_failed(outcome) &&
        (outcome != OUTCOME_UNKNOWN || k->campaign->settings->resend_unknown);
    if (k->campaign->failed && wanted) {
        (void)failed_write(k->campaign->failed, &line, &told_later);
    }
}

/* It was not taken in this run. */
static bool close_untaken(struct closing *k, const struct plan_row *row,
                          uint32_t contact, struct err *err)
{
    struct campaign *c = k->campaign;
    struct state_row record;
    switch (keeper_find(&c->keeper, row, &k->arena, &record, err)) {
    case STATE_BROKEN:
        return false;
    case STATE_THERE:
        campaign_adopt(c, row, contact, &record);
        return true;
    case STATE_ABSENT:
        break;
    }
    ledger_settle(&c->ledger, contact, OUTCOME_PENDING);
    report_untried(k, row, OUTCOME_PENDING, why_not_taken(c));
    return true;
}

/* Why it failed. Where that was not kept, the row still goes with the others,
 * and the cause of it stands in its place. */
static struct note recall(struct closing *k, uint32_t contact)
{
    struct campaign *c = k->campaign;
    struct note note = {.reason = why_not_taken(c)};
    struct err lost = {0};
    notes_get(c->notes, contact, &k->arena, &note, &lost);
    if (lost.status != 0) {
        campaign_fail(c, &lost);
        note.reason = arena_copy(&k->arena, span_of(lost.text));
    }
    return note;
}

static bool close_contact(struct closing *k, const struct plan_row *row,
                          struct err *err)
{
    struct campaign *c = k->campaign;
    uint32_t contact = k->contact++;
    enum outcome outcome;
    if (contact >= c->plan->by_status[CLEAN_OK]) {
        err_set(err, EX_DATAERR, "%s: the list has changed while it was read",
                c->settings->list_path);
        return false;
    }
    if (!ledger_get(&c->ledger, contact, &outcome) &&
        !close_untaken(k, row, contact, err)) {
        return false;
    }
    (void)ledger_get(&c->ledger, contact, &outcome);
    if (c->failed && outcome_failed(outcome)) {
        struct note note = recall(k, contact);
        fail_row(k, row, outcome, &note);
    }
    return true;
}

static bool close_row(struct closing *k, const struct plan_row *row,
                      struct err *err)
{
    if (row->verdict.status == CLEAN_OK) {
        return close_contact(k, row, err);
    }
    enum outcome outcome = outcome_of_status[row->verdict.status];
    struct note note = {.reason = row->reason};
    report_untried(k, row, outcome, row->reason);
    fail_row(k, row, outcome, &note);
    return true;
}

static bool read_again(struct closing *k, struct err *err)
{
    struct plan *plan = k->campaign->plan;
    struct plan_row row;
    enum csv_result result;
    if (!plan_rewind(plan, err)) {
        return false;
    }
    while ((result = plan_next(plan, &row, err)) == CSV_RESULT_ROW) {
        arena_reset(&k->arena);
        if (!close_row(k, &row, err)) {
            return false;
        }
    }
    return result == CSV_RESULT_END;
}

static bool anything_to_read(const struct campaign *c)
{
    const uint64_t *rows = c->plan->by_status;
    uint64_t others = rows[CLEAN_DUPLICATE] + rows[CLEAN_SUPPRESSED];
    uint64_t sent = c->ledger.by_outcome[OUTCOME_SENT];
    return rows[CLEAN_INVALID] > 0 ||
           ledger_total(&c->ledger) < rows[CLEAN_OK] ||
           (c->settings->report_all && others > 0) ||
           (c->failed && sent < rows[CLEAN_OK]);
}

/* Each row of the list has one outcome, whatever became of the readings. */
static void balance(struct campaign *c)
{
    const uint64_t *by_status = c->plan->by_status;
    ledger_count(&c->ledger, OUTCOME_INVALID, by_status[CLEAN_INVALID]);
    ledger_count(&c->ledger, OUTCOME_DUPLICATE, by_status[CLEAN_DUPLICATE]);
    ledger_count(&c->ledger, OUTCOME_SUPPRESSED, by_status[CLEAN_SUPPRESSED]);
    uint64_t total = ledger_total(&c->ledger);
    assert(total <= c->plan->rows);
    ledger_count(&c->ledger, OUTCOME_PENDING, c->plan->rows - total);
}

bool campaign_close_books(struct campaign *c, struct err *err)
{
    struct closing k = {.campaign = c};
    arena_init(&k.arena);
    /* In any case: is it still the list that was read? */
    bool fine =
        anything_to_read(c) ? read_again(&k, err) : plan_rewind(c->plan, err);
    arena_release(&k.arena);
    balance(c);
    return fine;
}
