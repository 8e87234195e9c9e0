#include "mailing/mailing.h"

#include <inttypes.h>

#include "mailing/check_rows.h"
#include "mailing/check_state.h"
#include "mailing/domains.h"
#include "mailing/exit_status.h"
#include "mailing/finding.h"
#include "mailing/observer.h"
#include "mailing/plan.h"
#include "mailing/visit.h"
#include "record/cleaned.h"

/* In the order in which they are told. */
static const struct finding_kind *const kinds[] = {
    &finding_causes,  &finding_slips,  &finding_sizes,
    &finding_demands, &finding_sender,
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

struct checking {
    struct plan plan;
    struct check_state state;
    const struct check_options *options;
    struct check_rows rows;
    struct cleaned *cleaned; /* NULL: no --clean */
    void *findings[KINDS];   /* NULL: there can be none */
    unsigned warnings;
};

static void begin_findings(struct checking *c)
{
    for (size_t i = 0; i < KINDS; i++) {
        c->findings[i] = kinds[i]->begin(&c->plan);
    }
}

static void look(struct checking *c, struct plan_row *row)
{
    for (size_t i = 0; i < KINDS; i++) {
        if (c->findings[i]) {
            kinds[i]->look(c->findings[i], row);
        }
    }
}

static void tell_findings(struct checking *c, const struct observer *observer)
{
    for (size_t i = 0; i < KINDS; i++) {
        if (c->findings[i]) {
            c->warnings += kinds[i]->tell(c->findings[i], observer);
        }
    }
}

static void end_findings(struct checking *c)
{
    for (size_t i = 0; i < KINDS; i++) {
        if (c->findings[i]) {
            kinds[i]->end(c->findings[i]);
        }
    }
}

static bool open_cleaned(struct checking *c, struct err *err)
{
    if (!c->options->clean_path) {
        return true;
    }
    const struct csv_reader *list = c->plan.reader;
    struct failed_list as = {
        .delimiter = csv_reader_delimiter(list),
        .preamble = csv_reader_preamble(list),
        .header = csv_reader_header(list),
    };
    c->cleaned = cleaned_open(c->options->clean_path, &as, err);
    return c->cleaned != NULL;
}

static bool take_row(struct checking *c, struct plan_row *row, struct err *err)
{
    bool fine = row->verdict.status == CLEAN_OK;
    bool settled = false;
    if (fine && !check_state_meet(&c->state, &c->plan, row, &settled, err)) {
        return false;
    }
    if (!settled) { /* what has gone cannot be mended */
        look(c, row);
    }
    bool kept = c->cleaned && fine && !settled;
    return check_rows_write(&c->rows, row, err) &&
           (!kept || cleaned_write(c->cleaned, row->csv.raw, err));
}

/* What was read before a fault of the list is shown before it is named. */
static bool read_list(struct checking *c, struct err *err)
{
    struct plan_row row;
    enum csv_result result = plan_next(&c->plan, &row, err);
    while (result == CSV_RESULT_ROW) {
        if (!take_row(c, &row, err)) {
            return false;
        }
        result = plan_next(&c->plan, &row, err);
    }
    return result == CSV_RESULT_END && plan_verdict(&c->plan, err);
}

static void tell(const struct checking *c, const struct observer *observer,
                 struct tally *tally_out)
{
    const struct plan *p = &c->plan;
    const uint64_t *n = p->by_status;
    *tally_out = (struct tally){.rows = p->rows};
    tally_out->by_outcome[OUTCOME_PENDING] = n[CLEAN_OK] - c->state.settled;
    tally_out->by_outcome[OUTCOME_INVALID] = n[CLEAN_INVALID];
    tally_out->by_outcome[OUTCOME_DUPLICATE] = n[CLEAN_DUPLICATE];
    tally_out->by_outcome[OUTCOME_SUPPRESSED] = n[CLEAN_SUPPRESSED];
    for (enum outcome o = 0; o < OUTCOMES; o++) {
        tally_out->by_outcome[o] += c->state.by_outcome[o];
    }
    check_state_tell(&c->state, p, observer);
    observer_say(observer, SAY_INFO,
                 "ok=%" PRIu64 " invalid=%" PRIu64 " duplicate=%" PRIu64
                 " suppressed=%" PRIu64 " rows=%" PRIu64,
                 n[CLEAN_OK], n[CLEAN_INVALID], n[CLEAN_DUPLICATE],
                 n[CLEAN_SUPPRESSED], p->rows);
}

static int verdict(const struct checking *c)
{
    const uint64_t *n = c->plan.by_status;
    const struct {
        unsigned kind;
        uint64_t count;
    } failures[] = {
        {CHECK_FAIL_INVALID, n[CLEAN_INVALID]},
        {CHECK_FAIL_DUPLICATE, n[CLEAN_DUPLICATE]},
        {CHECK_FAIL_SUPPRESSED, n[CLEAN_SUPPRESSED]},
        {CHECK_FAIL_WARNING, c->warnings},
    };
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        if ((c->options->fail_on & failures[i].kind) && failures[i].count > 0) {
            return EX_NOUSER;
        }
    }
    return EX_OK;
}

/* The first error counts; what was opened is closed in any case. */
static int check(struct checking *c, const struct observer *observer,
                 struct tally *tally_out, struct err *err)
{
    if (!open_cleaned(c, err)) {
        return err->status;
    }
    if (!check_rows_open(&c->rows, &c->plan, c->options, err)) {
        cleaned_abandon(c->cleaned);
        return err->status;
    }
    bool fine = read_list(c, err);
    if (c->plan.counted) {
        tell_findings(c, observer);
        tell(c, observer, tally_out);
    }
    struct err late = {0};
    if (!check_rows_close(&c->rows, &late) && fine) {
        fine = false;
        *err = late;
    }
    if (!fine) {
        cleaned_abandon(c->cleaned);
        return err->status;
    }
    return cleaned_close(c->cleaned, err) ? verdict(c) : err->status;
}

int mailing_check(const struct settings *settings,
                  const struct check_options *options,
                  const struct observer *observer, struct tally *tally_out,
                  struct err *err)
{
    struct checking c = {.options = options};
    *tally_out = (struct tally){0};
    if (!check_state_open(&c.state, settings, &c.plan, err)) {
        return err->status;
    }
    int status = EX_OK;
    if (domains_look_up(&c.plan, observer, err)) {
        begin_findings(&c);
        status = check(&c, observer, tally_out, err);
        end_findings(&c);
    } else {
        status = err->status;
    }
    plan_close(&c.plan);
    check_state_close(&c.state);
    if (options->relay && (status == EX_OK || status == EX_NOUSER)) {
        status =
            exit_status_worse(status, visit_relays(settings, observer, err));
    }
    return status;
}
