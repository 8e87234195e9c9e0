#include "list/csv_record.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"

static const uint32_t lines_max = UINT32_MAX - 1;

static void add_field(struct csv_record *r, struct span field)
{
    if (field.len > CSV_FIELD_BYTES_MAX && r->long_field == 0) {
        r->long_field = r->count + 1;
    }
    if (r->count < CSV_COLUMNS_MAX) {
        r->fields[r->count] = field;
    }
    r->count++;
}

/* libcsv's callbacks. Its buffer holds one field; where its copy lies is said
 * when the row is whole, for the copies may move until then. */
static void take_field(void *data, size_t len, void *record)
{
    struct csv_record *r = record;
    buf_append(&r->values, span_from(data, len));
    add_field(r, span_from(NULL, len));
}

static void take_row_end(int terminator, void *record)
{
    (void)terminator;
    struct csv_record *r = record;
    r->done = true;
}

static void place_fields(struct csv_record *r)
{
    assert(!r->values.overflowed);
    size_t from = 0;
    for (size_t i = 0; i < r->count && i < CSV_COLUMNS_MAX; i++) {
        size_t to = from + r->fields[i].len;
        r->fields[i] = span_slice(buf_span(&r->values), from, to);
        from = to;
    }
}

/* Blanks belong to the field: nothing is a space to libcsv. */
static int never_space(unsigned char c)
{
    (void)c;
    return 0;
}

static void *resize(void *old, size_t bytes)
{
    return mem_resize(old, bytes, 1);
}

static void start_parser(struct csv_record *r)
{
    csv_init(&r->parser, CSV_STRICT | CSV_STRICT_FINI);
    csv_set_delim(&r->parser, (unsigned char)r->delimiter);
    csv_set_space_func(&r->parser, never_space);
    csv_set_realloc_func(&r->parser, resize);
    csv_set_blk_size(&r->parser, 16 << 10);
}

const char *csv_record_name(const struct csv_record *r)
{
    return r->lines.spool.name;
}

struct span csv_record_raw(const struct csv_record *r)
{
    return csv_lines_kept(&r->lines);
}

static bool bad(const struct csv_record *r, uint32_t line, const char *text,
                struct err *err)
{
    err_set(err, EX_DATAERR, "%s:%" PRIu32 ": %s", csv_record_name(r), line,
            text);
    return false;
}

static bool parse_error(const struct csv_record *r, char at, struct err *err)
{
    if (at == '"') {
        return bad(r, r->line,
                   "a quote inside a field that does not begin with one; "
                   "quote the whole field and write the quote twice",
                   err);
    }
    if (r->open && r->quote_line != r->line) {
        err_set(err, EX_DATAERR,
                "%s:%" PRIu32 ": text behind a closing quote (the quoted field "
                "opens in line %" PRIu32 "; is its own closing quote "
                "missing?); a quote inside a quoted field is written twice",
                csv_record_name(r), r->line, r->quote_line);
        return false;
    }
    return bad(r, r->line,
               "text behind a closing quote; a quote inside a quoted field is "
               "written twice",
               err);
}

static bool unterminated(const struct csv_record *r, struct err *err)
{
    return bad(r, r->quote_line,
               "the quote that opens a field here is never closed", err);
}

static bool too_long(const struct csv_record *r, uint32_t line, struct err *err)
{
    if (r->open) {
        return bad(r, r->quote_line,
                   "the row is longer than 4 MiB; is the quote that opens a "
                   "field here never closed?",
                   err);
    }
    return bad(r, line, "the row is longer than 4 MiB", err);
}

/* The field that is open when a line ends was opened in this line, if a field
 * ended in it or the row began in it. */
