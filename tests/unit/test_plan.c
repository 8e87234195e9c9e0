/* mailing/plan: what the first reading says of a list and a template, and that
 * every reading says the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mailing/plan.h"

#define NOTICE                                                                 \
    "From: Ann <ann@sender.example>\nSubject: Hi {{name}}\n\nHello {{name}}\n"

enum { PATH_BYTES = 256, ROWS_MAX = 32 };

static char folder[] = "/tmp/mailshot-test-plan.XXXXXX";
static char list_path[PATH_BYTES];
static char template_path[PATH_BYTES];

static void path_in_folder(char *path, const char *name)
{
    snprintf(path, PATH_BYTES, "%s/%s", folder, name);
}

static void write_file(const char *name, const char *text)
{
    char path[PATH_BYTES];
    path_in_folder(path, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static struct settings ordinary(void)
{
    return (struct settings){
        .list_path = list_path,
        .template_path = template_path,
        .dialect = {.header = true},
        .dedupe = true,
        .key_mode = KEY_FOLD,
        .invalid_max_percent = 100,
    };
}

static void open_fine(struct plan *p, const struct settings *settings)
{
    struct err err = {0};
    if (!plan_open(p, settings, NULL, &err)) {
        fail_msg("%d %s", err.status, err.text);
    }
}

static void open_refused(const struct settings *settings, int status,
                         const char *words)
{
    struct plan p;
    struct err err = {0};
    assert_false(plan_open(&p, settings, NULL, &err));
    if (err.status != status || !strstr(err.text, words)) {
        fail_msg("%d %s", err.status, err.text);
    }
}

/* One reading as text: "2 ok\n3 duplicate same mailbox as line 2\n". */
static void read_all(struct plan *p, char *text, size_t bytes)
{
    struct plan_row row;
    struct err err = {0};
    enum csv_result result;
    size_t at = 0;
    text[0] = '\0';
    while ((result = plan_next(p, &row, &err)) == CSV_RESULT_ROW) {
        at += (size_t)snprintf(text + at, bytes - at, "%u %s%s%.*s\n",
                               row.csv.line,
                               clean_status_name(row.verdict.status),
                               row.reason.len > 0 ? " " : "",
                               (int)row.reason.len, row.reason.data);
        assert_true(at < bytes);
    }
    if (result != CSV_RESULT_END) {
        fail_msg("%s", err.text);
    }
}

/* All readings of that list say the same: what is expected. */
static void expect_readings(const struct settings *settings,
                            const char *expected)
{
    char text[4096];
    struct plan p;
    struct err err = {0};
    open_fine(&p, settings);
    for (int reading = 1; reading <= 3; reading++) {
        read_all(&p, text, sizeof text);
        assert_string_equal(text, expected);
        assert_true(plan_rewind(&p, &err));
    }
    plan_close(&p);
}

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder)) {
        return -1;
    }
    path_in_folder(list_path, "list.csv");
    path_in_folder(template_path, "notice.eml");
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int kind,
                      struct FTW *place)
{
    (void)st;
    (void)kind;
    (void)place;
    return remove(path);
}

