#include "list/csv.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/reserved.h"
#include "base/utf8.h"
#include "list/address.h"
#include "list/csv_record.h"
#include "list/dialect.h"
#include "list/returned.h"

enum {
    CHECK_ROWS = 256, /* the file is looked at for changes after so many */
    SHOWN_BYTES_MAX = 80,
};

struct csv_reader {
    struct csv_record record;
    uint32_t number; /* rows given */

    bool header_row;
    const char *no_names_hint;
    char preamble[12]; /* a BOM and `sep=C` with its line end, at the most */
    size_t preamble_len;
    struct buf header; /* as it stood */
    uint32_t first_line;
    struct buf names_text;
    struct span names[CSV_COLUMNS_MAX];
    size_t columns; /* 0: not known yet */

    uint64_t rows_offset; /* the rows begin here */
    uint32_t rows_line;   /* lines before them */

    struct err failed; /* status 0: not */
};

static const char *name_of(const struct csv_reader *r)
{
    return csv_record_name(&r->record);
}

static bool check_record(const struct csv_reader *r, struct err *err)
{
    if (r->record.long_field > 0) {
        err_set(err, EX_DATAERR,
                "%s:%" PRIu32 ": field %zu is longer than 1 MiB", name_of(r),
                r->record.first_line, r->record.long_field);
        return false;
    }
    if (r->columns == 0 && r->record.count > CSV_COLUMNS_MAX) {
        err_set(err, EX_DATAERR, "%s:%" PRIu32 ": more than 1,024 columns",
                name_of(r), r->record.first_line);
        return false;
    }
    if (r->columns == 0 || r->record.count == r->columns) {
        return true;
    }
    bool more = r->record.count > r->columns;
    const char *delimiter = r->record.delimiter == '\t'
                                ? "TAB"
                                : (char[]){r->record.delimiter, '\0'};
    err_set(err, EX_DATAERR,
            "%s:%" PRIu32 ": %zu field%s, but the %s has %zu; %s (%s)%s must "
            "be quoted",
            name_of(r), r->record.first_line, r->record.count,
            r->record.count == 1 ? "" : "s",
            r->header_row ? "header" : "first row", r->columns,
            more ? "a field that holds the delimiter" : "the delimiter is",
            delimiter, more ? "" : ", and a field that holds a line end");
    return false;
}

enum csv_result csv_reader_next(struct csv_reader *r, struct csv_row *row,
                                struct err *err)
{
    if (r->failed.status != 0) {
        *err = r->failed;
        return CSV_RESULT_ERROR;
    }
    enum csv_result result = csv_record_next(&r->record, err);
    bool check = r->number % CHECK_ROWS == 0;
    if (result == CSV_RESULT_ROW &&
        ((check && !spool_unchanged(&r->record.lines.spool, err)) ||
         !check_record(r, err))) {
        result = CSV_RESULT_ERROR;
    }
    if (result == CSV_RESULT_ERROR) {
        r->failed = *err;
    }
    if (result == CSV_RESULT_ROW) {
        r->number++;
        *row = (struct csv_row){.number = r->number,
                                .line = r->record.first_line,
                                .fields = r->record.fields,
                                .raw = csv_record_raw(&r->record)};
    }
    return result;
}

static void go_to_rows(struct csv_reader *r)
{
    csv_record_go(&r->record, r->rows_offset, r->rows_line);
    r->number = 0;
    r->failed.status = 0;
}

bool csv_reader_rewind(struct csv_reader *r, struct err *err)
{
    go_to_rows(r);
    return spool_unchanged(&r->record.lines.spool, err);
}

static bool bad_encoding(const struct csv_reader *r, const char *encoding,
                         struct err *err)
{
    err_set(err, EX_DATAERR,
            "%s:1: the list is in %s, not in UTF-8; convert it: iconv -f %s "
            "-t UTF-8",
            name_of(r), encoding, encoding);
    return false;
}

/* The last thing that is tried of a name: what it says helps most. */
static bool bad_name(const struct csv_reader *r, size_t index, const char *what,
                     struct err *err)
{
    struct span name = r->names[index];
    err_set(err, EX_DATAERR, "%s:%" PRIu32 ": column %zu, \"%.*s\": %s",
            name_of(r), r->record.first_line, index + 1,
            (int)(name.len > SHOWN_BYTES_MAX ? SHOWN_BYTES_MAX : name.len),
            name.data, what);
    return false;
}

static bool check_name(const struct csv_reader *r, size_t index,
                       struct err *err)
{
    struct span name = r->names[index];
    if (name.len == 0) {
        return bad_name(r, index, "a column needs a name", err);
    }
    if (span_starts(name, SPAN("\xef\xbb\xbf"))) {
        return bad_name(r, index,
                        "an invisible character (a second byte order mark?) "
                        "is before the name",
                        err);
    }
    for (size_t i = 0; i < index && !reserved(name); i++) {
        if (span_equal(r->names[i], name)) {
            return bad_name(r, index, "two columns have this name", err);
        }
    }
    return true;
}

/* Addresses first: then it is no header at all, and its other faults are
 * none. */
static bool check_names(const struct csv_reader *r, struct err *err)
{
    struct address ignored;
    for (size_t i = 0; i < r->columns; i++) {
        if (!utf8_valid(r->names[i])) {
            err_set(err, EX_DATAERR,
                    "%s:%" PRIu32 ": a column name is not UTF-8; if the list "
                    "is in windows-1252, convert it: iconv -f WINDOWS-1252 -t "
                    "UTF-8",
                    name_of(r), r->record.first_line);
            return false;
        }
        if (address_parse(r->names[i], &ignored) == ADDRESS_FINE) {
            return bad_name(r, i,
                            r->no_names_hint
                                ? r->no_names_hint
                                : "an address where column names are "
                                  "expected; if the list has no header, say "
                                  "--no-header",
                            err);
        }
    }
    for (size_t i = 0; i < r->columns; i++) {
        if (!check_name(r, i, err)) {
            return false;
        }
    }
    return true;
}

