/* record/failed: rows as they stood, byte for byte, with four columns behind,
 * and a file that is there whole or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "edge.h"
#include "record/failed.h"

static const struct failed_list plain = {.delimiter = ',',
                                         .header = {"email\n", 6}};

static char folder[] = "/tmp/mailshot-failed.XXXXXX";
static char path[128];

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder)) {
        return -1;
    }
    snprintf(path, sizeof path, "%s/failed.csv", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder); /* fails where a temporary file was left behind */
}

static char text[1 << 16];

static const char *content(const char *name)
{
    FILE *file = fopen(name, "rb");
    assert_non_null(file);
    size_t len = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[len] = '\0';
    return text;
}

#define OURS "_status,_code,_enhanced,_reason"

static const struct case_of_rows {
    const char *header;
    const char *rows[3];
    char delimiter;
    const char *file;
    const char *names[8]; /* of the columns, where one may be ours */
} cases[] = {
    {"email,name\n",
     {"a@b.org,Ann\n", "c@d.org,\"D, E\"\n"},
     ',',
     "email,name," OURS "\na@b.org,Ann,rejected,550,5.1.1,no\n"
     "c@d.org,\"D, E\",rejected,550,5.1.1,no\n",
     {NULL}},
    /* line ends stay as they are */
    {"email\r\n",
     {"a@b.org\r\n", "c@d.org"},
     ',',
     "email," OURS "\r\na@b.org,rejected,550,5.1.1,no\r\n"
     "c@d.org,rejected,550,5.1.1,no\r\n",
     {NULL}},
    {"email\r",
     {"a@b.org\r"},
     ',',
     "email," OURS "\ra@b.org,rejected,550,5.1.1,no\r",
     {NULL}},
    {"email", {NULL}, ',', "email," OURS "\n", {NULL}},
    /* without a header */
    {"", {"a@b.org"}, ',', "a@b.org,rejected,550,5.1.1,no\n", {NULL}},
    {"",
     {"a@b.org\r\n", "c@d.org"},
     ',',
     "a@b.org,rejected,550,5.1.1,no\r\nc@d.org,rejected,550,5.1.1,no\r\n",
     {NULL}},
    /* other delimiters, quoted line ends, quotes in quotes, blanks */
    {"email;name\n",
     {"a@b.org;\"x\r\n\"\"y\"\";z\"\n", " c@d.org ; E\n"},
     ';',
     "email;name;_status;_code;_enhanced;_reason\n"
     "a@b.org;\"x\r\n\"\"y\"\";z\";rejected;550;5.1.1;no\n"
     " c@d.org ; E;rejected;550;5.1.1;no\n",
     {NULL}},
    {"email\tname\n",
     {"a@b.org\t\n"},
     '\t',
     "email\tname\t_status\t_code\t_enhanced\t_reason\n"
     "a@b.org\t\trejected\t550\t5.1.1\tno\n",
     {NULL}},
    {"email\n",
     {"a@b.org\n"},
     '\0',
     "email," OURS "\na@b.org,rejected,550,5.1.1,no\n",
     {NULL}},
    /* columns of ours are replaced, wherever they stand */
    {"email,name," OURS "\n",
     {"a@b.org,Ann,deferred,451,4.7.1,\"later, please\"\n"},
     ',',
     "email,name," OURS "\na@b.org,Ann,rejected,550,5.1.1,no\n",
     {"email", "name", "_status", "_code", "_enhanced", "_reason"}},
    {"_code,email, \"_reason\" ,name\n",
     {"\"4,5\",a@b.org,\"x\n,y\",Ann\n"},
     ',',
     "email,name," OURS "\na@b.org,Ann,rejected,550,5.1.1,no\n",
     {"_code", "email", "_reason", "name"}},
    {"email,_other,_status\n",
     {"a@b.org,,\n"},
     ',',
     "email,_other," OURS "\na@b.org,,rejected,550,5.1.1,no\n",
     {"email", "_other", "_status"}},
    {"",
     {"a@b.org,pending,,,\"x,y\"\n"},
     ',',
     "a@b.org,rejected,550,5.1.1,no\n",
     {"1", "_status", "_code", "_enhanced", "_reason"}},
    /* empty lines before a row are none of it */
    {"email\n",
     {"\n\r\na@b.org\n"},
     ',',
     "email," OURS "\na@b.org,rejected,550,5.1.1,no\n",
     {NULL}},
};

static const struct failed_row usual = {
    .status = OUTCOME_REJECTED,
    .code = 550,
    .enhanced = {"5.1.1", 5},
    .reason = {"no", 2},
};

static void write_row(struct failed *f, const char *raw)
{
    struct edge edge = edge_copy(span_of(raw));
    struct failed_row row = usual;
    struct err err = {0};
    row.raw = edge.span;
    assert_true(failed_write(f, &row, &err));
    edge_release(&edge);
}

static void write_case(const struct case_of_rows *c)
{
    struct err err = {0};
    struct edge header = edge_copy(span_of(c->header));
    struct span names[8];
    struct failed_list list = {
        .delimiter = c->delimiter, .names = names, .header = header.span};
    for (; list.columns < 8 && c->names[list.columns]; list.columns++) {
        names[list.columns] = span_of(c->names[list.columns]);
    }
    struct failed *f = failed_open(path, &list, &err);
    assert_non_null(f);
    for (size_t i = 0; i < 3 && c->rows[i]; i++) {
        write_row(f, c->rows[i]);
    }
    edge_release(&header);
    assert_true(failed_close(f, &err));
}