static int remove_folder(void **state)
{
    (void)state;
    return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void counts_what_it_reads(void **state)
{
    (void)state;
    write_file("list.csv", "email,name\nann@x.example,Ann\nbob@x.example,Bob\n"
                           "ANN@X.example,Ann\nno at,Eve\n\xff@x.example,E\n");
    write_file("notice.eml", NOTICE);
    struct settings settings = ordinary();
    struct plan p;
    struct err err = {0};
    open_fine(&p, &settings);
    assert_true(plan_count(&p, &err));
    for (int reading = 1; reading <= 2; reading++) {
        char text[1024];
        assert_int_equal(p.rows, 5);
        assert_int_equal(p.by_status[CLEAN_OK], 2);
        assert_int_equal(p.by_status[CLEAN_INVALID], 2);
        assert_int_equal(p.by_status[CLEAN_DUPLICATE], 1);
        assert_int_equal(p.by_status[CLEAN_SUPPRESSED], 0);
        read_all(&p, text, sizeof text);
        assert_true(plan_rewind(&p, &err));
    }
    plan_close(&p);
}

static void judges_alike_in_every_reading(void **state)
{
    (void)state;
    write_file("list.csv",
               "email,name\nann@x.example,Ann\nAnn@X.example,Ann\n"
               "no at,Eve\n bob@x.example ,Bob\n\"\"\"bob\"\"@x.example\",B\n"
               "ann@x.example,Ann\ncarl@x.example,C\xff\n");
    write_file("notice.eml", NOTICE);
    struct settings settings = ordinary();
    expect_readings(&settings,
                    "2 ok\n3 duplicate same mailbox as line 2\n"
                    "4 invalid no @\n5 ok\n"
                    "6 duplicate same mailbox as line 5\n"
                    "7 duplicate same mailbox as line 2\n"
                    "8 invalid column \"name\": not UTF-8 (windows-1252? "
                    "convert with iconv)\n");
    settings.template_path = NULL;
    settings.dedupe = false;
    expect_readings(&settings,
                    "2 ok\n3 ok\n4 invalid no @\n5 ok\n6 ok\n7 ok\n"
                    "8 invalid column \"name\": not UTF-8 (windows-1252? "
                    "convert with iconv)\n");
}

/* Lines only, since the words are the letter room's. */
static void expect_statuses(const struct settings *settings,
                            const char *expected)
{
    struct plan p;
    struct err err = {0};
    open_fine(&p, settings);
    for (int reading = 1; reading <= 3; reading++) {
        char text[256] = "";
        size_t at = 0;
        struct plan_row row;
        while (plan_next(&p, &row, &err) == CSV_RESULT_ROW) {
            at += (size_t)snprintf(
                text + at, sizeof text - at, "%u%c%u ", row.csv.line,
                *clean_status_name(row.verdict.status), row.verdict.first_line);
            assert_int_equal(row.reason.len == 0,
                             row.verdict.status == CLEAN_OK);
        }
        assert_string_equal(text, expected);
        assert_true(plan_rewind(&p, &err));
    }
    plan_close(&p);
}

/* A row that can be no letter does not keep others with its address from
 * being mailed: the next one that can be a letter is the first. */
static void a_refused_row_has_an_heir(void **state)
{
    (void)state;
    write_file("list.csv",
               "email,name\na@x.example,\"A\nB\"\na@x.example,\"A\nB\"\n"
               "b@x.example,Bob\nA@x.example,Ann\na@x.example,Ann\n"
               "b@x.example,\"B\nC\"\nb@x.example,Bob\n"
               "c@x.example,\"C\nD\"\n");
    write_file("notice.eml", NOTICE);
    struct settings settings = ordinary();
    expect_statuses(&settings, "2i0 4i0 6o0 7o0 8d7 9i0 11d6 12i0 ");
}

static void max_invalid_stops(void **state)
{
    (void)state;
    static const struct {
        unsigned percent;
        bool fine;
    } cases[] = {{100, true}, {51, true}, {50, true}, {49, false}, {0, false}};
    write_file("list.csv", "email,name\nann@x.example,Ann\n\nno at,\"E\nve\"\n"
                           "bob@x.example,Bob\nb@@x.example,\n");
    write_file("notice.eml", NOTICE);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct settings settings = ordinary();
        settings.template_path = NULL;
        settings.invalid_max_percent = cases[i].percent;
        struct plan p;
        struct err err = {0};
        open_fine(&p, &settings);
        assert_int_equal(plan_count(&p, &err), cases[i].fine);
        if (!cases[i].fine) {
            assert_int_equal(err.status, EX_DATAERR);
            assert_non_null(strstr(err.text, "list.csv:4: invalid: no @"));
            assert_non_null(strstr(err.text, "2 of 4"));
        }
        plan_close(&p);
    }
}

static void names_what_cannot_be_read(void **state)
{
    (void)state;
    write_file("list.csv", "email,name\nann@x.example,Ann\n");
    write_file("notice.eml", NOTICE);
    struct settings settings = ordinary();
    settings.list_path = "/nonexistent/list.csv";
    open_refused(&settings, EX_NOINPUT, "/nonexistent/list.csv");
    settings = ordinary();
    settings.template_path = "/nonexistent/notice.eml";
    open_refused(&settings, EX_NOINPUT, "/nonexistent/notice.eml");
    settings.template_path = folder;
    open_refused(&settings, EX_NOINPUT, "directory");
    settings = ordinary();
    settings.column = SPAN("emial");
    open_refused(&settings, EX_DATAERR, "did you mean \"email\"");
    write_file("notice.eml", "From: ann@x.example\n\nHello {{nmae}}\n");
    settings = ordinary();
    open_refused(&settings, EX_DATAERR, "did you mean \"name\"");
    const char *suppress[] = {"/nonexistent/gone.txt"};
    settings.suppress = suppress;
    settings.suppress_count = 1;
    settings.template_path = NULL;
    open_refused(&settings, EX_NOINPUT, "/nonexistent/gone.txt");
}

