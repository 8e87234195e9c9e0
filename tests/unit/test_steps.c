/* smtp/steps: the table is whole, and finds again what it says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "smtp/steps.h"
#include "unit/edge.h"

static void has_a_whole_row_for_each(void **state)
{
    (void)state;
    for (enum step s = 0; s < STEPS; s++) {
        const struct step_rule *r = step_rule(s);
        assert_true(r->name && strlen(r->name) > 0);
        assert_ptr_equal(step_name(s), r->name);
        assert_int_equal(r->go_on, s == STEP_DATA ? '3' : '2');
        assert_in_range(r->timeout_s, 10, 600);
        bool commanded = s != STEP_GREETING && s != STEP_CONTENT;
        assert_int_equal(r->verb.len > 0, commanded);
        if (commanded) {
            assert_true(span_equal(r->verb, span_of(r->name)));
        }
    }
    assert_string_equal(step_name(STEP_NONE), "");
}

/* RFC 2920 3.1 names those that must be last in a group; RFC 3207 4 and 4954
 * 4 add STARTTLS and AUTH. The greeting is waited for, like them. */
static void groups_as_the_rfc_allows(void **state)
{
    (void)state;
    static const enum step anywhere[] = {STEP_RSET, STEP_MAIL, STEP_RCPT,
                                         STEP_CONTENT, STEP_BDAT};
    for (enum step s = 0; s < STEPS; s++) {
        bool free = false;
        for (size_t i = 0; i < sizeof anywhere / sizeof *anywhere; i++) {
            free |= anywhere[i] == s;
        }
        assert_int_equal(step_rule(s)->last, !free);
    }
}

/* RFC 5321 4.5.3.2: at least those. */
static void waits_long_enough(void **state)
{
    (void)state;
    static const struct {
        enum step step;
        unsigned least_s;
    } limits[] = {
        {STEP_GREETING, 300}, {STEP_MAIL, 300},    {STEP_RCPT, 300},
        {STEP_DATA, 120},     {STEP_CONTENT, 600}, {STEP_BDAT, 600},
    };
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        assert_true(step_rule(limits[i].step)->timeout_s >= limits[i].least_s);
    }
}

static void finds_a_command_again(void **state)
{
    (void)state;
    for (enum step s = 0; s < STEPS; s++) {
        struct span verb = step_rule(s)->verb;
        if (verb.len == 0) {
            continue;
        }
        struct buf line;
        buf_init(&line, 256);
        buf_append(&line, verb);
        for (size_t i = 0; i < verb.len; i += 2) {
            line.data[i] = ascii_lower(line.data[i]);
        }
        struct edge bare = edge_copy(buf_span(&line));
        assert_int_equal(step_of_command(bare.span), s);
        struct edge cut = edge_copy(span_slice(bare.span, 0, verb.len - 1));
        assert_int_equal(step_of_command(cut.span), STEP_NONE);
        buf_append(&line, SPAN(" FROM:<>"));
        assert_int_equal(step_of_command(buf_span(&line)), s);
        line.data[verb.len] = 'X';
        assert_int_equal(step_of_command(buf_span(&line)), STEP_NONE);
        edge_release(&cut);
        edge_release(&bare);
        buf_release(&line);
    }
}

static void knows_no_others(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "", " ", "MAI", " MAIL", "GREETING", "CONTENT", "TURN", "E\0HLO",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        assert_int_equal(step_of_command(span_of(lines[i])), STEP_NONE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_a_whole_row_for_each),
        cmocka_unit_test(groups_as_the_rfc_allows),
        cmocka_unit_test(waits_long_enough),
        cmocka_unit_test(finds_a_command_again),
        cmocka_unit_test(knows_no_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
