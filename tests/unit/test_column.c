/* list/column: the address column, and the name that was meant. */
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

static void finds_the_nearest_name(void **state)
{
    (void)state;
    static const char *const texts[NAMES_MAX] = {
        "first_name", "last_name", "_status", "id", "\xc3\xb6rtlichkeit"};
    static const struct {
        const char *name;
        size_t index; /* 5: none is near */
    } cases[] = {
        {"firstname", 0},  {"First_Name", 0},
        {"frist_name", 0}, {"lastname", 1},
        {"name", 5},       {"status", 5},
        {"_statu", 5},     {"ID", 3},
        {"di", 3},         {"ic", 3},
        {"xy", 5},         {"", 5},
        {"i", 3},          {"\xc3\xb6rtlichkei", 4},
    };
    struct span names[NAMES_MAX];
    size_t count = take_names(texts, names);
    assert_int_equal(count, 5);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(column_nearest(names, count, span_of(cases[i].name)),
                         cases[i].index);
    }
}

static void bounds_what_it_compares(void **state)
{
    (void)state;
    static char wide[5000];
    memset(wide, 'a', sizeof wide);
    struct span names[] = {span_from(wide, sizeof wide), span_from(wide, 64)};
    assert_int_equal(column_nearest(names, 2, span_from(wide, 65)), 2);
    assert_int_equal(column_nearest(names, 2, span_from(wide, 64)), 1);
    assert_int_equal(column_nearest(names, 2, span_from(wide, 63)), 1);
    assert_int_equal(column_nearest(names, 2, span_from(wide, 5000)), 2);
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
        cmocka_unit_test(finds_the_nearest_name),
        cmocka_unit_test(bounds_what_it_compares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
