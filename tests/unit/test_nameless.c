/* A file that waits for its name: does it get it, whole and once? */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "record/nameless.h"

struct place {
    char folder[64];
    char target[96];
};

static void place_open(struct place *p)
{
    snprintf(p->folder, sizeof p->folder, "/tmp/mailshot-nameless.XXXXXX");
    assert_non_null(mkdtemp(p->folder));
    snprintf(p->target, sizeof p->target, "%s/target", p->folder);
}

static void place_close(struct place *p)
{
    unlink(p->target);
    assert_int_equal(rmdir(p->folder), 0); /* nothing else is left there */
}

static void put(int fd, const char *text)
{
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void assert_holds(const char *path, const char *text)
{
    char found[64] = "";
    struct stat facts;
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(found, sizeof found, file));
    fclose(file);
    assert_string_equal(found, text);
    assert_int_equal(stat(path, &facts), 0);
    assert_int_equal(facts.st_mode & 07777, 0600);
    assert_int_equal(facts.st_nlink, 1);
}

/* One with a name of its own, as where there are none without. */
static int create_named(const char *target, char **name_out)
{
    char *name = malloc(strlen(target) + 8);
    assert_non_null(name);
    snprintf(name, strlen(target) + 8, "%s.XXXXXX", target);
    int fd = mkostemp(name, O_CLOEXEC);
    assert_true(fd >= 0);
    *name_out = name;
    return fd;
}

static int (*const ways[])(const char *target, char **name_out) = {
    nameless_create,
    create_named,
};

typedef bool arrival(int fd, const char *target, char **name);

/* Three of them, each way: what the target holds then. */
static void arrive(arrival *arrives, const char *const holds[3])
{
    for (size_t i = 0; i < 2; i++) {
        struct place p;
        place_open(&p);
        for (int round = 0; round < 3; round++) {
            char text[8];
            char *name;
            snprintf(text, sizeof text, "r%d", round);
            int fd = ways[i](p.target, &name);
            assert_true(fd >= 0);
            put(fd, text);
            assert_true(arrives(fd, p.target, &name));
            assert_null(name);
            close(fd);
            assert_holds(p.target, holds[round]);
        }
        place_close(&p);
    }
}

static void test_it_becomes_its_target(void **state)
{
    (void)state;
    arrive(nameless_become, (const char *const[]){"r0", "r1", "r2"});
}

static void test_who_was_faster_stays(void **state)
{
    (void)state;
    arrive(nameless_appear, (const char *const[]){"r0", "r0", "r0"});
}

static void test_one_that_never_gets_its_name_is_gone(void **state)
{
    (void)state;
    struct place p;
    place_open(&p);
    char *name;
    int fd = nameless_create(p.target, &name);
    assert_true(fd >= 0);
    put(fd, "x");
    close(fd);
    if (name) { /* a file system that has no others */
        unlink(name);
        free(name);
    }
    assert_int_equal(access(p.target, F_OK), -1);
    place_close(&p);
}

static void test_no_folder(void **state)
{
    (void)state;
    char *name;
    assert_int_equal(nameless_create("/tmp/mailshot-nowhere/x", &name), -1);
    assert_int_equal(errno, ENOENT);
    assert_null(name);
}

static void test_a_folder_has_the_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct place p;
        place_open(&p);
        assert_int_equal(mkdir(p.target, 0700), 0);
        char *name;
        int fd = ways[i](p.target, &name);
        assert_true(fd >= 0);
        assert_false(nameless_become(fd, p.target, &name));
        assert_int_equal(errno, EISDIR);
        assert_non_null(name); /* what it is called now, for its owner */
        assert_int_equal(unlink(name), 0);
        free(name);
        close(fd);
        assert_int_equal(rmdir(p.target), 0);
        place_close(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_becomes_its_target),
        cmocka_unit_test(test_who_was_faster_stays),
        cmocka_unit_test(test_one_that_never_gets_its_name_is_gone),
        cmocka_unit_test(test_no_folder),
        cmocka_unit_test(test_a_folder_has_the_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
