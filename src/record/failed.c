#include "record/failed.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/reserved.h"
#include "record/csvline.h"
#include "record/replacement.h"

struct failed {
    struct replacement file;
    char delimiter;
    char line_end[2]; /* as the header or the first row ended */
    size_t line_end_len;
    size_t replaced[RESERVED_COLUMNS]; /* columns of the list that are ours */
    size_t replaced_count;
};

/* Line ends in front (of empty lines, which are no rows) and the one behind
 * are no part of the fields. */
static struct span without_line_end(struct span raw, struct span *end_out)
{
    while (raw.len > 0 && (raw.data[0] == '\r' || raw.data[0] == '\n')) {
        raw = span_rest(raw, 1);
    }
    size_t len = raw.len;
    if (len > 0 && raw.data[len - 1] == '\n') {
        len--;
    }
    if (len > 0 && raw.data[len - 1] == '\r') {
        len--;
    }
    *end_out = span_rest(raw, len);
    return span_slice(raw, 0, len);
}

static void keep_line_end(struct failed *f, struct span end)
{
    if (f->line_end_len == 0 && end.len > 0) {
        memcpy(f->line_end, end.data, end.len);
        f->line_end_len = end.len;
    }
}

static struct span line_end_of(const struct failed *f, struct span own)
{
    if (own.len > 0) {
        return own;
    }
    return f->line_end_len > 0 ? span_from(f->line_end, f->line_end_len)
                               : SPAN("\n");
}

/* Where the raw field that begins at `at` ends. The list room has seen to it
 * that quotes are sound. */
static size_t field_end(struct span row, size_t at, char delimiter)
{
    bool quoted = false;
    for (size_t i = at; i < row.len; i++) {
        if (row.data[i] == '"') {
            quoted = !quoted;
        } else if (row.data[i] == delimiter && !quoted) {
            return i;
        }
    }
    return row.len;
}

static bool ours(struct span name)
{
    for (size_t i = 0; i < RESERVED_COLUMNS; i++) {
        if (span_equal(name, reserved_columns[i])) {
            return true;
        }
    }
    return false;
}

static void find_ours(struct failed *f, const struct failed_list *list)
{
    for (size_t i = 0; i < list->columns; i++) {
        if (f->replaced_count < RESERVED_COLUMNS && ours(list->names[i])) {
            f->replaced[f->replaced_count++] = i;
        }
    }
}

static bool is_replaced(const struct failed *f, size_t column)
{
    for (size_t i = 0; i < f->replaced_count; i++) {
        if (f->replaced[i] == column) {
            return true;
        }
    }
    return false;
}

/* The row's fields as they stood, but for those that are ours, each with a
 * delimiter behind. */
static void append_kept(struct failed *f, struct span row)
{
    struct buf *out = &f->file.output.gathered;
    if (f->replaced_count == 0) {
        buf_append(out, row);
        buf_append_byte(out, f->delimiter);
        return;
    }
    size_t column = 0;
    for (size_t at = 0; at <= row.len; column++) {
        size_t end = field_end(row, at, f->delimiter);
        if (!is_replaced(f, column)) {
            buf_append(out, span_slice(row, at, end));
            buf_append_byte(out, f->delimiter);
        }
        at = end + 1;
    }
}

static void append_ours(struct failed *f,
                        const struct span fields[RESERVED_COLUMNS])
{
    struct buf *out = &f->file.output.gathered;
    for (size_t i = 0; i < RESERVED_COLUMNS; i++) {
        if (i > 0) {
            buf_append_byte(out, f->delimiter);
        }
        csvline_field(out, fields[i], f->delimiter);
    }
}

static void write_header(struct failed *f, struct span header)
{
    struct span end;
    struct span row = without_line_end(header, &end);
    keep_line_end(f, end);
    append_kept(f, row);
    append_ours(f, reserved_columns);
    buf_append(&f->file.output.gathered, line_end_of(f, end));
}

struct failed *failed_open(const char *path, const struct failed_list *list,
                           struct err *err)
{
    struct failed *f = mem_alloc_zero(1, sizeof *f);
    f->delimiter = list->delimiter ? list->delimiter : ',';
    if (!replacement_open(&f->file, path, err)) {
        free(f);
        return NULL;
    }
    find_ours(f, list);
    buf_append(&f->file.output.gathered, list->preamble);
    if (list->header.len > 0) {
        write_header(f, list->header);
    }
    return f;
}

bool failed_write(struct failed *f, const struct failed_row *row,
                  struct err *err)
{
    char code[12];
    int code_len = snprintf(code, sizeof code, "%u", row->code);
    assert(code_len > 0 && (size_t)code_len < sizeof code);
    const struct span fields[RESERVED_COLUMNS] = {
        span_of(outcome_name(row->status)),
        span_from(code, row->code > 0 ? (size_t)code_len : 0),
        row->enhanced,
        row->reason,
    };
    struct span end;
    struct span raw = without_line_end(row->raw, &end);
    keep_line_end(f, end);
    append_kept(f, raw);
    append_ours(f, fields);
    buf_append(&f->file.output.gathered, line_end_of(f, end));
    return output_turn(&f->file.output, err);
}

bool failed_close(struct failed *f, struct err *err)
{
    if (!f) {
        return true;
    }
    bool whole = replacement_finish(&f->file, err);
    free(f);
    return whole;
}

void failed_abandon(struct failed *f)
{
    if (f) {
        replacement_abandon(&f->file);
        free(f);
    }
}
