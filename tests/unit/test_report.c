/* record/report: every field in its place, quoted and guarded; a file that is
 * private and whole; a full disk that is said. */
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
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "record/report.h"

#define HEADER                                                                 \
    "line,address,status,code,enhanced,scope,reply,attempts,message_id,relay," \
    "tls,time\n"

static char folder[] = "/tmp/mailshot-report.XXXXXX";
static char path[128];

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder)) {
        return -1;
    }
    snprintf(path, sizeof path, "%s/report", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static char text[1 << 20];

static const char *content(void)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t len = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[len] = '\0';
    return text;
}

static const struct report_row usual = {
    .line = 214,
    .address = {"ann@example.org", 15},
    .status = OUTCOME_REJECTED,
    .code = 550,
    .enhanced = {"5.1.1", 5},
    .scope = "recipient",
    .reply = {"no such user", 12},
    .attempts = 1,
    .message_id = {"<a@b>", 5},
    .relay = {"localhost:587", 13},
    .tls = {"TLS1.3 AES-256-GCM", 18},
    .time_ms = 1795512600250,
};

static void write_one(const struct report_row *row, enum report_format format)
{
    struct err err = {0};
    struct report *r = report_open(path, format, &err);
    assert_non_null(r);
    assert_true(report_write(r, row, &err));
    assert_true(report_flush(r, &err));
    assert_true(report_close(r, &err));
}

static void writes_csv(void **state)
{
    (void)state;
    write_one(&usual, REPORT_CSV);
    assert_string_equal(content(), HEADER
                        "214,ann@example.org,rejected,550,5.1.1,recipient,no "
                        "such user,1,<a@b>,localhost:587,TLS1.3 AES-256-GCM,"
                        "2026-11-24T09:30:00.250Z\n");
}

static void writes_jsonl(void **state)
{
    (void)state;
    write_one(&usual, REPORT_JSONL);
    assert_string_equal(
        content(),
        "{\"line\":214,\"address\":\"ann@example.org\",\"status\":\"rejected\","
        "\"code\":550,\"enhanced\":\"5.1.1\",\"scope\":\"recipient\",\"reply\":"
        "\"no such user\",\"attempts\":1,\"message_id\":\"<a@b>\",\"relay\":"
        "\"localhost:587\",\"tls\":\"TLS1.3 AES-256-GCM\",\"time\":"
        "\"2026-11-24T09:30:00.250Z\"}\n");
}

static void leaves_what_is_not_known_empty(void **state)
{
    (void)state;
    const struct report_row row = {
        .line = 4294967295u, .status = OUTCOME_PENDING, .scope = ""};
    write_one(&row, REPORT_CSV);
    assert_string_equal(content(), HEADER "4294967295,,pending,,,,,0,,,,\n");
    write_one(&row, REPORT_JSONL);
    assert_non_null(strstr(content(), "\"code\":\"\",\"enhanced\":\"\""));
    assert_non_null(strstr(content(), "\"time\":\"\"}"));
}

static void quotes_and_guards(void **state)
{
    (void)state;
    static const struct {
        struct span reply;
        const char *field;
    } cases[] = {
        {{"a,b", 3}, "\"a,b\""},
        {{"say \"no\"", 8}, "\"say \"\"no\"\"\""},
        {{"a\r\nb", 4}, "\"a\r\nb\""},
        {{"=1+1", 4}, "'=1+1"},
        {{"+49", 3}, "'+49"},
        {{"-x", 2}, "'-x"},
        {{"@x", 2}, "'@x"},
        {{"\tx", 2}, "'\tx"},
        {{"\rx", 2}, "\"'\rx\""},
        {{"=a,b", 4}, "\"'=a,b\""},
        {{"'x", 2}, "'x"},
        {{"a=b", 3}, "a=b"},
        {{"nul\0x", 5}, "nul\\x00x"},
        {{"\033[2J", 4}, "\\x1b[2J"},
        {{"Gr\xc3\xbc\xc3\x9f", 6}, "Gr\xc3\xbc\xc3\x9f"},
        {{"Gr\xfc", 3}, "Gr\\xfc"},
        {{"c\xc2\x9b", 3}, "c\\xc2\\x9b"},
        {{"a\\b", 3}, "a\\b"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct report_row row = {.line = 2,
                                       .status = OUTCOME_REJECTED,
                                       .scope = "local",
                                       .reply = cases[i].reply};
        char expected[256];
        snprintf(expected, sizeof expected,
                 HEADER "2,,rejected,,,local,%s,0,,,,\n", cases[i].field);
        write_one(&row, REPORT_CSV);
        assert_string_equal(content(), expected);
    }
}

static void replaces_and_makes_private(void **state)
{
    (void)state;
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < 1000; i++) {
        fputs("an older and longer report\n", file);
    }
    fclose(file);
    assert_int_equal(chmod(path, 0644), 0);
    write_one(&usual, REPORT_CSV);
    assert_int_equal(strncmp(content(), HEADER, strlen(HEADER)), 0);
    assert_null(strstr(content(), "older"));
    struct stat facts;
    assert_int_equal(stat(path, &facts), 0);
    assert_int_equal(facts.st_mode & 07777, 0600);
}

