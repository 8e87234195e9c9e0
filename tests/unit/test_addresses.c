/* mailing/addresses: a cluster's hosts by turns, but for those that rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>

#include "mailing/addresses.h"

enum { MOST = ADDRESSES_MAX + 8 };

/* An answer of the resolver: '4' and '6' for one of each family. */
struct answer {
    struct addrinfo list[MOST];
    struct sockaddr_storage peers[MOST];
};

static void put_address(struct sockaddr_storage *out, char family,
                        unsigned number)
{
    struct sockaddr_in four = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(number)};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    six.sin6_addr.s6_addr[15] = (unsigned char)number;
    memset(out, 0, sizeof *out);
    if (family == '4') {
        memcpy(out, &four, sizeof four);
    } else {
        memcpy(out, &six, sizeof six);
    }
}

static const struct addrinfo *answered(struct answer *a, const char *families)
{
    size_t count = strlen(families);
    assert_true(count > 0 && count <= MOST);
    for (unsigned i = 0; i < count; i++) {
        put_address(&a->peers[i], families[i], i);
        a->list[i] = (struct addrinfo){
            .ai_family = a->peers[i].ss_family,
            .ai_addr = (struct sockaddr *)&a->peers[i],
            .ai_addrlen = sizeof a->peers[i],
            .ai_next = i + 1 < count ? &a->list[i + 1] : NULL,
        };
    }
    return &a->list[0];
}

static unsigned number_of(const struct sockaddr_storage *s)
{
    if (s->ss_family == AF_INET) {
        return ntohl(((const struct sockaddr_in *)s)->sin_addr.s_addr);
    }
    return ((const struct sockaddr_in6 *)s)->sin6_addr.s6_addr[15];
}

static const struct {
    const char *families, *binds, *order;
} orders[] = {
    {"4", "", "0"},         {"666", "", "012"},  {"6644", "", "0213"},
    {"4466", "", "0213"},   {"644", "", "012"},  {"66664", "", "04123"},
    {"4666", "", "0123"},   {"6644", "4", "23"}, {"6644", "6", "01"},
    {"6644", "46", "0213"}, {"66", "4", ""},
};

static void families_alternate(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        struct answer answer;
        struct sockaddr_storage ours[2];
        struct bind_addresses binds = {.list = ours};
        for (const char *b = orders[i].binds; *b; b++) {
            put_address(&ours[binds.count++], *b, 200);
        }
        struct addresses a;
        addresses_set(&a, answered(&answer, orders[i].families), &binds);
        assert_int_equal(a.count, strlen(orders[i].order));
        for (unsigned k = 0; k < a.count; k++) {
            assert_int_equal(number_of(&a.list[k].peer),
                             orders[i].order[k] - '0');
        }
    }
}

static void no_more_than_there_is_room_for(void **state)
{
    (void)state;
    struct answer answer;
    char many[MOST + 1] = {0};
    memset(many, '4', MOST);
    struct addresses a;
    struct bind_addresses none = {0};
    addresses_set(&a, answered(&answer, many), &none);
    assert_int_equal(a.count, ADDRESSES_MAX);
    struct wire_way ways[WIRE_WAYS_MAX];
    assert_int_equal(addresses_ways(&a, &none, 0, ways), WIRE_WAYS_MAX);
}

/* The tags of a session's ways, as "120". */
static const char *ways_of(struct addresses *a, uint64_t now)
{
    static char text[WIRE_WAYS_MAX + 1];
    struct wire_way ways[WIRE_WAYS_MAX];
    struct bind_addresses none = {0};
    size_t count = addresses_ways(a, &none, now, ways);
    for (size_t i = 0; i < count; i++) {
        text[i] = (char)('0' + ways[i].tag);
        assert_int_equal(number_of(&ways[i].peer), ways[i].tag);
    }
    text[count] = '\0';
    return text;
}

static void sessions_begin_by_turns(void **state)
{
    (void)state;
    struct answer answer;
    struct addresses a;
    struct bind_addresses none = {0};
    addresses_set(&a, answered(&answer, "444"), &none);
    assert_string_equal(ways_of(&a, 0), "012");
    assert_string_equal(ways_of(&a, 0), "120");
    assert_string_equal(ways_of(&a, 0), "201");
    assert_string_equal(ways_of(&a, 0), "012");
}

static void who_failed_rests(void **state)
{
    (void)state;
    struct answer answer;
    struct addresses a;
    struct bind_addresses none = {0};
    addresses_set(&a, answered(&answer, "444"), &none);
    assert_true(addresses_fail(&a, 1, 1000));
    assert_string_equal(ways_of(&a, 1000), "02");
    assert_string_equal(ways_of(&a, 1000), "20");
    assert_string_equal(ways_of(&a, 3000), "012");
    assert_true(addresses_fail(&a, 1, 3000)); /* twice as long */
    assert_string_equal(ways_of(&a, 6999), "20");
    assert_string_equal(ways_of(&a, 7000), "012");
    assert_true(addresses_fail(&a, 0, 8000));
    assert_true(addresses_fail(&a, 1, 8000));
    assert_false(addresses_fail(&a, 2, 8000)); /* all of them rest */
    assert_int_equal(strlen(ways_of(&a, 8000)), 3);
    addresses_work(&a, 1);
    assert_string_equal(ways_of(&a, 8000), "1");
}

static void ours_are_dealt_out_by_family(void **state)
{
    (void)state;
    struct answer answer;
    struct addresses a;
    struct sockaddr_storage ours[3];
    put_address(&ours[0], '4', 10);
    put_address(&ours[1], '6', 20);
    put_address(&ours[2], '4', 30);
    struct bind_addresses binds = {.list = ours, .count = 3};
    addresses_set(&a, answered(&answer, "46"), &binds);
    static const unsigned fours[] = {10, 30, 10, 30};
    for (unsigned i = 0; i < 4; i++) {
        struct wire_way ways[WIRE_WAYS_MAX];
        assert_int_equal(addresses_ways(&a, &binds, 0, ways), 2);
        for (unsigned k = 0; k < 2; k++) {
            bool four = ways[k].peer.ss_family == AF_INET;
            assert_int_equal(ways[k].local.ss_family, ways[k].peer.ss_family);
            assert_int_equal(number_of(&ways[k].local), four ? fours[i] : 20);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(families_alternate),
        cmocka_unit_test(no_more_than_there_is_room_for),
        cmocka_unit_test(sessions_begin_by_turns),
        cmocka_unit_test(who_failed_rests),
        cmocka_unit_test(ours_are_dealt_out_by_family),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
