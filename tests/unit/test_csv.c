/* list/csv: what is a row, on which line it begins, and what is no list. */
#include <string.h>

#include "base/buf.h"
#include "list/csv.h"
#include "unit/list_file.h"

/* "[a|b] 2[x|y] 3[z|w]": the names, then each row behind its line number.
 * Line ends inside a field are shown as ^ for CR and $ for LF. */
static void show(struct buf *out, const struct span *fields, size_t count)
{
    buf_append_byte(out, '[');
    for (size_t i = 0; i < count; i++) {
        buf_append(out, i > 0 ? SPAN("|") : SPAN(""));
        for (size_t j = 0; j < fields[i].len; j++) {
            char c = fields[i].data[j];
            buf_append_byte(out, c == '\r' ? '^' : c == '\n' ? '$' : c);
        }
    }
    buf_append_byte(out, ']');
}

/* Everything that the reader gives, once; raw bytes are gathered in *raw. */
static void read_all(struct csv_reader *r, struct buf *shown, struct buf *raw,
                     struct err *err)
{
    const struct span *names;
    size_t columns = csv_reader_columns(r, &names);
    show(shown, names, columns);
    struct csv_row row;
    uint32_t number = 0;
    enum csv_result result;
    while ((result = csv_reader_next(r, &row, err)) == CSV_RESULT_ROW) {
        assert_int_equal(row.number, ++number);
        buf_append_format(shown, " %u", row.line);
        show(shown, row.fields, columns);
        buf_append(raw, row.raw);
    }
    struct err again = {0};
    assert_int_equal(csv_reader_next(r, &row, &again), result);
    if (result == CSV_RESULT_ERROR) {
        assert_string_equal(again.text, err->text);
    }
}

struct list_case {
    struct span bytes;
    char delimiter;
    bool no_header;
    const char *shown; /* NULL: not even opened */
    int line;          /* of the error; 0: none */
    const char *says;
};

static void expect_error(const struct list_case *c, const struct err *err,
                         const char *path)
{
    char place[80];
    snprintf(place, sizeof place, "%s:%d: ", path, c->line);
    if (!strstr(err->text, c->says) ||
        strncmp(err->text, place, strlen(place)) != 0) {
        print_error("%.*s: %s\n", (int)c->bytes.len, c->bytes.data, err->text);
    }
    assert_int_equal(err->status, EX_DATAERR);
    assert_memory_equal(err->text, place, strlen(place));
    assert_non_null(strstr(err->text, c->says));
}

static void read_case(const struct list_case *c, struct csv_reader *r,
                      const char *path)
{
    struct buf first;
    buf_init(&first, 1 << 20);
    for (int reading = 0; reading < 2; reading++) {
        struct buf shown;
        struct buf raw;
        struct err err = {0};
        buf_init(&shown, 1 << 20);
        buf_init(&raw, 1 << 20);
        read_all(r, &shown, &raw, &err);
        buf_append_byte(&shown, '\0');
        assert_string_equal(shown.data, c->shown);
        assert_int_equal(err.status != 0, c->line != 0);
        if (err.status) {
            expect_error(c, &err, path);
        }
        if (reading == 0) {
            buf_append(&first, buf_span(&raw));
        }
        assert_true(span_equal(buf_span(&first), buf_span(&raw)));
        buf_release(&shown);
        buf_release(&raw);
        assert_true(csv_reader_rewind(r, &err));
    }
    buf_release(&first);
}

static void run_case(const struct list_case *c)
{
    struct file f = file_of(c->bytes);
    struct csv_dialect dialect = {.delimiter = c->delimiter,
                                  .header = !c->no_header};
    struct err err = {0};
    struct csv_reader *r = csv_reader_open(f.path, &dialect, &err);
    if (!r != !c->shown) {
        print_error("%.*s: %s\n", (int)c->bytes.len, c->bytes.data, err.text);
    }
    assert_int_equal(r != NULL, c->shown != NULL);
    if (r) {
        read_case(c, r, f.path);
    } else {
        expect_error(c, &err, f.path);
    }
    csv_reader_close(r);
    close(f.descriptor);
}

static void run_cases(const struct list_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        run_case(&cases[i]);
    }
}

