/* mailing/attached: files are found beneath their folder alone, with and
 * without openat2; they are read once, whole or not at all, and live as long as
 * they are held. */
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "mailing/attached.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const struct siphash_key key = {{4, 5, 6}};
static char top[] = "/tmp/mailshot-attached.XXXXXX";

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int make_folder(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(top));
    assert_int_equal(chdir(top), 0);
    assert_int_equal(mkdir("d", 0700), 0);
    assert_int_equal(mkdir("d/sub", 0700), 0);
    write_file("outside", "secret");
    write_file("d/one", "1");
    write_file("d/sub/two", "2");
    assert_int_equal(symlink("../outside", "d/out"), 0);
    assert_int_equal(symlink("..", "d/up"), 0);
    assert_int_equal(symlink("one", "d/in"), 0);
    assert_int_equal(symlink("/proc/self/fd", "d/magic"), 0);
    return 0;
}

static int remove_one(const char *path, const struct stat *facts, int kind,
                      struct FTW *where)
{
    (void)facts;
    (void)kind;
    (void)where;
    return remove(path);
}

static int remove_folder(void **state)
{
    (void)state;
    return chdir("/") == 0 ? nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS)
                           : 1;
}

struct asked {
    bool fine;
    struct enclosure had;
    struct span reason;
};

static struct asked ask(struct attached *a, const char *file,
                        struct arena *arena)
{
    struct enclosures e = attached_enclosures(a);
    struct enclosure_request request = {.file = span_of(file)};
    struct asked asked = {0};
    struct span looked = {0};
    bool there = e.look(e.context, &request, arena, &looked);
    asked.fine = e.take(e.context, &request, arena, &asked.had, &asked.reason);
    assert_int_equal(there, asked.fine);
    assert_true(span_equal(looked, asked.reason));
    return asked;
}

static const struct {
    const char *file;
    bool with, without; /* links are followed, or not */
} paths[] = {
    {"one", true, true},           {"./one", true, true},
    {"sub//two", true, true},      {"d/one", true, true},
    {"in", true, false},           {"sub/../one", true, false},
    {"out", false, false},         {"up/outside", false, false},
    {"../outside", false, false},  {"sub/../../outside", false, false},
    {"/etc/passwd", false, false}, {"magic/0", false, false},
    {"one/", false, false},        {"one/x", false, false},
    {"none", false, false},        {"sub", false, false},
    {"..", false, false},          {"", false, false},
    {"a\nb", false, false},        {"a\xff", false, false},
};

static void finds_files_beneath_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(paths) * 2; i++) {
        struct attached a;
        struct arena arena;
        struct err err;
        arena_init(&arena);
        attached_init(&a);
        assert_true(attached_open(&a, "d", &key, &err));
        a.links = i % 2 == 0;
        bool want = a.links ? paths[i / 2].with : paths[i / 2].without;
        struct asked asked = ask(&a, paths[i / 2].file, &arena);
        if (asked.fine != want) {
            fail_msg("%s (%zu): %.*s", paths[i / 2].file, i % 2,
                     (int)asked.reason.len, asked.reason.data);
        }
        attached_release(&a);
        arena_release(&arena);
    }
}

static void reads_a_file_once_while_it_is_kept(void **state)
{
    (void)state;
    struct attached a;
    struct arena one;
    struct arena two;
    struct err err;
    arena_init(&one);
    arena_init(&two);
    attached_init(&a);
    assert_true(attached_open(&a, "d", &key, &err));
    struct asked first = ask(&a, "one", &one);
    write_file("d/one", "other");
    struct asked again = ask(&a, "one", &two);
    assert_ptr_equal(first.had.part.data, again.had.part.data);

    /* It is had though the shelf has been cleared, and others took its room. */
    attached_release(&a);
    arena_reset(&one);
    static const char tail[] = "\r\n\r\nMQ==\r\n";
    assert_true(span_ends(again.had.part, SPAN(tail)));
    assert_true(attached_open(&a, "d", &key, &err));
    struct asked later = ask(&a, "one", &one);
    assert_int_not_equal(
        memcmp(&later.had.print, &again.had.print, sizeof later.had.print), 0);
    attached_release(&a);
    arena_release(&one);
    arena_release(&two);
}

