/* base/set: every member found at its index, through many rebuilds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/set.h"

static const struct siphash_key key = {{1, 2, 3}};

static struct siphash_print print_of(uint32_t number)
{
    return siphash(&key, span_from((const char *)&number, sizeof number));
}

static void keeps_members_in_order(void **state)
{
    (void)state;
    enum { COUNT = 200000 };
    struct set s;
    set_init(&s);
    for (uint32_t i = 0; i < COUNT; i++) {
        struct siphash_print print = print_of(i);
        bool added;
        assert_int_equal(set_put(&s, &print, i + 7, &added), i);
        assert_true(added);
    }
    for (uint32_t i = 0; i < COUNT; i++) {
        struct siphash_print print = print_of(i);
        bool added;
        assert_int_equal(set_put(&s, &print, 1, &added), i);
        assert_false(added);
        assert_int_equal(set_line(&s, i), i + 7);
    }
    struct siphash_print absent = print_of(COUNT);
    uint32_t index;
    assert_false(set_find(&s, &absent, &index));
    set_release(&s);
}

/* Again and again: in the order of coming, with others in between, from the
 * middle on, backwards. */
static void finds_them_again_in_any_order(void **state)
{
    (void)state;
    enum { COUNT = 3000, READINGS = 4 };
    static const uint32_t factors[READINGS] = {1, 1, 7, COUNT - 1};
    struct set s;
    set_init(&s);
    bool added;
    for (uint32_t i = 0; i < COUNT; i++) {
        struct siphash_print print = print_of(i);
        set_put(&s, &print, i + 7, &added);
    }
    for (uint32_t reading = 0; reading < READINGS; reading++) {
        set_rewind(&s);
        for (uint32_t i = 0; i < COUNT; i++) {
            uint32_t number = i * factors[reading] % COUNT;
            struct siphash_print print = print_of(number);
            struct siphash_print other = print_of((number + i) % COUNT);
            assert_int_equal(set_put(&s, &print, 1, &added), number);
            assert_false(added);
            assert_int_equal(set_put(&s, &other, 1, &added),
                             (number + i) % COUNT);
            assert_false(added);
        }
        struct siphash_print fresh = print_of(COUNT + reading);
        assert_int_equal(set_put(&s, &fresh, reading, &added), COUNT + reading);
        assert_true(added);
        assert_int_equal(set_line(&s, COUNT + reading), reading);
    }
    assert_int_equal(s.count, COUNT + READINGS);
    set_release(&s);
}

static void finds_nothing_in_an_empty_set(void **state)
{
    (void)state;
    struct set s;
    set_init(&s);
    struct siphash_print print = print_of(1);
    uint32_t index;
    assert_false(set_find(&s, &print, &index));
    set_release(&s);
}

/* All that the table keeps of them is alike, or nearly: what tells them apart
 * are their last bytes alone. */
static void tells_neighbours_apart(void **state)
{
    (void)state;
    enum { COUNT = 2000 };
    struct set s;
    set_init(&s);
    for (uint32_t round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < COUNT; i++) {
            struct siphash_print print = {{0xff, 0xff, 0xff, 0xff}};
            print.bytes[4 + i % 4] = (unsigned char)(i % 3 == 0 ? 0xff : 0);
            print.bytes[14] = (unsigned char)(i >> 8);
            print.bytes[15] = (unsigned char)i;
            bool added;
            assert_int_equal(set_put(&s, &print, i + 1, &added), i);
            assert_int_equal(added, round == 0);
            assert_int_equal(set_line(&s, i), i + 1);
            uint32_t index = COUNT;
            assert_true(set_find(&s, &print, &index));
            assert_int_equal(index, i);
            print.bytes[13] = 1;
            assert_false(set_find(&s, &print, &index));
        }
    }
    assert_int_equal(s.count, COUNT);
    set_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_members_in_order),
        cmocka_unit_test(finds_them_again_in_any_order),
        cmocka_unit_test(finds_nothing_in_an_empty_set),
        cmocka_unit_test(tells_neighbours_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
