/* list/key: which addresses are one mailbox, in each mode. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "list/domain.h"
#include "list/key.h"

static void append_key(struct buf *out, enum key_mode mode, const char *text)
{
    struct buf domain;
    buf_init(&domain, 4096);
    struct address a;
    assert_int_equal(address_parse(span_of(text), &a), ADDRESS_FINE);
    assert_null(domain_append_ascii(&domain, a.domain));
    key_append(out, mode, &a, buf_span(&domain));
    buf_release(&domain);
}

static const struct {
    const char *address;
    const char *exact;
    const char *fold;
    const char *provider;
} keys[] = {
    {"bob@example.org", "bob@example.org", "bob@example.org",
     "bob@example.org"},
    {"Bob@Example.ORG", "Bob@example.org", "bob@example.org",
     "bob@example.org"},
    {"\"Bob\"@example.org", "Bob@example.org", "bob@example.org",
     "bob@example.org"},
    {"\"B\\ob\"@example.org", "Bob@example.org", "bob@example.org",
     "bob@example.org"},
    {"\"a\\\\\"@b.c", "a\\@b.c", "a\\@b.c", "a\\@b.c"},
    {"\"a\\\"\"@b.c", "a\"@b.c", "a\"@b.c", "a\"@b.c"},
    {"\"a@b\"@c.d", "a@b@c.d", "a@b@c.d", "a@b@c.d"},
    {"\"\"@b.c", "@b.c", "@b.c", "@b.c"},
    {"bob@m\xc3\xbcller.de", "bob@xn--mller-kva.de", "bob@xn--mller-kva.de",
     "bob@xn--mller-kva.de"},
    {"a.b+c@Example.org", "a.b+c@example.org", "a.b+c@example.org",
     "a.b+c@example.org"},
    {"A.b+C@Gmail.com", "A.b+C@gmail.com", "a.b+c@gmail.com", "ab@gmail.com"},
    {"a.b@googlemail.com", "a.b@googlemail.com", "a.b@googlemail.com",
     "ab@gmail.com"},
    {"\"a..b\"@gmail.com", "a..b@gmail.com", "a..b@gmail.com", "ab@gmail.com"},
    {"+a@gmail.com", "+a@gmail.com", "+a@gmail.com", "+a@gmail.com"},
    {"a+b+c@gmail.com", "a+b+c@gmail.com", "a+b+c@gmail.com", "a@gmail.com"},
    {"a.b@mail.gmail.com", "a.b@mail.gmail.com", "a.b@mail.gmail.com",
     "a.b@mail.gmail.com"},
    {"\xc3\x96l@b.c", "\xc3\x96l@b.c", "\xc3\xb6l@b.c", "\xc3\xb6l@b.c"},
    /* decomposed: another local part, one that folds alike */
    {"O\xcc\x88l@b.c", "O\xcc\x88l@b.c", "\xc3\xb6l@b.c", "\xc3\xb6l@b.c"},
    {"STRA\xc3\x9f"
     "E@b.c",
     "STRA\xc3\x9f"
     "E@b.c",
     "strasse@b.c", "strasse@b.c"},
    {"\"\xce\x91\\A\"@b.c",
     "\xce\x91"
     "A@b.c",
     "\xce\xb1"
     "a@b.c",
     "\xce\xb1"
     "a@b.c"},
};

static void has_these_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *expected[] = {keys[i].exact, keys[i].fold,
                                  keys[i].provider};
        for (int mode = KEY_EXACT; mode <= KEY_PROVIDER; mode++) {
            struct buf key;
            buf_init(&key, 4096);
            append_key(&key, (enum key_mode)mode, keys[i].address);
            buf_append_byte(&key, '\0');
            assert_string_equal(key.data, expected[mode]);
            buf_release(&key);
        }
    }
}

static void appends_behind_what_is_there(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 4096);
    append_key(&out, KEY_FOLD, "A@b.c");
    append_key(&out, KEY_FOLD, "\xc3\x96@b.c");
    append_key(&out, KEY_PROVIDER, "X.Y+z@gmail.com");
    assert_true(
        span_equal(buf_span(&out), SPAN("a@b.c\xc3\xb6@b.cxy@gmail.com")));
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_these_bytes),
        cmocka_unit_test(appends_behind_what_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
