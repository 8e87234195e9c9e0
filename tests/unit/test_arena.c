/* base/arena: pieces that do not overlap, are aligned, and stay where they
 * are until all go at once. */
#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

static void gives_pieces_that_stay(void **state)
{
    (void)state;
    enum { PIECES = 500 };
    struct arena a;
    arena_init(&a);
    for (int round = 0; round < 3; round++) {
        unsigned char *pieces[PIECES];
        for (size_t i = 0; i < PIECES; i++) {
            size_t bytes = i * i % 9001;
            pieces[i] = arena_alloc(&a, bytes);
            assert_non_null(pieces[i]);
            assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
            memset(pieces[i], (int)(i % 255), bytes);
        }
        for (size_t i = 0; i < PIECES; i++) {
            for (size_t j = 0; j < i * i % 9001; j++) {
                assert_int_equal(pieces[i][j], i % 255);
            }
        }
        arena_reset(&a);
    }
    arena_release(&a);
    arena_release(&a);
}

static void copies(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    char text[] = "a\0b";
    struct span copy = arena_copy(&a, span_from(text, 3));
    text[0] = 'x';
    assert_true(span_equal(copy, SPAN("a\0b")));
    assert_int_equal(arena_copy(&a, (struct span){NULL, 0}).len, 0);
    arena_reset(&a);
    arena_release(&a);
}

static void keeps_a_block_when_it_is_reset(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    arena_reset(&a);
    void *first = arena_alloc(&a, 100);
    arena_reset(&a);
    assert_ptr_equal(arena_alloc(&a, 50), first);
    arena_release(&a);
}

static void has_room_for_as_much_the_next_time(void **state)
{
    (void)state;
    enum { PIECES = 100, BYTES = 160 };
    struct arena a;
    arena_init(&a);
    for (int i = 0; i < PIECES; i++) {
        arena_alloc(&a, BYTES);
    }
    arena_reset(&a);
    char *first = arena_alloc(&a, BYTES);
    for (int i = 1; i < PIECES; i++) {
        assert_ptr_equal(arena_alloc(&a, BYTES), first + (size_t)i * BYTES);
    }
    arena_release(&a);
}

static void count(void *thing)
{
    ++*(int *)thing;
}

static void lets_go_of_what_is_held(void **state)
{
    (void)state;
    struct arena a;
    int one = 0;
    int two = 0;
    arena_init(&a);
    arena_hold(&a, count, &one);
    arena_alloc(&a, 10000);
    arena_hold(&a, count, &two);
    assert_int_equal(one + two, 0);
    arena_reset(&a);
    assert_int_equal(one, 1);
    assert_int_equal(two, 1);
    arena_hold(&a, count, &two);
    arena_release(&a);
    arena_release(&a);
    assert_int_equal(one, 1);
    assert_int_equal(two, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_pieces_that_stay),
        cmocka_unit_test(copies),
        cmocka_unit_test(keeps_a_block_when_it_is_reset),
        cmocka_unit_test(has_room_for_as_much_the_next_time),
        cmocka_unit_test(lets_go_of_what_is_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
