/* list/csv: long lists, what is no regular file, and files that change. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/buf.h"
#include "list/csv.h"
#include "unit/list_file.h"

/* Where a block of the file ends must not be seen: lines of all lengths round
 * the size of the window, with each kind of line end. */
static void sees_no_block_boundaries(void **state)
{
    (void)state;
    static const char *const ends[] = {"\n", "\r\n", "\r"};
    for (size_t kind = 0; kind < 3; kind++) {
        struct buf bytes;
        buf_init(&bytes, 64 << 20);
        buf_append_format(&bytes, "n,text%s", ends[kind]);
        for (unsigned i = 0; i < 6000; i++) {
            buf_append_format(&bytes, "%u,\"%0*u\"\"%s\"%s", i, (int)(i % 97),
                              i, i % 7 ? "" : ends[kind], ends[kind]);
        }
        size_t filler = (128 << 10) * 3 / 2;
        buf_append_format(&bytes, "6000,%0*u%s", (int)filler, 1, ends[kind]);
        buf_append_format(&bytes, "6001,x");
        struct file f = file_of(buf_span(&bytes));
        struct csv_dialect dialect = {.delimiter = 0, .header = true};
        struct err err = {0};
        struct csv_reader *r = csv_reader_open(f.path, &dialect, &err);
        assert_non_null(r);
        struct csv_row row;
        unsigned i = 0;
        uint32_t line = 2;
        size_t raw = csv_reader_header(r).len;
        for (; csv_reader_next(r, &row, &err) == CSV_RESULT_ROW; i++) {
            char number[12];
            snprintf(number, sizeof number, "%u", i);
            assert_true(span_equal(row.fields[0], span_of(number)));
            assert_int_equal(row.line, line);
            line += i % 7 || i >= 6000 ? 1 : 2;
            raw += row.raw.len;
        }
        assert_int_equal(err.status, 0);
        assert_int_equal(i, 6002);
        assert_int_equal(raw, bytes.len);
        csv_reader_close(r);
        close(f.descriptor);
        buf_release(&bytes);
    }
}

static struct err error_of(struct span bytes)
{
    struct file f = file_of(bytes);
    struct csv_dialect dialect = {.delimiter = 0, .header = true};
    struct err err = {0};
    struct csv_reader *r = csv_reader_open(f.path, &dialect, &err);
    struct csv_row row;
    while (r && csv_reader_next(r, &row, &err) == CSV_RESULT_ROW) {
    }
    csv_reader_close(r);
    close(f.descriptor);
    return err;
}

static void append_many(struct buf *b, char c, size_t count)
{
    char *to = buf_reserve(b, count);
    assert_non_null(to);
    memset(to, c, count);
    buf_commit(b, count);
}

