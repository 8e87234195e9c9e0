/* record/notes: what was said of a row is found again, the last one counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>

#include "record/notes.h"

static struct note note_of(unsigned number, char *text, size_t bytes)
{
    int len = snprintf(text, bytes, "reason %u", number);
    return (struct note){.code = number % 1000,
                         .enhanced = SPAN("5.1.1"),
                         .reason = span_from(text, (size_t)len)};
}

static void assert_note(struct notes *n, uint32_t index, unsigned number)
{
    char text[32];
    struct note expected = note_of(number, text, sizeof text);
    struct arena arena;
    arena_init(&arena);
    struct note found;
    struct err err = {0};
    assert_true(notes_get(n, index, &arena, &found, &err));
    assert_int_equal(found.code, expected.code);
    assert_true(span_equal(found.enhanced, expected.enhanced));
    assert_true(span_equal(found.reason, expected.reason));
    arena_release(&arena);
}

static void assert_none(struct notes *n, uint32_t index)
{
    struct arena arena;
    arena_init(&arena);
    struct note found;
    struct err err = {.status = 1};
    assert_false(notes_get(n, index, &arena, &found, &err));
    assert_int_equal(err.status, 0);
    arena_release(&arena);
}

static void put(struct notes *n, uint32_t index, unsigned number)
{
    char text[32];
    struct note note = note_of(number, text, sizeof text);
    struct err err = {0};
    assert_true(notes_put(n, index, &note, &err));
}

static void finds_each_again(void **state)
{
    (void)state;
    struct err err = {0};
    struct notes *n = notes_create(&err);
    assert_non_null(n);
    assert_none(n, 0);
    /* Every third row, in an order of its own. */
    for (uint32_t i = 0; i < 30000; i++) {
        uint32_t row = i * 7919 % 30000;
        put(n, row * 3, row);
    }
    put(n, UINT32_MAX, 77);
    put(n, 3, 555);
    put(n, 3, 556);
    for (uint32_t row = 0; row < 30000; row++) {
        assert_note(n, row * 3, row == 1 ? 556 : row);
        assert_none(n, row * 3 + 1);
    }
    assert_note(n, UINT32_MAX, 77);
    assert_none(n, UINT32_MAX - 1);
    /* Reading and writing take turns. */
    put(n, 4, 9);
    assert_note(n, 4, 9);
    assert_note(n, 6, 2);
    notes_destroy(n);
}

static void keeps_empty_ones(void **state)
{
    (void)state;
    struct err err = {0};
    struct notes *n = notes_create(&err);
    assert_non_null(n);
    const struct note empty = {.code = 0};
    assert_true(notes_put(n, 0, &empty, &err));
    struct arena arena;
    arena_init(&arena);
    struct note found;
    assert_true(notes_get(n, 0, &arena, &found, &err));
    assert_int_equal(found.code, 0);
    assert_int_equal(found.enhanced.len, 0);
    assert_int_equal(found.reason.len, 0);
    arena_release(&arena);
    notes_destroy(n);
}

static void cuts_long_ones_between_characters(void **state)
{
    (void)state;
    enum { BYTES = 6000 };
    char *reason = malloc(BYTES);
    assert_non_null(reason);
    for (size_t shift = 0; shift < 4; shift++) {
        /* Characters of two bytes, from an odd or an even place on. */
        memset(reason, 'x', shift);
        for (size_t i = shift; i + 1 < BYTES; i += 2) {
            memcpy(reason + i, "\xc3\xa9", 2);
        }
        struct err err = {0};
        struct notes *n = notes_create(&err);
        assert_non_null(n);
        const struct note note = {.code = 550,
                                  .reason = span_from(reason, BYTES - 4)};
        assert_true(notes_put(n, 9, &note, &err));
        struct arena arena;
        arena_init(&arena);
        struct note found;
        assert_true(notes_get(n, 9, &arena, &found, &err));
        assert_int_equal(found.reason.len, 4096 - shift % 2);
        assert_memory_equal(found.reason.data, reason, found.reason.len);
        arena_release(&arena);
        notes_destroy(n);
    }
    free(reason);
}

static void says_where_there_is_no_folder(void **state)
{
    (void)state;
    struct err err = {0};
    setenv("TMPDIR", "/no/such/folder", 1);
    assert_null(notes_create(&err));
    unsetenv("TMPDIR");
    assert_int_equal(err.status, EX_CANTCREAT);
    assert_non_null(strstr(err.text, "/no/such/folder"));
}

static void says_that_there_is_no_room(void **state)
{
    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct rlimit small = {.rlim_cur = 100000, .rlim_max = before.rlim_max};
    struct err err = {0};
    struct notes *n = notes_create(&err);
    assert_non_null(n);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    char text[32];
    struct note note = note_of(1, text, sizeof text);
    uint32_t written = 0;
    while (written < 100000 && notes_put(n, written, &note, &err)) {
        written++;
    }
    struct arena arena;
    arena_init(&arena);
    struct note found;
    struct err later = {0};
    bool had = notes_get(n, 0, &arena, &found, &later);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_in_range(written, 1, 99999);
    assert_int_equal(err.status, EX_IOERR);
    assert_false(had);
    assert_int_equal(later.status, EX_IOERR);
    arena_release(&arena);
    notes_destroy(n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_each_again),
        cmocka_unit_test(keeps_empty_ones),
        cmocka_unit_test(cuts_long_ones_between_characters),
        cmocka_unit_test(says_where_there_is_no_folder),
        cmocka_unit_test(says_that_there_is_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
