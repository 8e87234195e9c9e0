/* mailing/suppress: who is never mailed, by lists, CSV and reports. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "list/clean.h"
#include "mailing/suppress.h"

enum { PATH_BYTES = 64 };

static const struct siphash_key key = {{7}};

#define REPORT "line,address,status,code,enhanced,scope,reply,message_id\n"

static const struct suppress_case {
    const char *text;
    const char *expected; /* statuses of the addresses; NULL: refused */
} suppressions[] = {
    {"", "oooo"},
    {"# nobody\n\n", "oooo"},
    {"ann@x.example\n", "sooo"},
    {"\xef\xbb\xbf"
     "ann@x.example",
     "sooo"},
    {"# two\r\n  ANN@X.EXAMPLE \r\n@y.example\r\n", "soso"},
    {"@X.example\n", "ssos"},
    {"ann@x.example # asked\n@y.example\t# all\n", "soso"},
    {"\"bob #1@x.example # a\"@x.example\n", "oooo"},
    {"\"bob\"@x.example\n", "osoo"},
    {"email,why\nann@x.example,asked\nbob@x.example,\"asked\ntwice\"\n",
     "ssoo"},
    {"why;E-Mail\nasked;@y.example\nnone;\n", "ooso"},
    {"email\nbob@x.example\n", "osoo"},
    {REPORT "2,ann@x.example,rejected,550,5.1.1,recipient,gone,<a@b>\n"
            "3,bob@x.example,rejected,552,5.3.4,message,big,<a@b>\n"
            "4,carl@y.example,deferred,451,4.7.1,recipient,later,<a@b>\n"
            "5,'+o@x.example,rejected,550,5.1.1,recipient,gone,<a@b>\n",
     "soos"},
    /* a full mailbox and a policy are no farewell */
    {REPORT "2,ann@x.example,rejected,550,5.2.2,recipient,full,<a@b>\n"
            "3,bob@x.example,rejected,550,5.7.1,recipient,policy,<a@b>\n"
            "4,carl@y.example,rejected,550,,recipient,no,<a@b>\n"
            "5,'+o@x.example,rejected,550,5.2.1,recipient,off,<a@b>\n",
     "ooss"},
    {"{\"address\":\"ann@x.example\",\"status\":\"rejected\",\"code\":550,"
     "\"enhanced\":\"5.2.2\",\"scope\":\"recipient\",\"reply\":\"full\"}\n"
     "{\"address\":\"bob@x.example\",\"status\":\"rejected\",\"code\":550,"
     "\"enhanced\":\"\",\"scope\":\"recipient\",\"reply\":\"over quota\"}\n"
     "{\"address\":\"carl@y.example\",\"status\":\"rejected\",\"code\":550,"
     "\"enhanced\":\"\",\"scope\":\"recipient\",\"reply\":\"unknown user\"}\n",
     "ooso"},
    /* line ends of an old Mac */
    {"ann@x.example\r@y.example\r", "soso"},
    {"# two\r\rann@x.example\r\nbob@x.example", "ssoo"},
    {"{\"line\":2,\"address\":\"ann@x.example\",\"status\":\"rejected\","
     "\"scope\":\"recipient\"}\n"
     "{\"line\":3,\"address\":\"bob@x.example\",\"status\":\"rejected\","
     "\"scope\":\"message\"}\n"
     "{\"line\":4,\"address\":\"carl@y.example\",\"status\":\"sent\","
     "\"scope\":\"\"}\n",
     "sooo"},
    {"ann@x.example\nbob at x.example\n", NULL},
    {"ann@x.example\n@\n", NULL},
    {"email,why\nann,asked\n", NULL},
    {"name,why\nann,asked\n", NULL},
    {"x.example\n", NULL},
    {"ann@x.example asked # today\n", NULL},
    {"{\"line\":2}\n", NULL},
    {"email,why\nann@x.example\n", NULL},
};

/* The first letters of what these four rows are. */
static void judge_rows(struct cleaner *cleaner, char *text)
{
    static const struct span addresses[] = {
        {"ann@x.example", 13},
        {"bob@x.example", 13},
        {"carl@y.example", 14},
        {"+o@x.example", 12},
    };
    cleaner->columns = 1;
    for (uint32_t i = 0; i < 4; i++) {
        struct csv_row row = {.line = i + 2, .fields = &addresses[i]};
        struct clean_verdict verdict;
        cleaner_judge(cleaner, &row, &verdict);
        text[i] = *clean_status_name(verdict.status);
    }
}

static void suppress_by(const char *path, const struct suppress_case *c)
{
    struct cleaner cleaner;
    struct err err = {0};
    cleaner_init(&cleaner, &key);
    bool fine = suppress_file(&cleaner, path, &err);
    if (fine != (c->expected != NULL)) {
        fail_msg("%d %s: %s", err.status, err.text, c->text);
    }
    if (fine) {
        char text[5] = "";
        judge_rows(&cleaner, text);
        assert_string_equal(text, c->expected);
    } else {
        assert_int_equal(err.status, EX_DATAERR);
        assert_int_equal(strncmp(err.text, "/", 1), 0); /* the file is named */
    }
    cleaner_release(&cleaner);
}

static void suppresses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof suppressions / sizeof suppressions[0]; i++) {
        char path[] = "/tmp/mailshot-test-suppress.XXXXXX";
        const char *text = suppressions[i].text;
        int file = mkstemp(path);
        assert_true(file >= 0);
        assert_int_equal(write(file, text, strlen(text)), strlen(text));
        close(file);
        suppress_by(path, &suppressions[i]);
        unlink(path);
    }
}

/* As bash's <(…) gives them. */
static void suppresses_from_a_pipe(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof suppressions / sizeof suppressions[0]; i++) {
        int ends[2];
        char path[PATH_BYTES];
        const char *text = suppressions[i].text;
        assert_int_equal(pipe(ends), 0);
        assert_int_equal(write(ends[1], text, strlen(text)), strlen(text));
        close(ends[1]);
        snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
        suppress_by(path, &suppressions[i]);
        close(ends[0]);
    }
}

static void names_what_cannot_be_read(void **state)
{
    (void)state;
    static const char *const paths[] = {"/nonexistent/gone", "/"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct cleaner cleaner;
        struct err err = {0};
        cleaner_init(&cleaner, &key);
        assert_false(suppress_file(&cleaner, paths[i], &err));
        assert_int_equal(err.status, EX_NOINPUT);
        assert_non_null(strstr(err.text, paths[i]));
        cleaner_release(&cleaner);
    }
}

/* What helps with a list does not help here. */
static void says_how_it_can_be_read(void **state)
{
    (void)state;
    char path[] = "/tmp/mailshot-test-suppress.XXXXXX";
    static const char text[] = "Ann,ann@x.example\n";
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), strlen(text));
    close(file);
    struct cleaner cleaner;
    struct err err = {0};
    cleaner_init(&cleaner, &key);
    assert_false(suppress_file(&cleaner, path, &err));
    assert_non_null(strstr(err.text, ":1: column 2, \"ann@x.example\""));
    assert_non_null(strstr(err.text, "one address a line"));
    assert_null(strstr(err.text, "--no-header"));
    cleaner_release(&cleaner);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(suppresses),
        cmocka_unit_test(suppresses_from_a_pipe),
        cmocka_unit_test(says_how_it_can_be_read),
        cmocka_unit_test(names_what_cannot_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