static void keeps_rows_as_they_stood(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_case(&cases[i]);
        assert_string_equal(content(path), cases[i].file);
    }
}

/* A BOM, and the line that tells a spreadsheet the delimiter. */
static void keeps_what_stands_in_front(void **state)
{
    (void)state;
    const struct failed_list list = {
        .delimiter = '^',
        .preamble = SPAN("\xef\xbb\xbfsep=^\r"),
        .names = (const struct span[]){{"_code", 5}, {"email", 5}},
        .columns = 2,
        .header = SPAN("_code^email\r"),
    };
    struct err err = {0};
    struct failed *f = failed_open(path, &list, &err);
    assert_non_null(f);
    write_row(f, "550^a@b.c");
    assert_true(failed_close(f, &err));
    assert_string_equal(content(path), "\xef\xbb\xbfsep=^\r"
                                       "email^_status^_code^_enhanced^_reason\r"
                                       "a@b.c^rejected^550^5.1.1^no\r");
}

static void quotes_reasons(void **state)
{
    (void)state;
    static const struct {
        char delimiter;
        const char *reason;
        const char *field;
    } reasons[] = {
        {',', "", ""},
        {',', "a, \"b\"", "\"a, \"\"b\"\"\""},
        {';', "a, b", "a, b"},
        {';', "a; b", "\"a; b\""},
        {'\t', "a\tb", "\"a\tb\""},
        {',', "a\nb", "\"a\nb\""},
        {',', "=cmd", "'=cmd"},
        {',', "Gr\xfc\x1b", "Gr\\xfc\\x1b"},
    };
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        struct err err = {0};
        struct failed *f = failed_open(
            path, &(struct failed_list){.delimiter = reasons[i].delimiter},
            &err);
        assert_non_null(f);
        const struct failed_row row = {.raw = SPAN("a@b.org\n"),
                                       .status = OUTCOME_INVALID,
                                       .reason = span_of(reasons[i].reason)};
        assert_true(failed_write(f, &row, &err));
        assert_true(failed_close(f, &err));
        char d = reasons[i].delimiter;
        char expected[128];
        snprintf(expected, sizeof expected, "a@b.org%cinvalid%c%c%c%s\n", d, d,
                 d, d, reasons[i].field);
        assert_string_equal(content(path), expected);
    }
}

static void write_text(const char *name, const char *words)
{
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    fputs(words, file);
    fclose(file);
}

static void takes_the_name_when_it_is_whole(void **state)
{
    (void)state;
    struct err err = {0};
    write_text(path, "older");
    assert_int_equal(chmod(path, 0644), 0);
    struct failed *f = failed_open(path, &plain, &err);
    assert_non_null(f);
    write_row(f, "a@b.org\n");
    assert_string_equal(content(path), "older");
    failed_abandon(f);
    assert_string_equal(content(path), "older");
    f = failed_open(path, &plain, &err);
    assert_non_null(f);
    assert_true(failed_close(f, &err));
    assert_string_equal(content(path), "email," OURS "\n");
    struct stat facts;
    assert_int_equal(stat(path, &facts), 0);
    assert_int_equal(facts.st_mode & 07777, 0600);
    assert_true(failed_close(NULL, &err));
    failed_abandon(NULL);
}

static void follows_links(void **state)
{
    (void)state;
    char link[160];
    snprintf(link, sizeof link, "%s/link", folder);
    write_text(path, "older");
    assert_int_equal(symlink("failed.csv", link), 0);
    struct err err = {0};
    struct failed *f = failed_open(link, &plain, &err);
    assert_non_null(f);
    assert_true(failed_close(f, &err));
    struct stat facts;
    assert_int_equal(lstat(link, &facts), 0);
    assert_true(S_ISLNK(facts.st_mode));
    assert_string_equal(content(path), "email," OURS "\n");
    assert_int_equal(unlink(link), 0);
}

static void says_that_the_disk_is_full(void **state)
{
    (void)state;
    struct err err = {0};
    struct failed *f = failed_open("/dev/full", &plain, &err);
    assert_non_null(f);
    write_row(f, "a@b.org\n");
    assert_false(failed_close(f, &err));
    assert_int_equal(err.status, EX_IOERR);
    assert_non_null(strstr(err.text, "/dev/full"));
}

static void leaves_the_older_file_when_there_is_no_room(void **state)
{
    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct rlimit small = {.rlim_cur = 10, .rlim_max = before.rlim_max};
    write_text(path, "older");
    struct err err = {0};
    struct failed *f = failed_open(path, &plain, &err);
    assert_non_null(f);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    bool closed = failed_close(f, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_false(closed);
    assert_int_equal(err.status, EX_IOERR);
    assert_string_equal(content(path), "older");
}

static void says_that_it_cannot_be_made(void **state)
{
    (void)state;
    struct err err = {0};
    assert_null(failed_open("/no/such/folder/f", &plain, &err));
    assert_int_equal(err.status, EX_CANTCREAT);
    assert_non_null(strstr(err.text, "/no/such/folder/f"));
    assert_null(failed_open(folder, &plain, &err));
    assert_int_equal(err.status, EX_CANTCREAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_rows_as_they_stood),
        cmocka_unit_test(keeps_what_stands_in_front),
        cmocka_unit_test(quotes_reasons),
        cmocka_unit_test(takes_the_name_when_it_is_whole),
        cmocka_unit_test(follows_links),
        cmocka_unit_test(says_that_the_disk_is_full),
        cmocka_unit_test(leaves_the_older_file_when_there_is_no_room),
        cmocka_unit_test(says_that_it_cannot_be_made),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