static bool parse_line(struct csv_record *r, struct span line, struct err *err)
{
    size_t before = r->count;
    bool began = !r->open;
    size_t parsed =
        csv_parse(&r->parser, line.data, line.len, take_field, take_row_end, r);
    if (parsed < line.len || csv_error(&r->parser) != CSV_SUCCESS) {
        r->quote_line = began || r->count > before ? r->line : r->quote_line;
        assert(parsed < line.len);
        return parse_error(r, line.data[parsed], err);
    }
    if (began || r->count > before) {
        r->quote_line = r->line;
    }
    r->open = !r->done;
    if (r->done) {
        place_fields(r);
    }
    return true;
}

static size_t without_end(struct span line)
{
    size_t len = line.len;
    while (len > 0 &&
           (line.data[len - 1] == '\n' || line.data[len - 1] == '\r')) {
        len--;
    }
    return len;
}

/* A line without a quote, outside of any: its delimiters part its fields, and
 * they need not be copied. Nearly all lines of most lists are so. */
static void split_line(struct csv_record *r, struct span line)
{
    size_t len = 0;
    for (size_t from = 0; from <= line.len; from += len + 1) {
        struct span rest = span_rest(line, from);
        len = span_find(rest, r->delimiter);
        add_field(r, span_slice(rest, 0, len));
    }
    r->done = true;
}

static bool take_line(struct csv_record *r, struct span line, struct err *err)
{
    size_t len = without_end(line);
    if (r->line == lines_max) {
        return bad(r, r->line, "more lines than a list may have", err);
    }
    r->line++;
    if (len == 0 && !r->open) { /* an empty line is no row */
        csv_lines_keep(&r->lines);
        return true;
    }
    if (!r->open) {
        r->first_line = r->line;
    }
    if (span_find(line, '\0') < line.len) {
        return bad(
            r, r->line,
            "a NUL byte; a list is text (of a spreadsheet, what is saved as "
            "CSV)",
            err);
    }
    if (!r->open && span_find(line, '"') == line.len) {
        split_line(r, span_slice(line, 0, len));
    } else if (!parse_line(r, line, err)) {
        return false;
    }
    size_t most = CSV_ROW_BYTES_MAX + (line.len - len);
    return csv_lines_kept(&r->lines).len <= most ||
           too_long(r, r->first_line, err);
}

static bool finish(struct csv_record *r, struct err *err)
{
    if (csv_fini(&r->parser, take_field, take_row_end, r) != 0) {
        return unterminated(r, err);
    }
    assert(r->done);
    r->open = false;
    place_fields(r);
    return true;
}

enum csv_result csv_record_next(struct csv_record *r, struct err *err)
{
    r->count = 0;
    r->long_field = 0;
    r->done = false;
    buf_clear(&r->values);
    csv_lines_keep(&r->lines);
    while (!r->done) {
        struct span line;
        switch (csv_lines_next(&r->lines, &line, err)) {
        case CSV_LINES_LINE:
            if (!take_line(r, line, err)) {
                return CSV_RESULT_ERROR;
            }
            break;
        case CSV_LINES_END:
            if (!r->open) {
                return CSV_RESULT_END;
            }
            return finish(r, err) ? CSV_RESULT_ROW : CSV_RESULT_ERROR;
        case CSV_LINES_TOO_LONG:
            too_long(r, r->line + 1, err);
            return CSV_RESULT_ERROR;
        case CSV_LINES_ERROR:
            return CSV_RESULT_ERROR;
        }
    }
    return CSV_RESULT_ROW;
}

bool csv_record_open(struct csv_record *r, const char *path, struct err *err)
{
    *r = (struct csv_record){.delimiter = ','};
    buf_init(&r->values, 2 * CSV_ROW_BYTES_MAX);
    start_parser(r);
    return csv_lines_open(&r->lines, path, err);
}

void csv_record_close(struct csv_record *r)
{
    csv_free(&r->parser);
    csv_lines_close(&r->lines);
    buf_release(&r->values);
}

void csv_record_go(struct csv_record *r, uint64_t offset, uint32_t line)
{
    csv_lines_seek(&r->lines, offset);
    r->line = line;
    r->open = false;
    csv_free(&r->parser);
    start_parser(r);
}
