#include "cli/status.h"

#include <popt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "cli/places.h"
#include "cli/say.h"
#include "cli/usual.h"
#include "mailing/mailing.h"

enum { TEXT_BYTES_MAX = 1 << 30 };

struct words {
    char *campaign, *report, *format, *settle;
    int report_all;
};

static bool unclear(struct err *err, const char *word, const char *why)
{
    err_set(err, EX_USAGE, "%s: %s", word, why);
    return false;
}

static bool read_format(const struct words *w, struct status_options *out,
                        struct err *err)
{
    out->report_path = w->report;
    if (!w->format) {
        return true;
    }
    out->report_path = w->report ? w->report : "-";
    if (strcmp(w->format, "jsonl") == 0) {
        out->report_format = REPORT_JSONL;
    } else if (strcmp(w->format, "csv") != 0) {
        return unclear(err, "--format", "csv or jsonl");
    }
    return true;
}

/* With --settle the words behind the state are addresses. */
static bool read_arguments(poptContext popt, const struct words *w,
                           struct status_options *out, struct err *err)
{
    const char *const *words = (const char *const *)(void *)poptGetArgs(popt);
    size_t count = 0;
    while (words && words[count]) {
        count++;
    }
    if (count == 0) {
        return unclear(err, "status", "takes STATE...");
    }
    out->states = words;
    out->state_count = count;
    if (!w->settle) {
        return true;
    }
    out->settle = true;
    out->settle_as =
        strcmp(w->settle, "sent") == 0 ? OUTCOME_SENT : OUTCOME_PENDING;
    if (out->settle_as == OUTCOME_PENDING &&
        strcmp(w->settle, "pending") != 0) {
        return unclear(err, "--settle", "sent or pending");
    }
    out->state_count = 1;
    out->addresses = words + 1;
    out->address_count = count - 1;
    return true;
}

/* False: *err, or there is nothing more to do. */
static bool read_words(poptContext popt, const struct words *w,
                       struct status_options *out, struct err *err)
{
    int result = poptGetNextOpt(popt);
    if (usual_shown(popt, result, err)) {
        return false;
    }
    if (result < -1) {
        return unclear(err, poptBadOption(popt, POPT_BADOPTION_NOALIAS),
                       poptStrerror(result));
    }
    out->campaign = w->campaign;
    out->report_all = w->report_all != 0;
    return read_format(w, out, err) && read_arguments(popt, w, out, err) &&
           places_no_state(out->report_path, out->states, out->state_count,
                           err);
}

static int survey(const struct status_options *o, struct err *err)
{
    struct buf text;
    buf_init(&text, TEXT_BYTES_MAX);
    int status = mailing_status(o, &text, err);
    bool taken = o->report_path && places_is_stdout(o->report_path);
    if (status == EX_OK && !taken) {
        fwrite(text.data, 1, text.len, stdout);
        status = usual_finish_stdout(err) ? EX_OK : err->status;
    }
    buf_release(&text);
    return status;
}

int verb_status(int argc, const char **argv)
{
    struct say say = {.loudest = SAY_ERROR};
    struct words w = {0};
    const struct poptOption rows[] = {
        {"campaign", 0, POPT_ARG_STRING, &w.campaign, 0,
         "of this campaign alone", "ID"},
        {"report", 'o', POPT_ARG_STRING, &w.report, 0,
         "write the report anew (- is stdout)", "FILE"},
        {"format", 0, POPT_ARG_STRING, &w.format, 0,
         "of the report: csv or jsonl (csv)", "FORMAT"},
        {"report-all", 0, POPT_ARG_NONE, &w.report_all, 0,
         "a line for every row", NULL},
        {"settle", 0, POPT_ARG_STRING, &w.settle, 0,
         "unknown rows of STATE are sent, or pending", "WHAT"},
        USUAL_ROW,
        POPT_TABLEEND};
    struct status_options options = {.report_format = REPORT_CSV};
    struct err err = {0};
    poptContext popt = poptGetContext("mailshot", argc, argv, rows, 0);
    poptSetOtherOptionHelp(popt, "[OPTION...] STATE...");
    poptReadDefaultConfig(popt, 0);
    if (read_words(popt, &w, &options, &err)) {
        (void)survey(&options, &err);
    }
    if (err.status != 0) {
        say_text(&say, SAY_ERROR, err.text);
    }
    poptFreeContext(popt);
    free(w.campaign);
    free(w.report);
    free(w.format);
    free(w.settle);
    return err.status;
}