static void reads_rows(void **state)
{
    (void)state;
    const struct list_case cases[] = {
        {SPAN("a,b\n1,2\n"), .shown = "[a|b] 2[1|2]"},
        {SPAN("a,b\n1,2"), .shown = "[a|b] 2[1|2]"},
        {SPAN("a,b\r\n1,2\r\n3,4\r\n"), .shown = "[a|b] 2[1|2] 3[3|4]"},
        {SPAN("a,b\r1,2\r3,4\r"), .shown = "[a|b] 2[1|2] 3[3|4]"},
        {SPAN("a,b\r1,2\r3,4"), .shown = "[a|b] 2[1|2] 3[3|4]"},
        {SPAN("a,b\n1,2\r\n3,4\r5,6\n"), .shown = "[a|b] 2[1|2] 3[3|4] 4[5|6]"},
        {SPAN("a,b"), .shown = "[a|b]"},
        {SPAN("a,b\n"), .shown = "[a|b]"},
        {SPAN("a\n\n\n1\n\n2\n\n"), .shown = "[a] 4[1] 6[2]"},
        {SPAN("a\r\n\r\n1\r\n"), .shown = "[a] 3[1]"},
        {SPAN("a\r\r1\r"), .shown = "[a] 3[1]"},
        {SPAN("\n\r\na,b\n1,2\n"), .shown = "[a|b] 4[1|2]"},
        {SPAN("\xef\xbb\xbf"
              "a,b\n1,2\n"),
         .shown = "[a|b] 2[1|2]"},
        {SPAN("\xef\xbb\xbf\"a\",b\n1,2\n"), .shown = "[a|b] 2[1|2]"},
        {SPAN("\xef\xbb\xbf\n\na,b\n1,2\n"), .shown = "[a|b] 4[1|2]"},
        {SPAN(" a , b\t\n 1 , 2 \n"), .shown = "[a|b] 2[ 1 | 2 ]"},
        {SPAN("a,b\n,\n"), .shown = "[a|b] 2[|]"},
        {SPAN("a\n\"\"\n"), .shown = "[a] 2[]"},
        {SPAN("a\n  \n"), .shown = "[a] 2[  ]"},
        {SPAN("a,b\n1,\n,2\n"), .shown = "[a|b] 2[1|] 3[|2]"},
        {SPAN("a\n\xff\xfe\n"), .shown = "[a] 2[\xff\xfe]"},
        {SPAN("a,_x,_x\n1,2,3\n"), .shown = "[a|_x|_x] 2[1|2|3]"},
        {SPAN("a,A\n1,2\n"), .shown = "[a|A] 2[1|2]"},
        {SPAN("a\nb@example.org\n"), .shown = "[a] 2[b@example.org]"},
        {SPAN("1,2\n3,4\n"), .no_header = true, .shown = "[1|2] 1[1|2] 2[3|4]"},
        {SPAN("\n\n1,2\n"), .no_header = true, .shown = "[1|2] 3[1|2]"},
        {SPAN("\xef\xbb\xbf"
              "b@c.de\n"),
         .no_header = true, .shown = "[1] 1[b@c.de]"},
    };
    run_cases(cases, sizeof cases / sizeof *cases);
}

static void reads_quotes(void **state)
{
    (void)state;
    const struct list_case cases[] = {
        {SPAN("a,b\n\"1\",\"2\"\n"), .shown = "[a|b] 2[1|2]"},
        {SPAN("a,b\n\"1,1\",2\n"), .shown = "[a|b] 2[1,1|2]"},
        {SPAN("a,b\n\"1\"\"1\",\"\"\"\"\n"), .shown = "[a|b] 2[1\"1|\"]"},
        {SPAN("a,b\n\" 1 \",2\n"), .shown = "[a|b] 2[ 1 |2]"},
        {SPAN("a,b\n\"1\n1\",2\n3,4\n"), .shown = "[a|b] 2[1$1|2] 4[3|4]"},
        {SPAN("a,b\r\n\"1\r\n1\",2\r\n3,4\r\n"),
         .shown = "[a|b] 2[1^$1|2] 4[3|4]"},
        {SPAN("a,b\r\"1\r1\",2\r3,4\r"), .shown = "[a|b] 2[1^1|2] 4[3|4]"},
        {SPAN("a,b\n\"\n\n\n\",2\n3,4"), .shown = "[a|b] 2[$$$|2] 6[3|4]"},
        {SPAN("a,b\n1,\"2\n2\"\n3,4\n"), .shown = "[a|b] 2[1|2$2] 4[3|4]"},
        {SPAN("a,b\n\"1\n\",\"2\n\"\n3,4\n"), .shown = "[a|b] 2[1$|2$] 5[3|4]"},
        {SPAN("\"a\nb\",c\n1,2\n"), .shown = "[a$b|c] 3[1|2]"},
        {SPAN("\"a,b\",c\n1,2\n"), .shown = "[a,b|c] 2[1|2]"},
        {SPAN("a\n\"1\""), .shown = "[a] 2[1]"},
        {SPAN("a\n\"\""), .shown = "[a] 2[]"},
        {SPAN("a,b\n1,\"\""), .shown = "[a|b] 2[1|]"},
        {SPAN("a,b\n\"1\","), .shown = "[a|b] 2[1|]"},
        {SPAN("a\n\"1\"\r"), .shown = "[a] 2[1]"},
        {SPAN("\"a\nb\"\n"), .no_header = true, .shown = "[1] 1[a$b]"},
    };
    run_cases(cases, sizeof cases / sizeof *cases);
}

