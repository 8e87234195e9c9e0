/* base/buf: bytes gathered in order, and never past the ceiling. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

static void gathers(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 1000);
    assert_null(b.data);
    buf_append(&b, SPAN("one "));
    buf_append(&b, SPAN(""));
    buf_append(&b, (struct span){NULL, 0});
    buf_append_byte(&b, '2');
    buf_append_number(&b, 0);
    buf_append_number(&b, UINT64_MAX);
    buf_append_format(&b, " %s %d", "three", -4);
    assert_true(
        span_equal(buf_span(&b), SPAN("one 2018446744073709551615 three -4")));
    buf_drop_front(&b, 4);
    buf_truncate(&b, 2);
    assert_true(span_equal(buf_span(&b), SPAN("20")));
    buf_drop_front(&b, 0);
    buf_drop_front(&b, 2);
    assert_int_equal(b.len, 0);
    buf_release(&b);
    assert_null(b.data);
    assert_int_equal(b.bytes_max, 1000);
}

static void keeps_what_it_has_when_it_grows(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 100000);
    for (size_t i = 0; i < 100000; i++) {
        buf_append_byte(&b, (char)(i % 251));
    }
    assert_false(b.overflowed);
    assert_int_equal(b.len, 100000);
    for (size_t i = 0; i < b.len; i++) {
        assert_int_equal((unsigned char)b.data[i], i % 251);
    }
    assert_true(b.cap <= 100000);
    buf_release(&b);
}

static void stops_at_its_ceiling(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 5);
    buf_append(&b, SPAN("123456"));
    assert_true(b.overflowed);
    assert_int_equal(b.len, 0);
    buf_clear(&b);
    assert_false(b.overflowed);
    buf_append(&b, SPAN("12345"));
    assert_false(b.overflowed);
    buf_append_byte(&b, '6');
    assert_true(b.overflowed);
    assert_true(span_equal(buf_span(&b), SPAN("12345")));
    assert_null(buf_reserve(&b, SIZE_MAX));
    buf_clear(&b);
    buf_append_format(&b, "%s", "12345"); /* no room for its NUL */
    assert_true(b.overflowed);
    buf_clear(&b);
    buf_append_format(&b, "%s", "1234");
    assert_true(span_equal(buf_span(&b), SPAN("1234")));
    buf_release(&b);
}

static void lends_room(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 1 << 20);
    char *room = buf_reserve(&b, 1000);
    assert_non_null(room);
    memset(room, 'x', 1000);
    assert_int_equal(b.len, 0);
    buf_commit(&b, 10);
    assert_true(span_equal(buf_span(&b), SPAN("xxxxxxxxxx")));
    assert_ptr_equal(buf_reserve(&b, 990), b.data + 10);
    buf_wipe(&b);
    assert_null(b.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gathers),
        cmocka_unit_test(keeps_what_it_has_when_it_grows),
        cmocka_unit_test(stops_at_its_ceiling),
        cmocka_unit_test(lends_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
