/* Whatever the bytes: raw rows lie one behind the other in the file, with
 * nothing but line ends between them; a plain reader of RFC 4180 finds the
 * same fields in them; and a second reading is like the first.
 *
 * The first byte chooses the dialect. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "list/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool truth)
{
    if (!truth) {
        abort();
    }
}

static const char *path_of(struct span bytes)
{
    static int descriptor = -1;
    static char path[40];
    if (descriptor < 0) {
        descriptor = memfd_create("list", MFD_CLOEXEC);
        must(descriptor >= 0);
        snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    }
    must(ftruncate(descriptor, 0) == 0);
    must(pwrite(descriptor, bytes.data, bytes.len, 0) == (ssize_t)bytes.len);
    return path;
}

/* Appends the field at the start of *rest and cuts it off with its delimiter;
 * false where no delimiter follows. */
static bool take_field(struct span *rest, char delimiter, struct buf *field)
{
    bool quoted = rest->len > 0 && rest->data[0] == '"';
    size_t i = quoted ? 1 : 0;
    for (; i < rest->len; i++) {
        char c = rest->data[i];
        if (quoted && c == '"') {
            if (i + 1 == rest->len || rest->data[i + 1] != '"') {
                i++;
                break;
            }
            i++;
        } else if (!quoted && (c == delimiter || c == '\r' || c == '\n')) {
            break;
        }
        buf_append_byte(field, c);
    }
    bool more = i < rest->len && rest->data[i] == delimiter;
    *rest = span_rest(*rest, more ? i + 1 : i);
    return more;
}

static void check_row(const struct csv_row *row, size_t columns, char delimiter)
{
    struct span rest = row->raw;
    bool more = true;
    for (size_t i = 0; i < columns; i++) {
        struct buf field;
        buf_init(&field, 1 << 23);
        must(more);
        more = take_field(&rest, delimiter, &field);
        must(span_equal(buf_span(&field), row->fields[i]));
        buf_release(&field);
    }
    must(!more);
    must(rest.len <= 2);
    for (size_t i = 0; i < rest.len; i++) {
        must(rest.data[i] == '\r' || rest.data[i] == '\n');
    }
}

/* Where `raw` stands in the file behind `from`; only line ends are passed. */
static size_t pass_to(struct span bytes, size_t from, struct span raw)
{
    while (!span_starts(span_rest(bytes, from), raw)) {
        must(bytes.data[from] == '\r' || bytes.data[from] == '\n');
        from++;
    }
    return from + raw.len;
}

static uint32_t read_all(struct csv_reader *r, struct span bytes,
                         struct err *err)
{
    const struct span *names;
    size_t columns = csv_reader_columns(r, &names);
    must(columns >= 1 && columns <= 1024);
    must(span_starts(bytes, csv_reader_preamble(r)));
    size_t at = csv_reader_preamble(r).len;
    if (csv_reader_header(r).len > 0) {
        at = pass_to(bytes, at, csv_reader_header(r));
    }
    struct csv_row row;
    uint32_t rows = 0;
    uint32_t line = 0;
    enum csv_result result;
    while ((result = csv_reader_next(r, &row, err)) == CSV_RESULT_ROW) {
        must(row.number == ++rows && row.line > line);
        line = row.line;
        check_row(&row, columns, csv_reader_delimiter(r));
        at = pass_to(bytes, at, row.raw);
    }
    must((result == CSV_RESULT_ERROR) == (err->status == EX_DATAERR));
    while (result == CSV_RESULT_END && at < bytes.len) {
        must(bytes.data[at] == '\r' || bytes.data[at] == '\n');
        at++;
    }
    return rows;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char delimiters[4] = {'\0', ',', ';', '\t'};
    struct span bytes = span_from((const char *)data, size);
    if (size == 0) {
        return 0;
    }
    struct csv_dialect dialect = {.delimiter = delimiters[data[0] % 4],
                                  .header = data[0] % 8 < 4};
    bytes = span_rest(bytes, 1);
    struct err err = {0};
    struct csv_reader *r = csv_reader_open(path_of(bytes), &dialect, &err);
    if (!r) {
        must(err.status == EX_DATAERR && err.text[0] != '\0');
        return 0;
    }
    uint32_t rows = read_all(r, bytes, &err);
    struct err again = {0};
    must(csv_reader_rewind(r, &again));
    must(read_all(r, bytes, &again) == rows);
    must(strcmp(err.text, again.text) == 0);
    csv_reader_close(r);
    return 0;
}