static void finds_the_delimiter(void **state)
{
    (void)state;
    const struct list_case cases[] = {
        {SPAN("a;b\n1;2\n"), .shown = "[a|b] 2[1|2]"},
        {SPAN("a\tb\n1\t2\n"), .shown = "[a|b] 2[1|2]"},
        {SPAN("a|b\n1|2\n"), .shown = "[a|b] 2[1|2]"},
        {SPAN("a;b;c,d\n1;2;3\n"), .shown = "[a|b|c,d] 2[1|2|3]"},
        {SPAN("a,b;c\n1,2\n"), .shown = "[a|b;c] 2[1|2]"},
        {SPAN("\"a,b,c\";d\n1;2\n"), .shown = "[a,b,c|d] 2[1|2]"},
        {SPAN("\"a\"\"\";d\n1;2\n"), .shown = "[a\"|d] 2[1|2]"},
        {SPAN("a\n1;2;3\n"), .shown = "[a] 2[1;2;3]"},
        {SPAN("a;b\n1,2,3;4\n"), .shown = "[a|b] 2[1,2,3|4]"},
        {SPAN("a:b\n1:2\n"), ':', .shown = "[a|b] 2[1|2]"},
        {SPAN("a,b;c\n1,1;2\n"), ';', .shown = "[a,b|c] 2[1,1|2]"},
        {SPAN("a b\n\"1 1\" 2\n"), ' ', .shown = "[a|b] 2[1 1|2]"},
        {SPAN("1;2\n"), .no_header = true, .shown = "[1|2] 1[1|2]"},
        /* what parts the rows alike is meant, not what is in a name */
        {SPAN("a (x, y, z);b\n1;2\n3;4\n"),
         .shown = "[a (x, y, z)|b] 2[1|2] 3[3|4]"},
        {SPAN("a, b|c\n1|2\n"), .shown = "[a, b|c] 2[1|2]"},
        {SPAN("a;b,c\n\"1;1\";2\n\n3,3;4"),
         .shown = "[a|b,c] 2[1;1|2] 4[3,3|4]"},
        {SPAN("a\tb;c\r1\t2\r"), .shown = "[a|b;c] 2[1|2]"},
    };
    run_cases(cases, sizeof cases / sizeof *cases);
}

/* A first line for a spreadsheet. */
static void obeys_a_sep_line(void **state)
{
    (void)state;
    const struct list_case cases[] = {
        {SPAN("sep=;\na;b,c,d\n1;2\n"), .shown = "[a|b,c,d] 3[1|2]"},
        {SPAN("sep=;\r\na;b\r\n1;2\r\n"), .shown = "[a|b] 3[1|2]"},
        {SPAN("sep=;\ra;b\r1;2\r"), .shown = "[a|b] 3[1|2]"},
        {SPAN("SEP=\t\na\tb\n"), .shown = "[a|b]"},
        {SPAN("sep=^\na^b\n1^2"), .shown = "[a|b] 3[1|2]"},
        {SPAN("\xef\xbb\xbfsep=|\na|b\n1|2\n"), .shown = "[a|b] 3[1|2]"},
        {SPAN("sep=,\n1,2\n3,4\n"), .no_header = true,
         .shown = "[1|2] 2[1|2] 3[3|4]"},
        {SPAN("sep=,\na;b\n1;2\n"), ';', .shown = "[a|b] 3[1|2]"},
        {SPAN("sep=,\na,b\n1\n"), .shown = "[a|b]", .line = 3,
         .says = "1 field, "},
        {SPAN("sep=\n1\n"), .shown = "[sep=] 2[1]"},
        {SPAN("sep=xy\n1\n"), .shown = "[sep=xy] 2[1]"},
        {SPAN("sep=x\n1\n"), .shown = "[sep=x] 2[1]"},
        {SPAN("sep=\"\n1\n"), .line = 1, .says = "does not begin"},
        {SPAN("sep=\xe9\n1\n"), .line = 1, .says = "not UTF-8"},
        {SPAN("sep=\x1f\n1\n"), .shown = "[sep=\x1f] 2[1]"},
        {SPAN("a,b\nsep=;,2\n"), .shown = "[a|b] 2[sep=;|2]"},
    };
    run_cases(cases, sizeof cases / sizeof *cases);
}

