#include "record/metrics.h"

#include <sys/stat.h>

#include "record/replacement.h"

/* The label of a sample; backslash, quote and line end are escaped. */
static void append_mailing(struct buf *out, struct span mailing)
{
    buf_append(out, SPAN("{mailing=\""));
    for (size_t i = 0; i < mailing.len; i++) {
        char c = mailing.data[i];
        if (c == '\n') {
            buf_append(out, SPAN("\\n"));
            continue;
        }
        if (c == '\\' || c == '"') {
            buf_append_byte(out, '\\');
        }
        buf_append_byte(out, c);
    }
    buf_append_byte(out, '"');
}

static void head(struct buf *out, struct span name, struct span help)
{
    buf_append(out, SPAN("# HELP "));
    buf_append(out, name);
    buf_append_byte(out, ' ');
    buf_append(out, help);
    buf_append(out, SPAN("\n# TYPE "));
    buf_append(out, name);
    buf_append(out, SPAN(" gauge\n"));
}

static void sample(struct buf *out, const struct metrics *m, struct span name,
                   uint64_t value)
{
    buf_append(out, name);
    append_mailing(out, m->mailing);
    buf_append(out, SPAN("} "));
    buf_append_number(out, value);
    buf_append_byte(out, '\n');
}

static void append_outcomes(struct buf *out, const struct metrics *m)
{
    head(out, SPAN("mailshot_rows_settled"),
         SPAN("Rows by what became of them."));
    for (enum outcome o = 0; o < OUTCOMES; o++) {
        buf_append(out, SPAN("mailshot_rows_settled"));
        append_mailing(out, m->mailing);
        buf_append(out, SPAN(",status=\""));
        buf_append(out, span_of(outcome_name(o)));
        buf_append(out, SPAN("\"} "));
        buf_append_number(out, m->by_outcome[o]);
        buf_append_byte(out, '\n');
    }
}

static void append_all(struct buf *out, const struct metrics *m)
{
    const struct {
        struct span name, help;
        uint64_t value;
        bool absent;
    } gauges[] = {
        {SPAN("mailshot_rows"), SPAN("Rows of the list."), m->rows, false},
        {SPAN("mailshot_running"), SPAN("1 while the run goes on."),
         m->running ? 1 : 0, false},
        {SPAN("mailshot_sessions"), SPAN("Sessions open with relays."),
         m->sessions, false},
        {SPAN("mailshot_run_seconds"), SPAN("Since the first connection."),
         m->elapsed_ms / 1000, false},
        {SPAN("mailshot_updated_timestamp_seconds"),
         SPAN("When this was written."), (uint64_t)m->now_s, false},
        {SPAN("mailshot_exit_status"), SPAN("Of the run that ended."),
         (uint64_t)m->status, m->running},
    };
    for (size_t i = 0; i < sizeof gauges / sizeof gauges[0]; i++) {
        if (!gauges[i].absent) {
            head(out, gauges[i].name, gauges[i].help);
            sample(out, m, gauges[i].name, gauges[i].value);
        }
    }
    append_outcomes(out, m);
}

bool metrics_write(const char *path, const struct metrics *m, struct err *err)
{
    struct replacement file;
    if (!replacement_open(&file, path, err)) {
        return false;
    }
    if (file.target) {
        /* Another user's collector reads it, and it names nobody. */
        (void)fchmod(file.output.fd, 0644);
    }
    append_all(&file.output.gathered, m);
    return replacement_finish(&file, err);
}