static void keeps_so_many_and_no_more(void **state)
{
    (void)state;
    struct attached a;
    struct arena arena;
    struct err err;
    arena_init(&arena);
    attached_init(&a);
    assert_true(attached_open(&a, "d", &key, &err));
    for (int i = 0; i < 2 * ATTACHED_KEPT_MAX; i++) {
        char name[32];
        snprintf(name, sizeof name, "d/n%d", i);
        write_file(name, name);
        assert_true(ask(&a, name + 2, &arena).fine);
        arena_reset(&arena);
        assert_true(a.kept_count <= ATTACHED_KEPT_MAX);
    }
    assert_int_equal(a.kept_count, ATTACHED_KEPT_MAX);
    int big = open("d/big", O_WRONLY | O_CREAT, 0600);
    assert_int_equal(ftruncate(big, 30 << 20), 0);
    close(big);
    assert_true(ask(&a, "big", &arena).fine);
    arena_reset(&arena);
    assert_int_equal(symlink("big", "d/big2"), 0);
    assert_true(ask(&a, "big2", &arena).fine);
    assert_true(a.kept_bytes <= ATTACHED_KEPT_BYTES_MAX);
    assert_int_equal(a.kept_count, 1);
    attached_release(&a);
    arena_release(&arena);
}

/* --- what happens while a file is read --- */

static void (*meanwhile)(void);

/* In place of the C library's: after the first bytes something happens. */
ssize_t read(int descriptor, void *to, size_t bytes)
{
    size_t some = meanwhile && bytes > 2 ? 2 : bytes;
    ssize_t got = syscall(SYS_read, descriptor, to, some);
    if (meanwhile && got > 0) {
        meanwhile();
        meanwhile = NULL;
    }
    return got;
}

/* Longer ago than a clock of the file system may tell apart. */
static void age(const char *path)
{
    const struct timespec then[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
    assert_int_equal(utimensat(AT_FDCWD, path, then, 0), 0);
}

static void overwrite(const char *path, off_t at, const char *text)
{
    int file = open(path, O_WRONLY);
    assert_true(file >= 0);
    ssize_t len = (ssize_t)strlen(text);
    assert_int_equal(pwrite(file, text, (size_t)len, at), len);
    assert_int_equal(close(file), 0);
}

static void grow(void)
{
    overwrite("d/moving", 6, "more");
}

static void shrink(void)
{
    assert_int_equal(truncate("d/moving", 3), 0);
}

static void empty(void)
{
    assert_int_equal(truncate("d/moving", 0), 0);
}

static void change(void)
{
    overwrite("d/moving", 4, "!!");
}

static void change_what_was_read(void)
{
    overwrite("d/moving", 0, "!");
}

static void replace(void)
{
    write_file("d/new", "other words");
    assert_int_equal(rename("d/new", "d/moving"), 0);
}

static void take_away(void)
{
    assert_int_equal(unlink("d/moving"), 0);
}

static const struct {
    void (*what)(void);
    bool fine;
} changes[] = {
    {grow, false},     {shrink, false}, {empty, false},
    {change, false},   {replace, true}, {change_what_was_read, false},
    {take_away, true},
};

/* No letter has a file of which one half is older than the other. */
static void takes_no_file_that_changes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(changes); i++) {
        struct attached a;
        struct arena arena;
        struct err err;
        arena_init(&arena);
        attached_init(&a);
        assert_true(attached_open(&a, "d", &key, &err));
        write_file("d/moving", "abcdef");
        age("d/moving");
        struct enclosures e = attached_enclosures(&a);
        struct enclosure_request request = {.file = SPAN("moving")};
        struct enclosure had = {0};
        struct span reason = {0};
        meanwhile = changes[i].what;
        bool fine = e.take(e.context, &request, &arena, &had, &reason);
        assert_null(meanwhile);
        assert_int_equal(fine, changes[i].fine);
        static const char tail[] = "\r\n\r\nYWJjZGVm\r\n";
        static const char why[] =
            "attachment \"moving\": it changed while it was read";
        assert_true(fine ? span_ends(had.part, SPAN(tail))
                         : span_equal(reason, SPAN(why)));
        /* It is not remembered as it was not. */
        assert_int_equal(a.kept_count, fine);
        attached_release(&a);
        arena_release(&arena);
    }
}

static void says_where_there_is_no_folder(void **state)
{
    (void)state;
    struct attached a;
    struct err err = {0};
    attached_init(&a);
    assert_false(attached_open(&a, "d/none", &key, &err));
    assert_int_equal(err.status, EX_NOINPUT);
    assert_false(attached_open(&a, "d/one", &key, &err));
    attached_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_files_beneath_alone),
        cmocka_unit_test(reads_a_file_once_while_it_is_kept),
        cmocka_unit_test(keeps_so_many_and_no_more),
        cmocka_unit_test(takes_no_file_that_changes),
        cmocka_unit_test(says_where_there_is_no_folder),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