/* Names are kept apart from the row, one after the other. */
static void copy_names(struct csv_reader *r)
{
    buf_append(&r->header, csv_record_raw(&r->record));
    for (size_t i = 0; i < r->record.count; i++) {
        buf_append(&r->names_text, span_trim(r->record.fields[i]));
    }
    size_t from = 0;
    for (size_t i = 0; i < r->record.count; i++) {
        size_t len = span_trim(r->record.fields[i]).len;
        r->names[i] = span_slice(buf_span(&r->names_text), from, from + len);
        from += len;
    }
    r->columns = r->record.count;
}

/* But for the columns that --failed put behind the others. */
static void number_names(struct csv_reader *r)
{
    size_t count = r->record.count;
    size_t numbered =
        returned(r->record.fields, count) ? count - RESERVED_COLUMNS : count;
    for (size_t i = 0; i < count; i++) {
        size_t start = r->names_text.len;
        if (i < numbered) {
            buf_append_number(&r->names_text, i + 1);
        } else {
            buf_append(&r->names_text, reserved_columns[i - numbered]);
        }
        r->names[i].len = r->names_text.len - start;
    }
    size_t from = 0;
    for (size_t i = 0; i < r->record.count; i++) {
        r->names[i].data = r->names_text.data + from;
        from += r->names[i].len;
    }
    r->columns = r->record.count;
}

static bool read_header(struct csv_reader *r, struct err *err)
{
    r->rows_offset = csv_lines_offset(&r->record.lines);
    r->rows_line = r->record.line;
    switch (csv_record_next(&r->record, err)) {
    case CSV_RESULT_ROW:
        break;
    case CSV_RESULT_END:
        err_set(err, EX_DATAERR, "%s: the list is empty: no %s", name_of(r),
                r->header_row ? "header" : "row");
        return false;
    case CSV_RESULT_ERROR:
        return false;
    }
    if (!check_record(r, err)) {
        return false;
    }
    r->first_line = r->record.first_line;
    if (!r->header_row) {
        number_names(r);
        return true;
    }
    copy_names(r);
    r->rows_offset = csv_lines_offset(&r->record.lines);
    r->rows_line = r->record.line;
    return check_names(r, err);
}

static bool set_delimiter(struct csv_reader *r, char wanted, struct err *err)
{
    static const char structural[] = {'"', '\r', '\n'};
    if (memchr(structural, wanted, sizeof structural) ||
        (unsigned char)wanted >= 0x80) {
        err_set(err, EX_USAGE,
                "%s: no delimiter: a quote, a line end or half "
                "a character",
                name_of(r));
        return false;
    }
    r->record.delimiter = wanted;
    return true;
}

/* What is said of the delimiter, by the user or the file itself, is not
 * guessed. */
static bool start(struct csv_reader *r, char delimiter, struct err *err)
{
    struct span ahead;
    if (!csv_lines_peek(&r->record.lines, &ahead, err)) {
        return false;
    }
    const char *wrong = dialect_wrong_encoding(ahead);
    if (wrong) {
        return bad_encoding(r, wrong, err);
    }
    char said = '\0';
    size_t before = dialect_bom_bytes(ahead);
    size_t sep_line = dialect_sep_line(span_rest(ahead, before), &said);
    before += sep_line;
    assert(before <= sizeof r->preamble);
    memcpy(r->preamble, ahead.data, before);
    r->preamble_len = before;
    delimiter = delimiter ? delimiter : said;
    if (!delimiter) {
        delimiter = dialect_find_delimiter(span_rest(ahead, before));
    }
    if (!set_delimiter(r, delimiter, err)) {
        return false;
    }
    csv_record_go(&r->record, before, sep_line > 0 ? 1 : 0);
    if (!read_header(r, err)) {
        return false;
    }
    go_to_rows(r);
    return true;
}

struct csv_reader *csv_reader_open(const char *path,
                                   const struct csv_dialect *dialect,
                                   struct err *err)
{
    struct csv_reader *r = mem_alloc_zero(1, sizeof *r);
    r->header_row = dialect->header;
    r->no_names_hint = dialect->no_names_hint;
    buf_init(&r->header, 2 * CSV_ROW_BYTES_MAX);
    buf_init(&r->names_text, 2 * CSV_ROW_BYTES_MAX);
    if (csv_record_open(&r->record, path, err) &&
        start(r, dialect->delimiter, err)) {
        return r;
    }
    csv_reader_close(r);
    return NULL;
}

void csv_reader_close(struct csv_reader *r)
{
    if (!r) {
        return;
    }
    csv_record_close(&r->record);
    buf_release(&r->header);
    buf_release(&r->names_text);
    free(r);
}

const char *csv_reader_name(const struct csv_reader *r)
{
    return name_of(r);
}

char csv_reader_delimiter(const struct csv_reader *r)
{
    return r->record.delimiter;
}

size_t csv_reader_columns(const struct csv_reader *r,
                          const struct span **names_out)
{
    *names_out = r->names;
    return r->columns;
}

struct span csv_reader_header(const struct csv_reader *r)
{
    return buf_span(&r->header);
}

struct span csv_reader_preamble(const struct csv_reader *r)
{
    return span_from(r->preamble, r->preamble_len);
}

uint32_t csv_reader_first_line(const struct csv_reader *r)
{
    return r->first_line;
}
