/* smtp/classify: what hundreds of real replies mean (data/replies.txt), and
 * what must hold of every reply. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/mem.h"
#include "smtp/classify.h"
#include "unit/edge.h"

enum { TABLE_BYTES_MAX = 1 << 20, ROWS_MIN = 300 };

/* --- the table --- */

struct row {
    unsigned line;
    struct span step, severity, scope, class, notes;
    struct buf text; /* as the server said it */
};

static struct span next(struct span *rest, char end)
{
    size_t at = span_find(*rest, end);
    struct span part = span_slice(*rest, 0, at);
    *rest = span_rest(*rest, at < rest->len ? at + 1 : at);
    return part;
}

static void unescape(struct span text, struct buf *out)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '\\' && i + 1 < text.len &&
            text.data[i + 1] == 'n') {
            buf_append_byte(out, '\n');
            i++;
        } else {
            buf_append_byte(out, text.data[i]);
        }
    }
}

static struct row read_row(struct span line, unsigned number)
{
    struct row row = {.line = number};
    struct span facts = next(&line, '|');
    row.step = next(&facts, ' ');
    row.severity = next(&facts, ' ');
    row.scope = next(&facts, ' ');
    row.class = next(&facts, ' ');
    row.notes = span_trim(facts);
    buf_init(&row.text, TABLE_BYTES_MAX);
    unescape(span_rest(line, 1), &row.text);
    return row;
}

static enum step step_named(const struct row *row)
{
    for (enum step s = 0; s < STEPS; s++) {
        if (span_equal(row->step, span_of(step_name(s)))) {
            return s;
        }
    }
    if (!span_equal(row->step, SPAN("-"))) {
        fail_msg("replies.txt:%u: unknown step", row->line);
    }
    return STEP_NONE;
}

static struct finding find(enum step step, struct span text)
{
    struct edge edge = edge_copy(text);
    struct buf scratch;
    buf_init(&scratch, TABLE_BYTES_MAX);
    struct reply reply = {0};
    reply_from_text(edge.span, &scratch, &reply);
    struct edge said = edge_copy(reply.text);
    reply.text = said.span;
    reply.enhanced = reply_enhanced(reply.code, said.span);
    struct finding f = classify(step, &reply);
    edge_release(&said);
    edge_release(&edge);
    buf_release(&scratch);
    return f;
}

static bool check(const struct row *row)
{
    struct finding f = find(step_named(row), buf_span(&row->text));
    char found[128];
    snprintf(found, sizeof found, "%s %s %s%s%s", severity_name(f.severity),
             scope_name(f.scope), failure_class_name(f.class),
             f.retry ? " retry" : "", f.quota ? " quota" : "");
    char due[128];
    snprintf(due, sizeof due, "%.*s %.*s %.*s%s%.*s", (int)row->severity.len,
             row->severity.data, (int)row->scope.len, row->scope.data,
             (int)row->class.len, row->class.data,
             row->notes.len > 0 ? " " : "", (int)row->notes.len,
             row->notes.data);
    if (strcmp(found, due) == 0) {
        return true;
    }
    print_error("replies.txt:%u: %s\n           but found: %s\n", row->line,
                due, found);
    return false;
}

static void means_what_the_table_says(void **state)
{
    (void)state;
    FILE *file = fopen("data/replies.txt", "rb");
    assert_non_null(file);
    char *text = mem_alloc(TABLE_BYTES_MAX);
    struct span rest = {text, fread(text, 1, TABLE_BYTES_MAX, file)};
    fclose(file);
    unsigned number = 0, rows = 0, wrong = 0;
    while (rest.len > 0) {
        struct span line = next(&rest, '\n');
        number++;
        if (line.len == 0 || line.data[0] == '#') {
            continue;
        }
        struct row row = read_row(line, number);
        rows++;
        wrong += check(&row) ? 0 : 1;
        buf_release(&row.text);
    }
    free(text);
    assert_int_equal(wrong, 0);
    assert_true(rows >= ROWS_MIN);
}

/* --- what holds of every reply --- */

static void check_laws(enum step step, const struct reply *reply)
{
    struct finding f = classify(step, reply);
    bool valid = reply->code >= 200 && reply->code <= 599;
    static const enum severity by_digit[] = {
        [2] = SEVERITY_SUCCESS,
        [3] = SEVERITY_SUCCESS,
        [4] = SEVERITY_TRANSIENT,
        [5] = SEVERITY_PERMANENT,
    };
    assert_int_equal(f.severity,
                     valid ? by_digit[reply->code / 100] : SEVERITY_PROTOCOL);
    assert_true(f.scope != SCOPE_LOCAL);
    assert_true(f.retry || f.severity != SEVERITY_TRANSIENT);
    assert_false(f.retry && (f.severity == SEVERITY_SUCCESS ||
                             f.severity == SEVERITY_PROTOCOL));
    assert_false(f.quota && (f.scope != SCOPE_ACCOUNT ||
                             f.class != CLASS_RATELIMIT || !f.retry));
    if (step == STEP_AUTH && reply->code == 535) {
        assert_int_equal(f.scope, SCOPE_ACCOUNT);
    }
    if (f.scope == SCOPE_RECIPIENT) {
        assert_true(step >= STEP_RCPT && step <= STEPS);
    }
    if (step == STEP_RCPT && f.scope == SCOPE_RECIPIENT) {
        assert_int_equal(f.retry || f.severity != SEVERITY_PERMANENT,
                         f.severity != SEVERITY_PERMANENT ||
                             reply->code == 552 || f.class == CLASS_RATELIMIT);
    }
}

