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
    int64_t time_ms;    /* of the last row: hundreds have the same */
    struct span time;   /* in its text */
    char time_text[40];
};

enum { SCRATCH_BYTES_MAX = 8 * 1024 * 1024 };

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

static struct span time_of(struct report *r, int64_t time_ms)
{
    if (r->time_ms != time_ms) {
        r->time_ms = time_ms;
        r->time = moment_text(time_ms, r->time_text);
    }
    return r->time;
}

/* A number, or a text. */
struct field {
    const char *name;
    struct span text;
    uint64_t number;
    bool numeric;
};

static struct field number(const char *name, uint64_t value)
{
    return (struct field){.name = name, .number = value, .numeric = true};
}

static struct field text(const char *name, struct span value)
{
    return (struct field){.name = name, .text = value};
}

static void each_field(struct report *r, const struct report_row *row,
                       void (*write)(struct report *r, const struct field *f))
{
    const struct field fields[] = {
        number("line", row->line),
        text("address", row->address),
        text("status", span_of(outcome_name(row->status))),
        row->code > 0 ? number("code", row->code) : text("code", SPAN("")),
        text("enhanced", row->enhanced),
        text("scope", span_of(row->scope)),
        text("reply", row->reply),
        number("attempts", row->attempts),
        text("message_id", row->message_id),
        text("relay", row->relay),
        text("tls", row->tls),
        text("time", time_of(r, row->time_ms)),
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        write(r, &fields[i]);
    }
}

static void write_csv_name(struct report *r, const struct field *f)
{
    buf_append(&r->output.gathered, span_of(f->name));
    buf_append_byte(&r->output.gathered, ',');
}

static void write_csv(struct report *r, const struct field *f)
{
    struct buf *out = &r->output.gathered;
    if (f->numeric) {
        buf_append_number(out, f->number);
    } else {
        csvline_field(out, shown(r, f->text), ',');
    }
    buf_append_byte(out, ',');
}

static void write_json(struct report *r, const struct field *f)
{
    if (f->numeric) {
        json_add_number(&r->output.gathered, f->name, f->number);
    } else {
        json_add_text(&r->output.gathered, f->name, shown(r, f->text));
    }
}

/* In place of the last comma. */
static void end_csv_line(struct buf *out)
{
    buf_truncate(out, out->len - 1);
    buf_append_byte(out, '\n');
}

static void write_header(struct report *r)
{
    each_field(r, &(struct report_row){.line = 0}, write_csv_name);
    end_csv_line(&r->output.gathered);
    r->headed = true;
}

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
        write_header(r);
    }
    return r;
}

bool report_write(struct report *r, const struct report_row *row,
                  struct err *err)
{
    struct buf *out = &r->output.gathered;
    if (r->format == REPORT_JSONL) {
        json_open(out);
        each_field(r, row, write_json);
        json_close(out);
        buf_append_byte(out, '\n');
    } else {
        if (!r->headed) {
            write_header(r);
        }
        each_field(r, row, write_csv);
        end_csv_line(out);
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
