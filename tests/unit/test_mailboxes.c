/* letter/mailbox: which mailboxes a draft's address header names, and what is
 * refused because readers would not agree on that. */
#include "unit/draft_case.h"

#include <stdio.h>

#define FROM "From: a@b.example\n"
#define FROM_OUT "From: a@b.example\r\n"
#define EMPTY "no address between < and >"
#define NONE "no address in To"
#define TWO "two addresses in one mailbox: a comma is missing"
#define BEHIND "text behind an address in angle brackets; is a comma missing?"
#define GROUP "a group, not mailboxes"
#define SEMICOLON "a semicolon: what parts mailboxes is a comma"

/* The value of To, and what goes out. */
static const struct {
    const char *value;
    const char *mailboxes;
} fine[] = {
    {"N <n@x.example>", "N <n@x.example>"},
    {"N<n@x.example>", "N <n@x.example>"},
    {"< n@x.example >", "n@x.example"},
    {"\"A\" \"B\" <n@x.example>", "A B <n@x.example>"},
    {"A \"<b@y.example>\" <n@x.example>", "\"A <b@y.example>\" <n@x.example>"},
    {"n@x.example <n@x.example>", "\"n@x.example\" <n@x.example>"},
    {"[N] N <n@x.example>", "\"[N] N\" <n@x.example>"},
    {"\"\" <n@x.example>", "n@x.example"},
    /* quoted pairs, also between angle brackets */
    {"\"n\\\"n\"@x.example", "\"n\\\"n\"@x.example"},
    {"<\"n\\\">\"@x.example>", "\"n\\\">\"@x.example"},
    {"\"N \\\"n\\\"\" <n@x.example>", "\"N \\\"n\\\"\" <n@x.example>"},
    /* comments (RFC 5322 3.2.2): a blank where words go on */
    {"News (EU (west) desk) <n@x.example>", "News <n@x.example>"},
    {"News (EU) desk <n@x.example>", "News desk <n@x.example>"},
    {"News(EU)desk <n@x.example>", "News desk <n@x.example>"},
    {"N (a \\) (b) \\( c) <n@x.example>", "N <n@x.example>"},
    {"N <n@x.example> (a (b (c)))", "N <n@x.example>"},
    {"(a) (b) <n@x.example>", "n@x.example"},
    {"N (<b@y.example>, c) <n@x.example>", "N <n@x.example>"},
    {"\"(a\" <n@x.example>", "\"(a\" <n@x.example>"},
    /* the old form: the comment is the phrase */
    {"n@x.example (News (EU) team)", "\"News (EU) team\" <n@x.example>"},
    {"n@x.example (((a)))", "\"((a))\" <n@x.example>"},
    {"n@x.example (a\\)b)", "\"a)b\" <n@x.example>"},
    {"n@x.example (a) (b)", "a b <n@x.example>"},
    {"n@x.example(a)", "a <n@x.example>"},
    {"(a)n@x.example", "a <n@x.example>"},
    {"\"n n\"@x.example (a)", "a <\"n n\"@x.example>"},
    {"\"n@y.example\"@x.example (a)", "a <\"n@y.example\"@x.example>"},
    /* values are text, whatever is in them */
    {"{{name}} <{{email}}>", "\"(J (o) <,>\\\\ \\\"\" <jo@x.example>"},
    {"{{name}} (a (b)) <{{email}}>", "\"(J (o) <,>\\\\ \\\"\" <jo@x.example>"},
    {"{{email}} ({{name}})", "\"(J (o) <,>\\\\ \\\"\" <jo@x.example>"},
    {"{{email}} (a ({{name}}))", "\"a ((J (o) <,>\\\\ \\\")\" <jo@x.example>"},
    {"N <{{email}}>{{! <a@y.example> }}", "N <jo@x.example>"},
    {"{{#name}}N <n@x.example>{{/name}} (a)", "N <n@x.example>"},
    {"{{^name}}N <n@x.example>{{/name}}, {{email}}", "jo@x.example"},
    /* nothing between commas (RFC 5322 4.4) */
    {"n@x.example,", "n@x.example"},
    {",, n@x.example, (a), {{email}}", "n@x.example, jo@x.example"},
};

