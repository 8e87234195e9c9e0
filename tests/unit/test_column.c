/* list/column: the address column, and its name where that is misspelt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "list/column.h"

enum { NAMES_MAX = 6 };

static size_t take_names(const char *const *texts, struct span *names)
{
    size_t count = 0;
    while (count < NAMES_MAX && texts[count]) {
        names[count] = span_of(texts[count]);
        count++;
    }
    return count;
}

static const struct {
    const char *names[NAMES_MAX];
    const char *wanted;
    int index; /* -1: an error */
    const char *says;
} headers[] = {
    {{"email"}, "", 0, NULL},
    {{"name", "email"}, "", 1, NULL},
    {{"mail", "email"}, "", 1, NULL},
    {{"EMAIL", "email"}, "", 1, NULL},
    {{"name", "EMail"}, "", 1, NULL},
    {{"Email", "EMAIL"}, "", -1, "more than one"},
    {{"name", "E-Mail"}, "", 1, NULL},
    {{"name", "mail"}, "", 1, NULL},
    {{"name", "Address"}, "", 1, NULL},
    {{"name", "Email Address"}, "", 1, NULL},
    {{"address", "mail"}, "", -1, "more than one"},
    {{"address", "E-MAIL"}, "", -1, "more than one"},
    {{"name", "town"}, "", -1, "--column"},
    {{"name;email"}, "", -1, "the only one is \"name;email\""},
    {{"_email", "name"}, "", -1, "--column"},
    {{"1"}, "", 0, NULL},
    {{"1", "_status", "_code", "_enhanced", "_reason"}, "", 0, NULL},
    {{"1", "2", "_status"}, "", -1, "--column 1"},
    {{"1", "2"}, "", -1, "--column 1"},
    {{"1", "2"}, "2", 1, NULL},
    {{"name", "to"}, "to", 1, NULL},
    {{"email", "to"}, "to", 1, NULL},
    {{"name", "recipient"}, "Recipient", -1, "mean \"recipient\""},
    {{"name", "recipient"}, "recipeint", -1, "mean \"recipient\""},
    {{"name", "recipient"}, "xyz", -1, "no column is called \"xyz\""},
    {{"name", "_status"}, "_status", -1, "no column"},
};

static void finds_the_address_column(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        struct span names[NAMES_MAX];
        size_t count = take_names(headers[i].names, names);
        size_t index = 99;
        struct err err = {0};
        bool found = column_find_address(
            names, count, span_of(headers[i].wanted), &index, &err);
        assert_int_equal(found, headers[i].index >= 0);
        if (found) {
            assert_int_equal(index, headers[i].index);
        } else {
            assert_int_equal(err.status, EX_DATAERR);
            assert_non_null(strstr(err.text, headers[i].says));
        }
    }
}

static void names_the_nearest(void **state)
{
    (void)state;
    static const struct {
        const char *wanted;
        const char *says;
    } cases[] = {
        {"frist_name", "called \"frist_name\"; did you mean \"first_name\"?"},
        {"mial", "did you mean \"email\"?"},
        {"status", "no column is called \"status\""},
        {"_status", "no column is called \"_status\""},
    };
    const struct span names[] = {SPAN("first_name"), SPAN("_status"),
                                 SPAN("email")};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err;
        size_t index;
        assert_false(column_find_named(names, 3, span_of(cases[i].wanted),
                                       &index, &err));
        assert_non_null(strstr(err.text, cases[i].says));
        assert_ptr_equal(strstr(err.text, "_status\"?"), NULL);
    }
}

static void bounds_what_it_says(void **state)
{
    (void)state;
    static char wide[5000];
    memset(wide, 'a', sizeof wide);
    struct span names[] = {span_from(wide, sizeof wide), span_from(wide, 64)};
    size_t index;
    struct err err;
    assert_false(
        column_find_address(names, 2, span_from(wide, 4999), &index, &err));
    assert_true(strlen(err.text) < 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_address_column),
        cmocka_unit_test(names_the_nearest),
        cmocka_unit_test(bounds_what_it_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
