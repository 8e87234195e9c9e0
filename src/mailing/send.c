/* A mailing from its first reading to its exit status. */
#include <inttypes.h>
#include <string.h>

#include "mailing/campaign.h"
#include "mailing/domains.h"
#include "mailing/exit_status.h"
#include "mailing/observer.h"
#include "mailing/watch.h"

static int status_of_rows(const struct campaign *c)
{
    const uint64_t *n = c->ledger.by_outcome;
    int status = EX_OK;
    if (n[OUTCOME_REJECTED] + n[OUTCOME_INVALID] > 0) {
        status = exit_status_worse(status, EX_NOUSER);
    }
    /* Of a dry run that all rows are left is no news. */
    if (n[OUTCOME_PENDING] + n[OUTCOME_DEFERRED] > 0 && !c->settings->dry_run) {
        status = exit_status_worse(status, EX_TEMPFAIL);
    }
    return n[OUTCOME_UNKNOWN] > 0 ? exit_status_worse(status, 1) : status;
}

static bool open_records(struct campaign *c, struct err *err)
{
    const struct settings *s = c->settings;
    c->report = report_open(s->report_path, s->report_format, err);
    if (!c->report) {
        return false;
    }
    if (s->evidence_path) {
        c->evidence = evidence_open(s->evidence_path, s->campaign != NULL, err);
        if (!c->evidence) {
            return false;
        }
    }
    if (!s->failed_path) {
        return true;
    }
    const struct csv_reader *list = c->plan->reader;
    struct failed_list as = {
        .delimiter = csv_reader_delimiter(list),
        .preamble = csv_reader_preamble(list),
        .header = csv_reader_header(list),
    };
    as.columns = csv_reader_columns(list, &as.names);
    c->failed = failed_open(s->failed_path, &as, err);
    c->notes = c->failed ? notes_create(err) : NULL;
    return c->notes != NULL;
}

/* Without a relay, in a dry run, only what was named is tried. */
static bool open_tls(struct campaign *c, struct err *err)
{
    const struct settings *s = c->settings;
    struct tls_client_settings how = s->trust;
    how.verify = s->tls == TLS_REQUIRED;
    bool named = how.ca_file || how.cert_file;
    if (s->tls == TLS_OFF || (s->relay_count == 0 && !named)) {
        return true;
    }
    c->tls = tls_client_create(&how, err);
    return c->tls != NULL;
}

static void release(struct campaign *c)
{
    struct err ignored;
    report_close(c->report, &ignored);
    evidence_close(c->evidence, &ignored);
    failed_abandon(c->failed);
    keeper_close(&c->keeper);
    relays_release(c);
    tls_client_destroy(c->tls);
    if (c->loop) {
        campaign_ignore_signals(c);
        loop_destroy(c->loop);
    }
    notes_destroy(c->notes);
    ledger_release(&c->ledger);
}

/* Only one is told at the end. */
static void tell_also(const struct campaign *c, const struct err *err)
{
    if (err->status != 0) {
        observer_say(c->observer, SAY_ERROR, "%s", err->text);
    }
}

/* What is closed is no more, whether it went well or not. Where one cannot be
 * kept, the others still are. */
static bool close_records(struct campaign *c, struct err *err)
{
    struct err errs[3] = {0};
    bool whole = report_close(c->report, &errs[0]);
    whole &= evidence_close(c->evidence, &errs[1]);
    whole &= failed_close(c->failed, &errs[2]);
    c->report = NULL;
    c->evidence = NULL;
    c->failed = NULL;
    for (size_t i = 0; i < 3; i++) {
        if (err->status == 0) {
            *err = errs[i];
        } else {
            tell_also(c, &errs[i]);
        }
    }
    return whole;
}

static bool recall_relays(struct campaign *c, struct err *err)
{
    bool fine = true;
    for (unsigned i = 0; i < c->line_count && fine; i++) {
        fine = keeper_recall(&c->keeper, &c->lines[i], err);
    }
    return fine;
}

static bool remember_relays(struct campaign *c, struct err *err)
{
    bool fine = true;
    for (unsigned i = 0; i < c->line_count && fine; i++) {
        fine =
            c->settings->dry_run || keeper_learn(&c->keeper, &c->lines[i], err);
    }
    return fine;
}

static int run(struct campaign *c, struct tally *tally_out, struct err *err)
{
    if (!c->settings->dry_run) {
        campaign_run(c);
    }
    struct err lost = {0};
    bool kept = keeper_end(&c->keeper, &lost) && remember_relays(c, &lost);
    bool written = campaign_close_books(c, err) && close_records(c, err);
    int status = written ? EX_OK : err->status;
    if (!kept) {
        status = exit_status_worse(status, lost.status);
        tell_also(c, err);
        *err = lost;
    }
    if (c->unkept.status != 0) {
        status = exit_status_worse(status, c->unkept.status);
        *err = err->status == 0 ? c->unkept : *err;
    }
    status = exit_status_worse(status, status_of_rows(c));
    /* A stop that left no row behind is none. */
    if (c->why.status != 0 && c->why.status != EX_TEMPFAIL) {
        status = exit_status_worse(status, c->why.status);
    }
    if (err->status == 0) {
        *err = c->why;
    }
    watch_tally(c, tally_out);
    struct err unseen = {0};
    if (!watch_last(c, status, &unseen)) {
        status = exit_status_worse(status, unseen.status);
        *err = err->status == 0 ? unseen : *err;
    }
    return status;
}

/* Known before anything is sent: whoever looks may stop the run. */
static bool count(struct campaign *c, struct err *err)
{
    const struct plan *p = c->plan;
    if (!plan_count(c->plan, err)) {
        return false;
    }
    if (p->by_status[CLEAN_INVALID] > 0) {
        struct span reason = buf_span(&p->first_invalid_reason);
        observer_say(c->observer, SAY_WARNING,
                     "%s:%" PRIu32 ": invalid: %.*s (invalid rows: %" PRIu64
                     ")",
                     csv_reader_name(p->reader), p->first_invalid_line,
                     (int)reason.len, reason.data, p->by_status[CLEAN_INVALID]);
    }
    return true;
}

static int count_and_run(struct campaign *c, struct tally *tally_out,
                         struct err *err)
{
    if (!keeper_take(&c->keeper, c->plan, err) ||
        !domains_look_up(c->plan, c->observer, err)) {
        return err->status;
    }
    c->loop = loop_create();
    campaign_hear_signals(c);
    if (relays_init(c, err) && count(c, err) && open_records(c, err) &&
        open_tls(c, err) && keeper_begin(&c->keeper, c->plan, c->loop, err) &&
        recall_relays(c, err) && watch_first(c, err)) {
        return run(c, tally_out, err);
    }
    return err->status;
}

int mailing_send(const struct settings *settings,
                 const struct observer *observer, struct tally *tally_out,
                 struct err *err)
{
    *err = (struct err){0};
    *tally_out = (struct tally){0};
    struct plan plan;
    struct campaign c = {
        .settings = settings,
        .observer = observer,
        .plan = &plan,
    };
    ledger_init(&c.ledger);
    int status;
    if (keeper_open(&c.keeper, settings, err) &&
        plan_open(&plan, settings, keeper_id_key(&c.keeper), err)) {
        status = count_and_run(&c, tally_out, err);
        release(&c);
        plan_close(&plan);
    } else {
        status = err->status;
        release(&c);
    }
    return status;
}