static void a_template_has_a_ceiling(void **state)
{
    (void)state;
    write_file("list.csv", "email,name\nann@x.example,Ann\n");
    write_file("notice.eml", "");
    assert_int_equal(truncate(template_path, 64 * 1024 * 1024 + 1), 0);
    struct settings settings = ordinary();
    open_refused(&settings, EX_DATAERR, "longer than 67108864 bytes");
    write_file("notice.eml", NOTICE);
}

/* The letter of the first row, as text. */
static void first_letter(const struct settings *settings, char *text,
                         size_t bytes, char *id, size_t id_bytes)
{
    struct plan p;
    struct err err = {0};
    struct plan_row row;
    struct letter_values values;
    struct letter letter;
    struct span reason;
    struct arena arena;
    arena_init(&arena);
    open_fine(&p, settings);
    assert_true(plan_count(&p, &err));
    assert_int_equal(plan_next(&p, &row, &err), CSV_RESULT_ROW);
    plan_values(&p, &row, plan_date(&p), &arena, &values);
    assert_true(draft_fill(p.draft, &values, &arena, &letter, &reason));
    size_t at = 0;
    for (size_t i = 0; i < letter.part_count; i++) {
        at += (size_t)snprintf(text + at, bytes - at, "%.*s",
                               (int)letter.parts[i].len, letter.parts[i].data);
        assert_true(at < bytes);
    }
    assert_true(span_equal(letter.message_id, values.message_id));
    snprintf(id, id_bytes, "%.*s", (int)values.message_id.len,
             values.message_id.data);
    plan_close(&p);
    arena_release(&arena);
}

static void ids_are_reproducible_or_random(void **state)
{
    (void)state;
    char text[2][4096];
    char id[4][400];
    write_file("list.csv", "email,name\nann@x.example,Ann\n");
    write_file("notice.eml", NOTICE);
    struct settings settings = ordinary();
    first_letter(&settings, text[0], sizeof text[0], id[0], sizeof id[0]);
    first_letter(&settings, text[1], sizeof text[1], id[1], sizeof id[1]);
    assert_string_not_equal(id[0], id[1]);
    assert_int_equal(strlen(id[0]), 26 + strlen("<@sender.example>"));

    settings.reproducible = true;
    settings.epoch_s = 1700000000;
    first_letter(&settings, text[0], sizeof text[0], id[0], sizeof id[0]);
    first_letter(&settings, text[1], sizeof text[1], id[1], sizeof id[1]);
    assert_string_equal(text[0], text[1]);
    assert_string_equal(id[0], id[1]);
    assert_non_null(strstr(text[0], "Date: Tue, 14 Nov 2023 22:13:20 +0000"));

    settings.epoch_s++;
    first_letter(&settings, text[1], sizeof text[1], id[2], sizeof id[2]);
    assert_string_not_equal(id[0], id[2]);
    settings.epoch_s--;
    write_file("notice.eml", NOTICE "more\n");
    first_letter(&settings, text[1], sizeof text[1], id[3], sizeof id[3]);
    assert_string_not_equal(id[0], id[3]);
}

static void a_sender_by_row_gives_the_domain(void **state)
{
    (void)state;
    char text[4096];
    char id[400];
    write_file("list.csv", "email,from\nann@x.example,bob@b\xc3\xbc"
                           "cher.example\n");
    write_file("notice.eml", "From: Bob <{{from}}>\nSubject: x\n\nHello\n");
    struct settings settings = ordinary();
    first_letter(&settings, text, sizeof text, id, sizeof id);
    assert_non_null(strstr(id, "@xn--bcher-kva.example>"));
    settings.sender = SPAN("<>"); /* whoever bounces go to */
    first_letter(&settings, text, sizeof text, id, sizeof id);
    assert_non_null(strstr(id, "@xn--bcher-kva.example>"));
}

