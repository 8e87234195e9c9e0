#include "record/report.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "record/csvline.h"
#include "record/moment.h"
#include "record/output.h"

struct report {
    struct output output;
    enum report_format format;
    bool headed;
    struct buf scratch; /* the field under way, for a terminal */
};

enum { SCRATCH_BYTES_MAX = 8 * 1024 * 1024 };

static const char header[] = "line,address,status,code,enhanced,scope,reply,"
                             "attempts,message_id,relay,tls,time\n";

struct report *report_open(const char *path, enum report_format format,
                           struct err *err)
{
    const char *name = strcmp(path, "-") == 0 ? "standard output" : path;
    int fd = output_descriptor(path);
    bool standing = fd != -2;
    if (!standing) {
        fd = output_create(path);
    }
    if (fd < 0) {
        output_not_made(name, err);
        return NULL;
    }
    struct report *r = mem_alloc_zero(1, sizeof *r);
    output_init(&r->output, fd, name);
    r->format = format;
    buf_init(&r->scratch, SCRATCH_BYTES_MAX);
    if (!standing && format == REPORT_CSV) {
        buf_append(&r->output.gathered, span_of(header));
        r->headed = true;
    }
    return r;
}

/* What is read on a terminal must not steer it. */
static struct span shown(struct report *r, struct span text)
{
    if (!r->output.terminal) {
        return text;
    }
    buf_clear(&r->scratch);
    utf8_append_printable(&r->scratch, text);
    return buf_span(&r->scratch);
}

static void csv_text(struct report *r, struct span text)
{
    buf_append_byte(&r->output.gathered, ',');
    csvline_field(&r->output.gathered, shown(r, text), ',');
}

static void write_csv(struct report *r, const struct report_row *row)
{
    struct buf *out = &r->output.gathered;
    char time[40];
    if (!r->headed) {
        buf_append(out, span_of(header));
        r->headed = true;
    }
    buf_append_number(out, row->line);
    csv_text(r, row->address);
    csv_text(r, span_of(outcome_name(row->status)));
    buf_append_byte(out, ',');
    if (row->code > 0) {
        buf_append_number(out, row->code);
    }
    csv_text(r, row->enhanced);
    csv_text(r, span_of(row->scope));
    csv_text(r, row->reply);
    buf_append_byte(out, ',');
    buf_append_number(out, row->attempts);
    csv_text(r, row->message_id);
    csv_text(r, row->relay);
    csv_text(r, row->tls);
    csv_text(r, moment_text(row->time_ms, time));
    buf_append_byte(out, '\n');
}

static void json_member(struct report *r, const char *name, struct span text)
{
    json_add_text(&r->output.gathered, name, shown(r, text));
}

static void write_jsonl(struct report *r, const struct report_row *row)
{
    struct buf *out = &r->output.gathered;
    char time[40];
    json_open(out);
    json_add_number(out, "line", row->line);
    json_member(r, "address", row->address);
    json_member(r, "status", span_of(outcome_name(row->status)));
    if (row->code > 0) {
        json_add_number(out, "code", row->code);
    } else {
        json_member(r, "code", SPAN(""));
    }
    json_member(r, "enhanced", row->enhanced);
    json_member(r, "scope", span_of(row->scope));
    json_member(r, "reply", row->reply);
    json_add_number(out, "attempts", row->attempts);
    json_member(r, "message_id", row->message_id);
    json_member(r, "relay", row->relay);
    json_member(r, "tls", row->tls);
    json_member(r, "time", moment_text(row->time_ms, time));
    json_close(out);
    buf_append_byte(out, '\n');
}

bool report_write(struct report *r, const struct report_row *row,
                  struct err *err)
{
    if (r->format == REPORT_CSV) {
        write_csv(r, row);
    } else {
        write_jsonl(r, row);
    }
    return output_turn(&r->output, err);
}

bool report_flush(struct report *r, struct err *err)
{
    return output_flush(&r->output, err);
}

bool report_close(struct report *r, struct err *err)
{
    if (!r) {
        return true;
    }
    bool whole = output_finish(&r->output, err);
    buf_release(&r->scratch);
    free(r);
    return whole;
}