static void keeps_its_laws(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "no",
        "greylisted",
        "user unknown",
        "mailbox full",
        "blocked",
        "too many recipients",
        "daily limit",
        "message too large",
        "spam",
    };
    for (unsigned code = 100; code < 700; code++) {
        for (enum step step = 0; step <= STEP_NONE; step++) {
            for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
                struct reply reply = {.code = code, .text = span_of(texts[i])};
                check_laws(step, &reply);
            }
        }
    }
}

/* Each enhanced code of 0.0 to 7.99, under each step. */
static void takes_every_enhanced_code(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 800; n++) {
        char text[32];
        snprintf(text, sizeof text, "5.%u.%u no", n / 100, n % 100);
        struct reply reply = {.code = 550, .text = span_of(text)};
        reply.enhanced = reply_enhanced(550, reply.text);
        for (enum step step = 0; step <= STEP_NONE; step++) {
            check_laws(step, &reply);
        }
        text[0] = '4';
        reply.enhanced = reply_enhanced(550, reply.text);
        struct finding f = classify(STEP_RCPT, &reply);
        assert_int_equal(f.severity, SEVERITY_PROTOCOL);
        assert_false(f.retry);
    }
}

static void finds_the_enhanced_code_behind_marks(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "550 5.2.2 no",   "550 #5.2.2 no",      "550 (#5.2.2) no",
        "550 5.2.2: no",  "550 no (#5.2.2)",    "550 [5.2.2] no",
        "550 no (5.2.2)", "550 no (#5.2.2 - x", "550-5.2.2 no\n550 5.2.2 no",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct finding f = find(STEP_RCPT, span_of(texts[i]));
        assert_int_equal(f.class, CLASS_MAILBOXFULL);
    }
    struct finding f = find(STEP_RCPT, SPAN("550 seen 5.2.2 and (4.2.2)"));
    assert_int_equal(f.class, CLASS_OTHER);
}

static void knows_its_own_refusals(void **state)
{
    (void)state;
    struct reply big = {
        .enhanced = SPAN("5.3.4"),
        .text = SPAN("larger than the relay takes"),
    };
    struct finding f = classify(STEP_MAIL, &big);
    assert_int_equal(f.scope, SCOPE_LOCAL);
    assert_int_equal(f.severity, SEVERITY_PERMANENT);
    assert_int_equal(f.class, CLASS_TOOBIG);
    assert_false(f.retry);
}

/* --- length --- */

static struct finding classify_repeated(const char *piece)
{
    struct buf text;
    buf_init(&text, 65536);
    while (text.len + strlen(piece) <= 65536) {
        buf_append(&text, span_of(piece));
    }
    struct edge edge = edge_copy(buf_span(&text));
    struct reply reply = {.code = 550, .text = edge.span};
    struct finding f = classify(STEP_RCPT, &reply);
    edge_release(&edge);
    buf_release(&text);
    return f;
}

/* Beginnings of patterns over and over, and nothing that ends. */
static void is_not_slowed_by_long_texts(void **state)
{
    (void)state;
    static const char *const pieces[] = {
        "mailbox ", "a",  "<",  "<\"", "#5.", "(1.",  "account user recipient ",
        "exceeded", "@ ", " @", "\\",  " ",   "\xff", "quota ",
    };
    clock_t begun = clock();
    for (size_t i = 0; i < 50 * sizeof pieces / sizeof *pieces; i++) {
        classify_repeated(pieces[i % (sizeof pieces / sizeof *pieces)]);
    }
    double seconds = (double)(clock() - begun) / CLOCKS_PER_SEC;
    assert_true(seconds < 20); /* 700 of them; 0.3 s where this was written */
}

/* What a pattern reads may lie at the very end of what is read. */
static void reads_four_kilobytes(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, 8192);
    while (text.len < 4096 - 12) {
        buf_append_byte(&text, 'x');
    }
    buf_append(&text, SPAN("user unknown"));
    memcpy(text.data + 4096 - 13, " ", 1);
    struct reply reply = {.code = 550, .text = buf_span(&text)};
    assert_int_equal(classify(STEP_RCPT, &reply).class, CLASS_USERUNKNOWN);
    buf_clear(&text);
    while (text.len < 4096) {
        buf_append(&text, SPAN("x "));
    }
    buf_append(&text, SPAN("user unknown"));
    reply.text = buf_span(&text);
    assert_int_equal(classify(STEP_RCPT, &reply).class, CLASS_OTHER);
    buf_release(&text);
}

static void names_all(void **state)
{
    (void)state;
    for (int i = SCOPE_RECIPIENT; i <= SCOPE_LOCAL; i++) {
        assert_true(strlen(scope_name((enum scope)i)) > 3);
    }
    for (int i = SEVERITY_SUCCESS; i <= SEVERITY_PROTOCOL; i++) {
        assert_true(strlen(severity_name((enum severity)i)) > 3);
    }
    for (int i = CLASS_USERUNKNOWN; i <= CLASS_OTHER; i++) {
        assert_true(strlen(failure_class_name((enum failure_class)i)) > 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(means_what_the_table_says),
        cmocka_unit_test(keeps_its_laws),
        cmocka_unit_test(takes_every_enhanced_code),
        cmocka_unit_test(finds_the_enhanced_code_behind_marks),
        cmocka_unit_test(knows_its_own_refusals),
        cmocka_unit_test(is_not_slowed_by_long_texts),
        cmocka_unit_test(reads_four_kilobytes),
        cmocka_unit_test(names_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
