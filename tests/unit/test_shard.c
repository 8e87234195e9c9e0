/* list/shard: the hash that others can compute. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "list/shard.h"

/* As zlib.crc32 of Python has them. */
static const struct {
    const char *bytes;
    uint32_t crc;
} known[] = {
    {"", 0x00000000},
    {"a", 0xe8b7be43},
    {"123456789", 0xcbf43926},
    {"ann@example.org", 0x64f8a568},
    {"\xc3\xbc@xn--bcher-kva.example", 0x64fa8cac},
};

static void is_that_of_zlib(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct span bytes = span_of(known[i].bytes);
        assert_int_equal(shard_crc32(bytes), known[i].crc);
    }
}

static void each_key_is_in_one(void **state)
{
    (void)state;
    enum { COUNT = 7, KEYS = 7000 };
    unsigned held[COUNT] = {0};
    for (int i = 0; i < KEYS; i++) {
        char key[64];
        snprintf(key, sizeof key, "user%d@example.org", i);
        unsigned times = 0;
        for (uint32_t k = 1; k <= COUNT; k++) {
            struct shard s = {k, COUNT};
            if (shard_holds(&s, span_of(key))) {
                times++;
                held[k - 1]++;
            }
        }
        assert_int_equal(times, 1);
    }
    for (int k = 0; k < COUNT; k++) { /* six sigma of a fair share */
        assert_in_range(held[k], KEYS / COUNT - 180, KEYS / COUNT + 180);
    }
}

static void none_holds_all(void **state)
{
    (void)state;
    struct shard none = {0, 0}, one = {1, 1};
    assert_true(shard_holds(&none, SPAN("x")));
    assert_true(shard_holds(&one, SPAN("x")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_that_of_zlib),
        cmocka_unit_test(each_key_is_in_one),
        cmocka_unit_test(none_holds_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
