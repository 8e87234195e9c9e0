/* base/misspelt: the name that was meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/misspelt.h"

static struct span meant(const struct span *names, size_t count,
                         struct span text)
{
    struct misspelt m;
    misspelt_init(&m, text);
    for (size_t i = 0; i < count; i++) {
        misspelt_try(&m, names[i]);
    }
    return m.meant;
}

static void finds_the_nearest_name(void **state)
{
    (void)state;
    const struct span names[] = {
        SPAN("first_name"), SPAN("last_name"), SPAN("email"),
        SPAN("id"),         SPAN(""),          SPAN("\xc3\xb6rtlichkeit")};
    static const struct {
        const char *text;
        const char *meant; /* "": none is near */
    } cases[] = {
        {"firstname", "first_name"},
        {"First_Name", "first_name"},
        {"frist_nmae", "first_name"},
        {"lastname", "last_name"},
        {"name", ""},
        {"emial", "email"},
        {"mial", "email"},
        {"eml", "email"},
        {"tel", ""},
        {"ID", "id"},
        {"di", "id"},
        {"ic", "id"},
        {"i", "id"},
        {"xy", ""},
        {"x", ""},
        {"", ""},
        {"\xc3\xb6rtlichkei", "\xc3\xb6rtlichkeit"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct span found =
            meant(names, sizeof names / sizeof *names, span_of(cases[i].text));
        assert_int_equal(found.len, strlen(cases[i].meant));
        assert_true(span_equal(found, span_of(cases[i].meant)));
    }
}

static void bounds_what_it_compares(void **state)
{
    (void)state;
    static char wide[5000];
    memset(wide, 'a', sizeof wide);
    struct span names[] = {span_from(wide, sizeof wide), span_from(wide, 64)};
    assert_int_equal(meant(names, 2, span_from(wide, 65)).len, 0);
    assert_int_equal(meant(names, 2, span_from(wide, 64)).len, 64);
    assert_int_equal(meant(names, 2, span_from(wide, 63)).len, 64);
    assert_int_equal(meant(names, 2, span_from(wide, 5000)).len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_nearest_name),
        cmocka_unit_test(bounds_what_it_compares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
