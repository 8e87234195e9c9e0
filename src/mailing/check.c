#include "mailing/mailing.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"
#include "mailing/plan.h"
#include "record/csvline.h"
#include "record/output.h"

enum { FIELDS_BYTES_MAX = 16 * 1024 * 1024 };

struct checking {
    struct plan plan;
    const struct check_options *options;
    struct output output;
    struct buf fields; /* of one row, as JSON */
};

/* Columns whose names begin with _ are ignored, here too. */
static void append_fields(const struct checking *c, const struct csv_row *row,
                          struct buf *out)
{
    const struct span *names;
    size_t count = csv_reader_columns(c->plan.reader, &names);
    json_open(out);
    for (size_t i = 0; i < count; i++) {
        if (!span_starts(names[i], SPAN("_"))) {
            json_name_span(out, names[i]);
            json_text(out, row->fields[i]);
        }
    }
    json_close(out);
}

static void append_text(struct checking *c, const struct plan_row *row)
{
    struct buf *out = &c->output.gathered;
    const struct clean_verdict *v = &row->verdict;
    if (v->status == CLEAN_OK) {
        return;
    }
    utf8_append_printable(out, span_of(csv_reader_name(c->plan.reader)));
    buf_append_byte(out, ':');
    buf_append_number(out, row->csv.line);
    buf_append(out, SPAN(": "));
    buf_append(out, span_of(clean_status_name(v->status)));
    buf_append(out, SPAN(": "));
    utf8_append_printable(out, row->reason);
    if (v->text.len > 0) {
        buf_append(out, SPAN(" ("));
        utf8_append_printable(out, v->text);
        buf_append_byte(out, ')');
    }
    buf_append_byte(out, '\n');
}

static void append_csv(struct checking *c, const struct plan_row *row)
{
    struct buf *out = &c->output.gathered;
    const struct clean_verdict *v = &row->verdict;
    buf_append_number(out, row->csv.number);
    buf_append_byte(out, ',');
    buf_append_number(out, row->csv.line);
    buf_append_byte(out, ',');
    csvline_field(out, v->text, ',');
    buf_append_byte(out, ',');
    csvline_field(out, v->ascii_domain, ',');
    buf_append_byte(out, ',');
    buf_append(out, span_of(clean_status_name(v->status)));
    buf_append_byte(out, ',');
    csvline_field(out, row->reason, ',');
    if (c->options->fields) {
        buf_clear(&c->fields);
        append_fields(c, &row->csv, &c->fields);
        buf_append_byte(out, ',');
        csvline_field(out, buf_span(&c->fields), ',');
    }
    buf_append_byte(out, '\n');
}

static void append_jsonl(struct checking *c, const struct plan_row *row)
{
    struct buf *out = &c->output.gathered;
    const struct clean_verdict *v = &row->verdict;
    json_open(out);
    json_add_number(out, "row", row->csv.number);
    json_add_number(out, "line", row->csv.line);
    json_add_text(out, "address", v->text);
    json_add_text(out, "ascii_domain", v->ascii_domain);
    json_add_text(out, "status", span_of(clean_status_name(v->status)));
    json_add_text(out, "reason", row->reason);
    if (c->options->fields) {
        json_name(out, "fields");
        append_fields(c, &row->csv, out);
    }
    json_close(out);
    buf_append_byte(out, '\n');
}

static void append_row(struct checking *c, const struct plan_row *row)
{
    static void (*const append[])(struct checking *,
                                  const struct plan_row *) = {
        [CHECK_TEXT] = append_text,
        [CHECK_CSV] = append_csv,
        [CHECK_JSONL] = append_jsonl,
    };
    append[c->options->format](c, row);
}

static bool open_output(struct checking *c, struct err *err)
{
    int descriptor = output_descriptor("-");
    if (descriptor < 0) {
        err_set(err, EX_IOERR, "stdout: %s", strerror(errno));
        return false;
    }
    output_init(&c->output, descriptor, "stdout");
    buf_init(&c->fields, FIELDS_BYTES_MAX);
    if (c->options->format == CHECK_CSV) {
        buf_append(&c->output.gathered,
                   SPAN("row,line,address,ascii_domain,status,reason"));
        buf_append(&c->output.gathered,
                   c->options->fields ? SPAN(",fields\n") : SPAN("\n"));
    }
    return true;
}

/* What was read before a fault of the list is shown before it is named. */
static bool read_list(struct checking *c, struct err *err)
{
    struct plan_row row;
    enum csv_result result = plan_next(&c->plan, &row, err);
    while (result == CSV_RESULT_ROW) {
        append_row(c, &row);
        if (!output_turn(&c->output, err)) {
            return false;
        }
        result = plan_next(&c->plan, &row, err);
    }
    return result == CSV_RESULT_END && plan_verdict(&c->plan, err);
}

static void tell(const struct plan *p, const struct observer *observer,
                 struct tally *tally_out)
{
    const uint64_t *n = p->by_status;
    *tally_out = (struct tally){.rows = p->rows};
    tally_out->by_outcome[OUTCOME_PENDING] = n[CLEAN_OK];
    tally_out->by_outcome[OUTCOME_INVALID] = n[CLEAN_INVALID];
    tally_out->by_outcome[OUTCOME_DUPLICATE] = n[CLEAN_DUPLICATE];
    tally_out->by_outcome[OUTCOME_SUPPRESSED] = n[CLEAN_SUPPRESSED];
    char text[160];
    snprintf(text, sizeof text,
             "ok=%" PRIu64 " invalid=%" PRIu64 " duplicate=%" PRIu64
             " suppressed=%" PRIu64 " rows=%" PRIu64,
             n[CLEAN_OK], n[CLEAN_INVALID], n[CLEAN_DUPLICATE],
             n[CLEAN_SUPPRESSED], p->rows);
    observer->say(observer->context, SAY_INFO, text);
}

static int check(struct checking *c, const struct observer *observer,
                 struct tally *tally_out, struct err *err)
{
    if (!open_output(c, err)) {
        return err->status;
    }
    bool fine = read_list(c, err);
    if (c->plan.counted) {
        tell(&c->plan, observer, tally_out);
    }
    struct err late = {0};
    bool written = output_finish(&c->output, &late);
    buf_release(&c->fields);
    if (fine && !written) {
        *err = late;
    }
    if (!fine || !written) {
        return err->status;
    }
    return c->plan.by_status[CLEAN_INVALID] > 0 ? EX_NOUSER : EX_OK;
}

int mailing_check(const struct settings *settings,
                  const struct check_options *options,
                  const struct observer *observer, struct tally *tally_out,
                  struct err *err)
{
    struct checking c = {.options = options};
    *tally_out = (struct tally){0};
    if (!plan_open(&c.plan, settings, err)) {
        return err->status;
    }
    int status = check(&c, observer, tally_out, err);
    plan_close(&c.plan);
    return status;
}