static void heads_a_file_without_rows(void **state)
{
    (void)state;
    struct err err = {0};
    assert_true(report_close(report_open(path, REPORT_CSV, &err), &err));
    assert_string_equal(content(), HEADER);
    assert_true(report_close(report_open(path, REPORT_JSONL, &err), &err));
    assert_string_equal(content(), "");
    assert_true(report_close(NULL, &err));
}

/* In a child whose standard output is the file. */
static void to_standard_output(const char *name, bool with_row)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
        struct err err = {0};
        if (fd < 0 || dup2(fd, 1) < 0 || write(1, "before\n", 7) != 7) {
            _exit(1);
        }
        struct report *r = report_open(name, REPORT_CSV, &err);
        bool fine = r && (!with_row || report_write(r, &usual, &err));
        _exit(fine && report_close(r, &err) ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void leaves_standard_output_as_it_is(void **state)
{
    (void)state;
    static const char *const names[] = {"-", "/dev/stdout", "/dev/fd/1"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        to_standard_output(names[i], false);
        assert_string_equal(content(), "before\n");
        to_standard_output(names[i], true);
        const char *whole = content();
        assert_int_equal(strncmp(whole, "before\n" HEADER "214,",
                                 strlen("before\n" HEADER "214,")),
                         0);
    }
}

static void says_that_the_disk_is_full(void **state)
{
    (void)state;
    struct err err = {0};
    struct report *r = report_open("/dev/full", REPORT_CSV, &err);
    assert_non_null(r);
    assert_true(report_write(r, &usual, &err));
    assert_false(report_flush(r, &err));
    assert_int_equal(err.status, EX_IOERR);
    assert_non_null(strstr(err.text, "/dev/full"));
    assert_false(report_flush(r, &err));
    err.status = 0;
    assert_false(report_close(r, &err));
    assert_int_equal(err.status, EX_IOERR);
}

/* Lines pass the limit at some point: from then on nothing is said to be
 * written. */
static void says_that_a_limit_is_passed(void **state)
{
    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct rlimit small = {.rlim_cur = 100000, .rlim_max = before.rlim_max};
    struct err err = {0};
    struct report *r = report_open(path, REPORT_CSV, &err);
    assert_non_null(r);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    unsigned written = 0;
    while (written < 10000 && report_write(r, &usual, &err)) {
        written++;
    }
    bool closed = report_close(r, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_in_range(written, 1, 9999);
    assert_false(closed);
    assert_int_equal(err.status, EX_IOERR);
}

static void says_that_it_cannot_be_made(void **state)
{
    (void)state;
    struct err err = {0};
    assert_null(report_open("/no/such/folder/report", REPORT_CSV, &err));
    assert_int_equal(err.status, EX_CANTCREAT);
    assert_non_null(strstr(err.text, "/no/such/folder/report"));
    assert_null(report_open(folder, REPORT_CSV, &err));
    assert_int_equal(err.status, EX_CANTCREAT);
    assert_null(report_open("/dev/fd/987", REPORT_CSV, &err));
    assert_int_equal(err.status, EX_CANTCREAT);
}

static void names_every_outcome(void **state)
{
    (void)state;
    static const struct {
        enum outcome outcome;
        const char *name;
        bool failed;
    } cases[] = {
        {OUTCOME_SENT, "sent", false},
        {OUTCOME_REJECTED, "rejected", true},
        {OUTCOME_DEFERRED, "deferred", true},
        {OUTCOME_UNKNOWN, "unknown", true},
        {OUTCOME_PENDING, "pending", true},
        {OUTCOME_INVALID, "invalid", true},
        {OUTCOME_DUPLICATE, "duplicate", false},
        {OUTCOME_SUPPRESSED, "suppressed", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_string_equal(outcome_name(cases[i].outcome), cases[i].name);
        assert_int_equal(outcome_failed(cases[i].outcome), cases[i].failed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_csv),
        cmocka_unit_test(writes_jsonl),
        cmocka_unit_test(leaves_what_is_not_known_empty),
        cmocka_unit_test(quotes_and_guards),
        cmocka_unit_test(replaces_and_makes_private),
        cmocka_unit_test(heads_a_file_without_rows),
        cmocka_unit_test(leaves_standard_output_as_it_is),
        cmocka_unit_test(says_that_the_disk_is_full),
        cmocka_unit_test(says_that_a_limit_is_passed),
        cmocka_unit_test(says_that_it_cannot_be_made),
        cmocka_unit_test(names_every_outcome),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