static void has_ceilings(void **state)
{
    (void)state;
    enum { MIB = 1 << 20 };
    static const struct {
        const char *before;
        char filler;
        size_t count;
        const char *behind;
        const char *says; /* NULL: fine */
    } cases[] = {
        {"a\n", 'x', MIB, "\n", NULL},
        {"a\n", 'x', MIB + 1, "\n", ":2: field 1 is longer than 1 MiB"},
        {"a\n\"", 'x', MIB, "\"\n", NULL},
        {"a\n\"", 'x', MIB + 1, "\"\n", ":2: field 1 is longer"},
        {"a\n", 'x', 4 * MIB + 1, "\n", ":2: the row is longer than 4 MiB"},
        {"a\n1\n", 'x', 9 * MIB, "", ":3: the row is longer than 4 MiB"},
        {"a\n1\n2\n\"", '\n', 5 * MIB, "\"\n", ":4: the row is longer"},
        {"a\n\"", '\n', MIB / 2, "\"\n", NULL},
        {"a\n", '\n', 5 * MIB, "1\n", NULL},
        {"a\n", '\r', 5 * MIB, "1\n", NULL},
        {"a\n\"", '"', 2 * MIB, "\"\n", NULL},
        {"a\n", ',', 2 * MIB, "\n", ":2: 2097153 fields"},
        {"", 'x', 9 * MIB, "", ":1: the row is longer than 4 MiB"},
        {"\"", 'x', 9 * MIB, "", ":1: the row is longer than 4 MiB"},
        {"a", ',', 1024, "b\n", ":1: more than 1,024 columns"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf bytes;
        buf_init(&bytes, 64 << 20);
        buf_append(&bytes, span_of(cases[i].before));
        append_many(&bytes, cases[i].filler, cases[i].count);
        buf_append(&bytes, span_of(cases[i].behind));
        struct err err = error_of(buf_span(&bytes));
        if (cases[i].says) {
            assert_int_equal(err.status, EX_DATAERR);
            assert_non_null(strstr(err.text, cases[i].says));
        } else {
            assert_string_equal(err.text, "");
        }
        buf_release(&bytes);
    }
}

static void refuses_what_cannot_be_read(void **state)
{
    (void)state;
    struct csv_dialect dialect = {.delimiter = 0, .header = true};
    struct err err = {0};
    assert_null(csv_reader_open("/nowhere/list.csv", &dialect, &err));
    assert_int_equal(err.status, EX_NOINPUT);
    assert_non_null(strstr(err.text, "/nowhere/list.csv: "));
    assert_null(csv_reader_open("/", &dialect, &err));
    assert_int_equal(err.status, EX_NOINPUT);
    assert_non_null(strstr(err.text, "directory"));
    struct file f = file_of(SPAN("a,b\n"));
    for (size_t i = 0; i < 4; i++) {
        dialect.delimiter = "\"\r\n\xe9"[i];
        assert_null(csv_reader_open(f.path, &dialect, &err));
        assert_int_equal(err.status, EX_USAGE);
    }
    close(f.descriptor);
}

/* A writer that takes its time, through a FIFO and through stdin. */
static void write_slowly(int to)
{
    static const char *const parts[] = {"a,", "b\n1,\"", "2", "\n\"\n3,4"};
    for (size_t i = 0; i < 4; i++) {
        usleep(2000);
        if (write(to, parts[i], strlen(parts[i])) < 0) {
            _exit(1);
        }
    }
    _exit(0);
}

static void read_piped(struct csv_reader *r)
{
    struct err err = {0};
    for (int reading = 0; reading < 2; reading++) {
        struct csv_row row;
        assert_int_equal(csv_reader_next(r, &row, &err), CSV_RESULT_ROW);
        assert_true(span_equal(row.raw, SPAN("1,\"2\n\"\n")));
        assert_int_equal(row.line, 2);
        assert_int_equal(csv_reader_next(r, &row, &err), CSV_RESULT_ROW);
        assert_true(span_equal(row.raw, SPAN("3,4")));
        assert_int_equal(row.line, 4);
        assert_int_equal(csv_reader_next(r, &row, &err), CSV_RESULT_END);
        assert_true(csv_reader_rewind(r, &err));
    }
}

static void reads_twice_what_comes_once(void **state)
{
    (void)state;
    for (int by_name = 0; by_name < 2; by_name++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        if (child == 0) {
            write_slowly(ends[1]);
        }
        close(ends[1]);
        int saved = dup(STDIN_FILENO);
        assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
        struct csv_dialect dialect = {.delimiter = 0, .header = true};
        struct err err = {0};
        struct csv_reader *r =
            csv_reader_open(by_name ? "/dev/fd/0" : "-", &dialect, &err);
        assert_non_null(r);
        dup2(saved, STDIN_FILENO);
        close(saved);
        close(ends[0]);
        assert_string_equal(csv_reader_name(r),
                            by_name ? "/dev/fd/0" : "stdin");
        read_piped(r);
        csv_reader_close(r);
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
    }
}

static void says_where_a_copy_cannot_be_kept(void **state)
{
    (void)state;
    char *old = getenv("TMPDIR") ? strdup(getenv("TMPDIR")) : NULL;
    setenv("TMPDIR", "/nowhere", 1);
    struct csv_dialect dialect = {.delimiter = 0, .header = true};
    struct err err = {0};
    assert_null(csv_reader_open("/dev/null", &dialect, &err));
    assert_int_equal(err.status, EX_CANTCREAT);
    assert_non_null(strstr(err.text, "/nowhere"));
    if (old) {
        setenv("TMPDIR", old, 1);
    } else {
        unsetenv("TMPDIR");
    }
    free(old);
    assert_null(csv_reader_open("/dev/null", &dialect, &err));
    assert_int_equal(err.status, EX_DATAERR);
}

static void notices_a_change(void **state)
{
    (void)state;
    for (int when = 0; when < 3; when++) {
        struct file f = file_of(SPAN("a\n1\n2\n3\n"));
        struct csv_dialect dialect = {.delimiter = 0, .header = true};
        struct err err = {0};
        struct csv_reader *r = csv_reader_open(f.path, &dialect, &err);
        assert_non_null(r);
        struct csv_row row;
        if (when == 1) {
            assert_int_equal(csv_reader_next(r, &row, &err), CSV_RESULT_ROW);
        }
        assert_int_equal(pwrite(f.descriptor, "4\n", 2, 8), 2);
        enum csv_result result;
        while ((result = csv_reader_next(r, &row, &err)) == CSV_RESULT_ROW) {
        }
        assert_int_equal(result, CSV_RESULT_ERROR);
        assert_int_equal(err.status, EX_DATAERR);
        assert_non_null(strstr(err.text, "has changed"));
        assert_false(csv_reader_rewind(r, &err));
        csv_reader_close(r);
        close(f.descriptor);
    }
}

/* Soon, and not only when the list ends: the rest is not to be sent. */
static void notices_a_change_within_256_rows(void **state)
{
    (void)state;
    struct buf bytes;
    buf_init(&bytes, 1 << 20);
    buf_append(&bytes, SPAN("n\n"));
    for (unsigned i = 0; i < 1000; i++) {
        buf_append_format(&bytes, "%u\n", i);
    }
    struct file f = file_of(buf_span(&bytes));
    struct csv_dialect dialect = {.delimiter = 0, .header = true};
    struct err err = {0};
    struct csv_reader *r = csv_reader_open(f.path, &dialect, &err);
    assert_non_null(r);
    struct csv_row row = {0};
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(csv_reader_next(r, &row, &err), CSV_RESULT_ROW);
    }
    assert_int_equal(ftruncate(f.descriptor, 2), 0);
    while (csv_reader_next(r, &row, &err) == CSV_RESULT_ROW) {
    }
    assert_non_null(strstr(err.text, "has changed"));
    assert_true(row.number <= 20 + 256);
    csv_reader_close(r);
    close(f.descriptor);
    buf_release(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sees_no_block_boundaries),
        cmocka_unit_test(has_ceilings),
        cmocka_unit_test(refuses_what_cannot_be_read),
        cmocka_unit_test(reads_twice_what_comes_once),
        cmocka_unit_test(says_where_a_copy_cannot_be_kept),
        cmocka_unit_test(notices_a_change),
        cmocka_unit_test(notices_a_change_within_256_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
