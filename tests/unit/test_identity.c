/* mailing/identity: the Message-IDs of a run are the same for ever. The texts
 * here come from a second implementation of SipHash and base32. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "mailing/identity.h"
#include "unit/edge.h"

static const struct siphash_key counting = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}};
static const struct siphash_key zero;

static const struct id_case {
    const struct siphash_key *key;
    const char *campaign;
    const char *address_key;
    uint32_t ordinal;
    const char *domain;
    const char *id;
} ids[] = {
    {&counting, "", "ada@example.org", 0, "example.org",
     "<6mjkx45rpfv54f5gkhpddwcx4m@example.org>"},
    {&counting, "", "ada@example.org", 1, "example.org",
     "<fgjm3kai6faqaxdhjjlheh5us4@example.org>"},
    {&counting, "main", "ada@example.org", 0, "example.org",
     "<mvctmplqyoacdmqi5xujpphnbq@example.org>"},
    {&counting, "", "bob@example.org", 0, "example.org",
     "<rv5xtildmv73zlheh2przigkqq@example.org>"},
    {&counting, "main", "ada@example.org", UINT32_MAX, "xn--bcher-kva.example",
     "<3budxz6m5oj63fatiewc7jakx4@xn--bcher-kva.example>"},
    {&counting, "", "", 0, "", "<lpzshzrzkebmtfn3e7fdz5l63y@>"},
    {&zero, "", "ada@example.org", 0, "example.org",
     "<bw7bfflj76sokrhvgzxywhlove@example.org>"},
};

static void ids_never_change(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        const struct id_case *c = &ids[i];
        struct edge campaign = edge_copy(span_of(c->campaign));
        struct edge address_key = edge_copy(span_of(c->address_key));
        struct edge domain = edge_copy(span_of(c->domain));
        struct identity who = {
            .campaign = campaign.span,
            .address_key = address_key.span,
            .ordinal = c->ordinal,
        };
        struct span id = identity_message_id(c->key, &who, domain.span, &arena);
        assert_int_equal(id.len, strlen(c->id));
        assert_memory_equal(id.data, c->id, id.len);
        edge_release(&campaign);
        edge_release(&address_key);
        edge_release(&domain);
    }
    arena_release(&arena);
}

static void parts_do_not_run_together(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct identity left = {SPAN("a"), SPAN("bc"), 1};
    struct identity right = {SPAN("ab"), SPAN("c"), 1};
    struct identity digits = {SPAN("a"), SPAN("bc1"), 1};
    struct identity number = {SPAN("a"), SPAN("bc"), 11};
    struct span a = identity_message_id(&zero, &left, SPAN("x.org"), &arena);
    struct span b = identity_message_id(&zero, &right, SPAN("x.org"), &arena);
    struct span c = identity_message_id(&zero, &digits, SPAN("x.org"), &arena);
    struct span d = identity_message_id(&zero, &number, SPAN("x.org"), &arena);
    assert_false(span_equal(a, b));
    assert_false(span_equal(c, d));
    arena_release(&arena);
}

static const struct key_case {
    int64_t epoch_s;
    const char *template;
    const char *purpose;
    unsigned char key[16];
} keys[] = {
    {1700000000,
     "Hello",
     "id",
     {0x37, 0x17, 0x3b, 0xfd, 0x73, 0xd7, 0x17, 0x99, 0xee, 0xce, 0x40, 0x91,
      0xfa, 0xbc, 0xef, 0xf4}},
    {1700000000,
     "Hello",
     "boundary",
     {0x15, 0x01, 0x8e, 0xd9, 0x56, 0x4e, 0x0a, 0xc7, 0xef, 0x6f, 0x8a, 0x48,
      0x18, 0x53, 0xb6, 0x5b}},
    {0,
     "",
     "id",
     {0x06, 0x46, 0x8d, 0x7f, 0xc1, 0xe2, 0x3d, 0xfe, 0xc6, 0xe1, 0xdd, 0x22,
      0x46, 0xf9, 0x0f, 0xcc}},
    {-1,
     "Hello",
     "id",
     {0xc5, 0x8d, 0x67, 0xe3, 0xeb, 0x48, 0x00, 0x6a, 0xbc, 0xfa, 0x20, 0xb6,
      0x56, 0x2d, 0x23, 0xdc}},
    {INT64_MIN,
     "",
     "id",
     {0xa1, 0xd6, 0xd0, 0x26, 0x75, 0xc8, 0xda, 0xe6, 0xaa, 0xd0, 0x0e, 0xea,
      0x61, 0x8e, 0x81, 0x15}},
};

static void derived_keys_never_change(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const struct key_case *c = &keys[i];
        struct edge template = edge_copy(span_of(c->template));
        struct siphash_key key =
            identity_key_derive(c->epoch_s, template.span, span_of(c->purpose));
        assert_memory_equal(key.bytes, c->key, sizeof key.bytes);
        edge_release(&template);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_never_change),
        cmocka_unit_test(parts_do_not_run_together),
        cmocka_unit_test(derived_keys_never_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