/* And what is wrong with it, on the second line of it where it has one. */
static const struct {
    const char *value;
    const char *message;
} wrong[] = {
    {"N <n@x.example> <x>", TWO},
    {"<n@x.example><m@x.example>", TWO},
    {"{{name}} <{{email}}> <foo>", TWO},
    {"N <{{email}}>{{! a }} (b) <>", TWO},
    {"m@x.example,\n N <n@x.example> <x>", TWO},
    {"N <n@x.example> M <m@x.example>", BEHIND},
    {"N <n@x.example> M", BEHIND},
    {"N <n@x.example>M", BEHIND},
    {"N <n@x.example>>", BEHIND},
    {"N <n@x.example> \"M\"", BEHIND},
    {"N <n@x.example>@y.example", BEHIND},
    {"N <{{email}}> {{name}}", BEHIND},
    {"N <{{email}}>{{name}}", BEHIND},
    {"N <{{email}}>{{> name}}", BEHIND},
    {"<<n@x.example>>", BEHIND},
    {"{{#name}}A <a@x.example>{{/name}}{{^name}}B <b@x.example>{{/name}}",
     BEHIND},
    {"N <n@x.example", "a < that does not end"},
    {"N <{{email}}", "a < that does not end"},
    {"n@x.example <", "a < that does not end"},
    {"N <\"n>@x.example", "a < that does not end"},
    {"N <>", EMPTY},
    {"<>", EMPTY},
    {"N < >, n@x.example", EMPTY},
    {"\"N <n@x.example>", "a \" that does not end"},
    {"\"N\\\" <n@x.example>", "a \" that does not end"},
    {"n@x.example, \"", "a \" that does not end"},
    {"n@x.example (a", "a ( that does not end"},
    {"N (a (b) <n@x.example>", "a ( that does not end"},
    {"N (a\\) <n@x.example>", "a ( that does not end"},
    {"N <n@x.example> (a", "a ( that does not end"},
    {"N) <n@x.example>", "a ) without a ("},
    {"N (a)) <n@x.example>", "a ) without a ("},
    {"N > M <n@x.example>", "a > without a <"},
    {"n@x.example>", "a > without a <"},
    {"Team: n@x.example, m@x.example;", GROUP},
    {"mailto:n@x.example", GROUP},
    {"N <n@x.example>:", GROUP},
    {"n@x.example; m@x.example", SEMICOLON},
    {"N <n@x.example>;", SEMICOLON},
    /* no address: glued, quoted or torn */
    {"n@x.example m@x.example", NONE},
    {"n@x.example N", NONE},
    {"N n@x.example", NONE},
    {"n(a)n@x.example", NONE},
    {"n@x(a).example", NONE},
    {"\"n@x.example\" (a)", NONE},
    {"\"n@x.example\"", NONE},
    {"N <@y.example:n@x.example>", NONE},
    {"N <n@x.example (a)>", NONE},
    {"N <n n@x.example>", NONE},
    {"N <n,m@x.example>", NONE},
    {"N <mailto:n@x.example>", NONE},
    {"N <n@x.example <m@x.example>", NONE},
    {",", NONE},
    {"(n@x.example)", NONE},
    {"(a), ,", NONE},
};

static void run_value(const char *value, struct draft_result *r)
{
    static const char name[] = "(J (o) <,>\\ \"";
    char text[500];
    int len = snprintf(text, sizeof text, FROM "To: %s\n\n", value);
    assert_true(len > 0 && (size_t)len < sizeof text);
    struct draft_case c = {
        .text = text, .name = span_of(name), .email = SPAN("jo@x.example")};
    run_case(&c, r);
}

static void reads_the_same_mailboxes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(fine); i++) {
        struct draft_result r;
        run_value(fine[i].value, &r);
        if (!r.draft || r.reason.len > 0) {
            fail_msg("%s: %s%.*s", fine[i].value, r.err.text, (int)r.reason.len,
                     r.reason.data);
        }
        char to[300];
        snprintf(to, sizeof to, FROM_OUT "To: %s\r\n", fine[i].mailboxes);
        if (!span_starts(r.bytes, span_of(to))) {
            fail_msg("%s: %s", fine[i].value, r.bytes.data);
        }
        release_case(&r);
    }
}

static void refuses_the_others(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        char message[200];
        struct draft_result r;
        run_value(wrong[i].value, &r);
        if (r.draft) {
            fail_msg("%s: compiled", wrong[i].value);
        }
        snprintf(message, sizeof message, "t.eml:%d: %s",
                 strchr(wrong[i].value, '\n') ? 3 : 2, wrong[i].message);
        assert_string_equal(r.err.text, message);
        assert_int_equal(r.err.status, 65);
        release_case(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_same_mailboxes),
        cmocka_unit_test(refuses_the_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