static void names_the_line_of_a_fault(void **state)
{
    (void)state;
    const struct list_case cases[] = {
        {SPAN("a,b\n1,2\n3\n"), .shown = "[a|b] 2[1|2]", .line = 3,
         .says = "1 field, but the header has 2"},
        {SPAN("a,b\n1,2,3\n"), .shown = "[a|b]", .line = 2,
         .says = "3 fields, but the header has 2; a field that holds the "
                 "delimiter (,) must be quoted"},
        {SPAN("a\tb\n1\n"), .shown = "[a|b]", .line = 2,
         .says = "the delimiter is (TAB), and a field that holds a line end"},
        {SPAN("a;b\n1,2\n"), .shown = "[a|b]", .line = 2, .says = "(;)"},
        {SPAN("1,2\n3\n"), .no_header = true, .shown = "[1|2] 1[1|2]",
         .line = 2, .says = "the first row has 2"},
        {SPAN("a,b\n\"1\n1\",2\n\n\"3\n\"\n"), .shown = "[a|b] 2[1$1|2]",
         .line = 5, .says = "1 field, "},
        {SPAN("a,b\n   \n"), .shown = "[a|b]", .line = 2, .says = "1 field, "},
        {SPAN("a,b\n1,\"2\n3,4\n"), .shown = "[a|b]", .line = 2,
         .says = "never closed"},
        {SPAN("a,b\n1,2\n\"1\n2\",\"3\n4\n5\n"), .shown = "[a|b] 2[1|2]",
         .line = 4, .says = "never closed"},
        {SPAN("a\n\""), .shown = "[a]", .line = 2, .says = "never closed"},
        {SPAN("a\n1\n\"\"\""), .shown = "[a] 2[1]", .line = 3,
         .says = "never closed"},
        {SPAN("a,b\n1,2\"2\n"), .shown = "[a|b]", .line = 2,
         .says = "does not begin with one"},
        {SPAN("a,b\n1, \"2\"\n"), .shown = "[a|b]", .line = 2,
         .says = "does not begin with one"},
        {SPAN("a,b\n\"1\"1,2\n"), .shown = "[a|b]", .line = 2,
         .says = "behind a closing quote"},
        {SPAN("a,b\n\"1\" ,2\n"), .shown = "[a|b]", .line = 2,
         .says = "behind a closing quote"},
        {SPAN("a,b\n1,\"2\n3,\"4\"\n"), .shown = "[a|b]", .line = 3,
         .says = "opens in line 2"},
        {SPAN("a\n1\n2\0\n"), .shown = "[a] 2[1]", .line = 3, .says = "NUL"},
        {SPAN("a\n\"1\n\0\"\n"), .shown = "[a]", .line = 3, .says = "NUL"},
        {SPAN("a\n1\n\0"), .shown = "[a] 2[1]", .line = 3, .says = "NUL"},
    };
    run_cases(cases, sizeof cases / sizeof *cases);
}

