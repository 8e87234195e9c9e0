/* faults and chance: whom the sink treats badly, and how often. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "sink/chance.h"
#include "sink/faults.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

static const struct {
    const char *local;
    enum fault_kind kinds[3]; /* at the first attempts */
    const char *code;
} cases[] = {
    {"bad", {FAULT_REFUSE, FAULT_REFUSE, FAULT_REFUSE}, "550"},
    {"BAD.x", {FAULT_REFUSE, FAULT_REFUSE, FAULT_REFUSE}, "550"},
    {"grey1", {FAULT_REFUSE, FAULT_NONE, FAULT_NONE}, "451"},
    {"full", {FAULT_REFUSE, FAULT_REFUSE, FAULT_REFUSE}, "452"},
    {"busy-x", {FAULT_CLOSE, FAULT_CLOSE, FAULT_CLOSE}, "421"},
    {"spam",
     {FAULT_REFUSE_CONTENT, FAULT_REFUSE_CONTENT, FAULT_REFUSE_CONTENT},
     "550"},
    {"later",
     {FAULT_REFUSE_CONTENT, FAULT_REFUSE_CONTENT, FAULT_REFUSE_CONTENT},
     "451"},
    {"slow", {FAULT_SLOW, FAULT_SLOW, FAULT_SLOW}, ""},
    {"mute", {FAULT_MUTE, FAULT_MUTE, FAULT_MUTE}, ""},
    {"drop", {FAULT_DROP, FAULT_DROP, FAULT_DROP}, ""},
    {"Lost", {FAULT_LOSE, FAULT_LOSE, FAULT_LOSE}, ""},
    {"ann", {FAULT_NONE, FAULT_NONE, FAULT_NONE}, ""},
    {"ba", {FAULT_NONE, FAULT_NONE, FAULT_NONE}, ""},
    {"abad", {FAULT_NONE, FAULT_NONE, FAULT_NONE}, ""},
};

static void finds_by_address(void **state)
{
    (void)state;
    for (int counting = 0; counting < 2; counting++) {
        struct faults f;
        faults_init(&f);
        f.counting = counting;
        for (size_t i = 0; i < 3 * COUNT(cases); i++) {
            size_t at = i % COUNT(cases);
            size_t time = i / COUNT(cases);
            char address[64];
            snprintf(address, sizeof address, "%s@b", cases[at].local);
            const struct fault *fault =
                faults_find(&f, span_of(address), span_of(cases[at].local));
            enum fault_kind kind = fault ? fault->kind : FAULT_NONE;
            assert_int_equal(kind, cases[at].kinds[time]);
            assert_true(!fault ||
                        span_equal(fault->reply.code, span_of(cases[at].code)));
            if (counting) {
                assert_int_equal(faults_attempts(&f, span_of(address)),
                                 time + 1);
            }
        }
        assert_int_equal(faults_attempts(&f, SPAN("nobody@b")), 0);
        faults_release(&f);
    }
}

static void counts_many(void **state)
{
    (void)state;
    struct faults f;
    faults_init(&f);
    f.counting = true;
    char address[32];
    for (int round = 1; round <= 2; round++) {
        for (int i = 0; i < 1000; i++) {
            snprintf(address, sizeof address, "u%d@b", i);
            assert_null(faults_find(&f, span_of(address), SPAN("u")));
            assert_int_equal(faults_attempts(&f, span_of(address)), round);
        }
    }
    faults_release(&f);
}

enum { THROWS = 100000 };

static void chance_is_as_it_is_said(void **state)
{
    (void)state;
    static const struct {
        enum fault_kind kind;
        const char *code;
        unsigned permille;
    } shares[] = {
        {FAULT_REFUSE, "450", 60},
        {FAULT_REFUSE, "550", 50},
        {FAULT_REFUSE_CONTENT, "451", 40},
        {FAULT_REFUSE_CONTENT, "554", 40},
        {FAULT_CLOSE, "421", 1},
        {FAULT_CUT, "", 1},
        {FAULT_DROP, "", 1},
        {FAULT_LOSE, "", 1},
    };
    unsigned seen[COUNT(shares)] = {0};
    unsigned none = 0;
    for (unsigned i = 0; i < THROWS; i++) {
        char address[32];
        snprintf(address, sizeof address, "u%u@b", i / 4);
        const struct fault *fault = chance_draw(1, span_of(address), i % 4);
        none += !fault;
        for (size_t k = 0; fault && k < COUNT(shares); k++) {
            seen[k] += fault->kind == shares[k].kind &&
                       span_equal(fault->reply.code, span_of(shares[k].code));
        }
    }
    unsigned all = none;
    for (size_t k = 0; k < COUNT(shares); k++) {
        unsigned due = THROWS / 1000 * shares[k].permille;
        assert_in_range(seen[k], due / 2, due + due / 2);
        all += seen[k];
    }
    assert_int_equal(all, THROWS);
}

static void chance_is_the_same_for_the_same(void **state)
{
    (void)state;
    unsigned by_seed = 0, by_attempt = 0;
    for (int i = 0; i < 1000; i++) {
        char address[32];
        snprintf(address, sizeof address, "u%d@b", i);
        const struct fault *fault = chance_draw(7, span_of(address), 1);
        assert_ptr_equal(chance_draw(7, span_of(address), 1), fault);
        by_seed += chance_draw(8, span_of(address), 1) != fault;
        by_attempt += chance_draw(7, span_of(address), 2) != fault;
    }
    assert_in_range(by_seed, 200, 600);
    assert_in_range(by_attempt, 200, 600);
}

static void chance_comes_behind_names(void **state)
{
    (void)state;
    struct faults f;
    faults_init(&f);
    f.random = true;
    f.seed = 3;
    unsigned befell = 0;
    for (unsigned i = 0; i < 200; i++) {
        const struct fault *fault = faults_find(&f, SPAN("bad@b"), SPAN("bad"));
        assert_int_equal(fault->kind, FAULT_REFUSE);
        fault = faults_find(&f, SPAN("a@b"), SPAN("a"));
        assert_ptr_equal(fault, chance_draw(3, SPAN("a@b"), i + 1));
        befell += fault != NULL;
    }
    assert_in_range(befell, 10, 100);
    faults_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_by_address),
        cmocka_unit_test(counts_many),
        cmocka_unit_test(chance_is_as_it_is_said),
        cmocka_unit_test(chance_is_the_same_for_the_same),
        cmocka_unit_test(chance_comes_behind_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
