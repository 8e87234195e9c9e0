/* record/metrics: the whole file, its escapes, and who may read it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "record/metrics.h"

static char folder[] = "/tmp/mailshot-metrics.XXXXXX";
static char path[128];

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder)) {
        return -1;
    }
    snprintf(path, sizeof path, "%s/news.prom", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder); /* fails where a temporary file was left behind */
}

static const char *content(void)
{
    static char text[8192];
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t len = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[len] = '\0';
    return text;
}

static void write_down(const struct metrics *m)
{
    struct err err = {0};
    assert_true(metrics_write(path, m, &err));
}

static void the_whole_of_one_that_ended(void **state)
{
    (void)state;
    const struct metrics m = {
        .mailing = SPAN("news"),
        .by_outcome = {[OUTCOME_SENT] = 7, [OUTCOME_REJECTED] = 2},
        .rows = 9,
        .elapsed_ms = 2500,
        .now_s = 1700000000,
        .status = 67,
    };
    write_down(&m);
    const char *text = content();
    static const char *const lines[] = {
        "# TYPE mailshot_rows gauge\nmailshot_rows{mailing=\"news\"} 9\n",
        "\nmailshot_running{mailing=\"news\"} 0\n",
        "\nmailshot_run_seconds{mailing=\"news\"} 2\n",
        "\nmailshot_updated_timestamp_seconds{mailing=\"news\"} 1700000000\n",
        "\nmailshot_exit_status{mailing=\"news\"} 67\n",
        "\nmailshot_rows_settled{mailing=\"news\",status=\"sent\"} 7\n",
        "\nmailshot_rows_settled{mailing=\"news\",status=\"rejected\"} 2\n",
        "\nmailshot_rows_settled{mailing=\"news\",status=\"unknown\"} 0\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        assert_non_null(strstr(text, lines[i]));
    }
    struct stat facts;
    assert_int_equal(stat(path, &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0644);
}

static void one_that_runs_has_no_status(void **state)
{
    (void)state;
    const struct metrics m = {.mailing = SPAN("news"), .running = true};
    write_down(&m);
    assert_null(strstr(content(), "exit_status"));
    assert_non_null(strstr(content(), "mailshot_running{mailing=\"news\"} 1"));
}

static void a_name_stays_in_its_quotes(void **state)
{
    (void)state;
    const struct metrics m = {.mailing = SPAN("a\"b\\c\nd")};
    write_down(&m);
    assert_non_null(strstr(content(), "{mailing=\"a\\\"b\\\\c\\nd\"}"));
}

static void who_cannot_make_it_says_so(void **state)
{
    (void)state;
    const struct metrics m = {.mailing = SPAN("news")};
    struct err err = {0};
    assert_false(metrics_write("/nowhere/at/all.prom", &m, &err));
    assert_int_equal(err.status, EX_CANTCREAT);
    assert_non_null(strstr(err.text, "/nowhere/at/all.prom"));
    err = (struct err){0};
    assert_false(metrics_write("/dev/full", &m, &err));
    assert_int_equal(err.status, EX_IOERR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_of_one_that_ended),
        cmocka_unit_test(one_that_runs_has_no_status),
        cmocka_unit_test(a_name_stays_in_its_quotes),
        cmocka_unit_test(who_cannot_make_it_says_so),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