static void refuses_what_is_no_header(void **state)
{
    (void)state;
    const struct list_case cases[] = {
        {SPAN("a,\n1,2\n"), .line = 1, .says = "needs a name"},
        {SPAN("\xef\xbb\xbf\xef\xbb\xbf"
              "a\n"),
         .line = 1, .says = "second byte order mark"},
        {SPAN("a,  ,b\n"), .line = 1, .says = "column 2, \"\""},
        {SPAN("a,\"\"\n"), .line = 1, .says = "needs a name"},
        {SPAN("  \n"), .line = 1, .says = "needs a name"},
        {SPAN("a,b, a\n"), .line = 1, .says = "column 3, \"a\": two"},
        {SPAN("\n\na,a\n"), .line = 3, .says = "two columns"},
        {SPAN("bob@example.org,Bob\n"), .line = 1, .says = "--no-header"},
        {SPAN("Bob,bob@example.org,,\n"), .line = 1, .says = "--no-header"},
        {SPAN("a\"b\n"), .line = 1, .says = "does not begin"},
        {SPAN("\"a\"b\n"), .line = 1, .says = "behind a closing quote"},
        {SPAN("a,\"b\n1,2\n"), .line = 1, .says = "never closed"},
        {SPAN("a\0b\n"), .line = 1, .says = "NUL"},
        {SPAN("a,Stra\xdf"
              "e\n"),
         .line = 1, .says = "iconv -f WINDOWS-1252"},
        {SPAN("\xff\xfe"
              "a\0"),
         .line = 1, .says = "iconv -f UTF-16 -t UTF-8"},
        {SPAN("\xfe\xff\0a"), .line = 1, .says = "iconv -f UTF-16 -t UTF-8"},
        {SPAN("a\0,\0b\0\n\0"), .line = 1, .says = "UTF-16LE"},
        {SPAN("\0a\0,\0b\0\n"), .line = 1, .says = "UTF-16BE"},
        {SPAN("\xff\xfe\0\0a\0\0\0"), .line = 1, .says = "UTF-32"},
        {SPAN("\"1\"1\n"), .no_header = true, .line = 1, .says = "closing"},
    };
    run_cases(cases, sizeof cases / sizeof *cases);
}

static void refuses_an_empty_list(void **state)
{
    (void)state;
    const struct span empty[] = {SPAN(""), SPAN("\n\r\n\r"),
                                 SPAN("\xef\xbb\xbf"), SPAN("sep=;"),
                                 SPAN("sep=;\r\n\n")};
    for (size_t i = 0; i < 10; i++) {
        struct file f = file_of(empty[i / 2]);
        struct csv_dialect dialect = {.delimiter = 0, .header = i % 2 == 0};
        struct err err = {0};
        assert_null(csv_reader_open(f.path, &dialect, &err));
        assert_int_equal(err.status, EX_DATAERR);
        assert_non_null(strstr(err.text, i % 2 ? "no row" : "no header"));
        close(f.descriptor);
    }
}

static void keeps_the_header_as_it_stood(void **state)
{
    (void)state;
    const struct {
        struct span bytes;
        bool header;
        struct span expected;
        char delimiter;
        struct span preamble;
    } cases[] = {
        {SPAN("\xef\xbb\xbf a ;\"b\"\r\n1;2\n"), true, SPAN(" a ;\"b\"\r\n"),
         ';', SPAN("\xef\xbb\xbf")},
        {SPAN("\n\na,b"), true, SPAN("a,b"), ',', SPAN("")},
        {SPAN("a\tb\r1\t2\r"), true, SPAN("a\tb\r"), '\t', SPAN("")},
        {SPAN("a\tb\r1\t2\r"), false, SPAN(""), '\t', SPAN("")},
        {SPAN("\xef\xbb\xbfsep=;\r\na;b\r\n"), true, SPAN("a;b\r\n"), ';',
         SPAN("\xef\xbb\xbfsep=;\r\n")},
        {SPAN("sep=;\r1;2\r"), false, SPAN(""), ';', SPAN("sep=;\r")},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct file f = file_of(cases[i].bytes);
        struct csv_dialect dialect = {.delimiter = 0,
                                      .header = cases[i].header};
        struct err err = {0};
        struct csv_reader *r = csv_reader_open(f.path, &dialect, &err);
        assert_non_null(r);
        assert_true(span_equal(csv_reader_header(r), cases[i].expected));
        assert_true(span_equal(csv_reader_preamble(r), cases[i].preamble));
        assert_int_equal(csv_reader_delimiter(r), cases[i].delimiter);
        assert_string_equal(csv_reader_name(r), f.path);
        csv_reader_close(r);
        close(f.descriptor);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_rows),
        cmocka_unit_test(reads_quotes),
        cmocka_unit_test(finds_the_delimiter),
        cmocka_unit_test(obeys_a_sep_line),
        cmocka_unit_test(names_the_line_of_a_fault),
        cmocka_unit_test(refuses_what_is_no_header),
        cmocka_unit_test(refuses_an_empty_list),
        cmocka_unit_test(keeps_the_header_as_it_stood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
