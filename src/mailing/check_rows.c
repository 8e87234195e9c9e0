#include "mailing/check_rows.h"

#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "base/reserved.h"
#include "base/utf8.h"
#include "record/csvline.h"

enum { FIELDS_BYTES_MAX = 16 * 1024 * 1024, SHOWN_BYTES_MAX = 320 };

static void append_fields(const struct check_rows *c, const struct csv_row *row,
                          struct buf *out)
{
    const struct span *names;
    size_t count = csv_reader_columns(c->plan->reader, &names);
    json_open(out);
    for (size_t i = 0; i < count; i++) {
        if (!reserved(names[i])) {
            json_name_span(out, names[i]);
            json_text(out, row->fields[i]);
        }
    }
    json_close(out);
}

/* For a person: what is longer is no address, and would fill the screen. It is
 * cut between characters. */
static void append_shown(struct buf *out, struct span text)
{
    size_t len = text.len < SHOWN_BYTES_MAX ? text.len : SHOWN_BYTES_MAX;
    while (len > 0 && len < text.len && (text.data[len] & 0xc0) == 0x80) {
        len--;
    }
    utf8_append_printable(out, span_slice(text, 0, len));
    buf_append(out, len < text.len ? SPAN("...") : SPAN(""));
}

static void append_text(struct check_rows *c, const struct plan_row *row)
{
    struct buf *out = &c->output.gathered;
    const struct clean_verdict *v = &row->verdict;
    if (v->status == CLEAN_OK) {
        return;
    }
    utf8_append_printable(out, span_of(csv_reader_name(c->plan->reader)));
    buf_append_byte(out, ':');
    buf_append_number(out, row->csv.line);
    buf_append(out, SPAN(": "));
    buf_append(out, span_of(clean_status_name(v->status)));
    buf_append(out, SPAN(": "));
    utf8_append_printable(out, row->reason);
    if (v->text.len > 0) {
        buf_append(out, SPAN(" ("));
        append_shown(out, v->text);
        buf_append_byte(out, ')');
    }
    buf_append_byte(out, '\n');
}

static void append_csv(struct check_rows *c, const struct plan_row *row)
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

static void append_jsonl(struct check_rows *c, const struct plan_row *row)
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

bool check_rows_open(struct check_rows *c, const struct plan *plan,
                     const struct check_options *options, struct err *err)
{
    *c = (struct check_rows){.plan = plan, .options = options};
    const char *path = options->clean_to_stdout ? "/dev/stderr" : "-";
    const char *name = options->clean_to_stdout ? "stderr" : "stdout";
    int descriptor = output_descriptor(path);
    if (descriptor < 0) {
        err_set(err, EX_IOERR, "%s: %s", name, strerror(errno));
        return false;
    }
    output_init(&c->output, descriptor, name);
    c->output.synced = false;
    c->output.waits = false;
    buf_init(&c->fields, FIELDS_BYTES_MAX);
    if (options->format == CHECK_CSV) {
        buf_append(&c->output.gathered,
                   SPAN("row,line,address,ascii_domain,status,reason"));
        buf_append(&c->output.gathered,
                   options->fields ? SPAN(",fields\n") : SPAN("\n"));
    }
    return true;
}

bool check_rows_write(struct check_rows *c, const struct plan_row *row,
                      struct err *err)
{
    static void (*const append[])(struct check_rows *,
                                  const struct plan_row *) = {
        [CHECK_TEXT] = append_text,
        [CHECK_CSV] = append_csv,
        [CHECK_JSONL] = append_jsonl,
    };
    append[c->options->format](c, row);
    return output_turn(&c->output, err);
}

bool check_rows_close(struct check_rows *c, struct err *err)
{
    buf_release(&c->fields);
    return output_finish(&c->output, err);
}