/* Equal addresses that are all mailed have ids of their own. */
static void every_letter_has_its_own_id(void **state)
{
    (void)state;
    static const struct {
        bool dedupe;
        enum key_mode mode;
    } cases[] = {{false, KEY_FOLD}, {true, KEY_EXACT}};
    write_file("list.csv", "email,name\nann@x.example,A\nAnn@x.example,A\n"
                           "ANN@x.example,A\n");
    write_file("notice.eml", NOTICE);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct settings settings = ordinary();
        settings.dedupe = cases[i].dedupe;
        settings.key_mode = cases[i].mode;
        struct plan p;
        struct err err = {0};
        struct plan_row row;
        struct span ids[3];
        struct arena arena;
        arena_init(&arena);
        open_fine(&p, &settings);
        assert_true(plan_count(&p, &err));
        for (size_t at = 0; at < 3; at++) {
            struct letter_values values;
            assert_int_equal(plan_next(&p, &row, &err), CSV_RESULT_ROW);
            plan_values(&p, &row, 0, &arena, &values);
            ids[at] = values.message_id;
        }
        assert_false(span_equal(ids[0], ids[1]));
        assert_false(span_equal(ids[1], ids[2]));
        assert_false(span_equal(ids[0], ids[2]));
        plan_close(&p);
        arena_release(&arena);
    }
}

static void partials_lie_beside_the_template(void **state)
{
    (void)state;
    char text[4096];
    char id[400];
    write_file("list.csv", "email,name\nann@x.example,Ann\n");
    write_file("foot", "exactly {{name}}\n");
    write_file("foot.mustache", "not this\n");
    write_file("head.mustache", "by suffix\n");
    write_file("nothing", "");
    write_file("notice.eml", "From: ann@x.example\nSubject: x\n\n{{> head}}\n"
                             "{{> nothing}}\n{{> foot}}\n{{> foot}}\n");
    struct settings settings = ordinary();
    first_letter(&settings, text, sizeof text, id, sizeof id);
    assert_non_null(strstr(text, "by suffix\r\nexactly Ann\r\nexactly Ann"));
    assert_null(strstr(text, "not this"));
}

static void partials_lie_nowhere_else(void **state)
{
    (void)state;
    static const char *const names[] = {
        "/etc/passwd", "../passwd", "sub/foot", "..",
        ".",           "missing",   "sub",      "pipe",
    };
    char path[PATH_BYTES];
    path_in_folder(path, "sub");
    assert_int_equal(mkdir(path, 0700), 0);
    write_file("sub/foot", "no\n");
    path_in_folder(path, "pipe");
    assert_int_equal(mkfifo(path, 0600), 0);
    write_file("list.csv", "email,name\nann@x.example,Ann\n");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char text[256];
        snprintf(text, sizeof text,
                 "From: ann@x.example\nSubject: x\n\n{{> %s}}\n", names[i]);
        write_file("notice.eml", text);
        struct settings settings = ordinary();
        open_refused(&settings, EX_DATAERR, names[i]);
    }
    write_file("notice.eml", NOTICE);
}

static void a_reading_cut_short_is_begun_anew(void **state)
{
    (void)state;
    write_file("list.csv", "email,name\na@x.example,\"A\nB\"\n"
                           "a@x.example,Ann\nb@x.example,Bob\n");
    write_file("notice.eml", NOTICE);
    struct settings settings = ordinary();
    struct plan p;
    struct plan_row row;
    struct err err = {0};
    open_fine(&p, &settings);
    assert_int_equal(plan_next(&p, &row, &err), CSV_RESULT_ROW);
    assert_true(plan_rewind(&p, &err));
    assert_int_equal(p.rows, 3);
    assert_int_equal(p.by_status[CLEAN_OK], 2);
    assert_int_equal(plan_next(&p, &row, &err), CSV_RESULT_ROW);
    assert_int_equal(row.csv.line, 2);
    plan_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_what_it_reads),
        cmocka_unit_test(judges_alike_in_every_reading),
        cmocka_unit_test(a_refused_row_has_an_heir),
        cmocka_unit_test(max_invalid_stops),
        cmocka_unit_test(names_what_cannot_be_read),
        cmocka_unit_test(a_template_has_a_ceiling),
        cmocka_unit_test(ids_are_reproducible_or_random),
        cmocka_unit_test(a_sender_by_row_gives_the_domain),
        cmocka_unit_test(every_letter_has_its_own_id),
        cmocka_unit_test(partials_lie_beside_the_template),
        cmocka_unit_test(partials_lie_nowhere_else),
        cmocka_unit_test(a_reading_cut_short_is_begun_anew),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
