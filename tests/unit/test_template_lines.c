/* letter/template_lines: what is known beforehand is what is seen afterwards,
 * whatever the values are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "letter/encode.h"
#include "letter/template_lines.h"
#include "unit/seen.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const struct span columns[] = {{"a", 1}, {"b", 1}};
static const struct template_names names = {columns, COUNT(columns)};
static const struct template_source source = {.file = "t", .line = 1};

static const char *const pieces[] = {
    "{{a}}",  "{{b}}",    "{{{a}}}", "{{a.url}}",
    "\r\n",   "\r\n",     "\r\n",    "MA",
    "IL",     "RSET",     "x",       "Dear ",
    " ",      "\t",       "-",       "--",
    "--=_",   "=",        "start",   "ttls",
    ".",      "\xc3\xbc", "From ",   "QUI",
    "{{!x}}", "xclient",  "data",    "a longer piece of it",
};

static const struct span values[] = {
    {"", 0},
    {"T", 1},
    {"IL FROM", 7},
    {"RSET", 4},
    {"<&>", 3},
    {"\xe2\x82\xac", 3},
    {"--=_x", 5},
    {"\t", 1},
    {"=_", 2},
    {"tls x", 5},
    {"a value like others", 19},
    {"Ann", 3},
    {"A-1", 3},
    {"7", 1},
    {"77", 2},
    {"MAIL", 4},
    {"da", 2},
    {" RSET", 5},
    {"-", 1},
    {"<p", 2},
    {"zz", 2},
};

/* Numbers that come the same each time. */
static uint32_t next(uint32_t *seed, size_t below)
{
    *seed = *seed * 1664525 + 1013904223;
    return (uint32_t)((*seed >> 8) % below);
}

static void compare(const struct template *t, const struct span *row,
                    struct span text, unsigned *known)
{
    struct template_lines lines;
    template_lines(t, &lines);
    struct template_values with = {.columns = row};
    struct template_look look;
    struct seen row_seen;
    see_row(&row_seen, &with, COUNT(columns));
    template_look(t, row_seen.values, &look);
    size_t most = look.bytes - lines.text_bytes + lines.longest;
    if (!lines.known || (lines.begins && look.opens) ||
        look.control != TEMPLATE_NO_VALUE || most > ENCODE_LINE_MAX) {
        arena_release(&row_seen.arena);
        return;
    }
    struct buf out;
    buf_init(&out, 1 << 20);
    template_fill(t, row_seen.values, &out);
    arena_release(&row_seen.arena);
    struct encode_facts seen = encode_look(buf_span(&out));
    if (seen.needed != lines.needed ||
        seen.eight_bit != (lines.high || look.high) || seen.bare) {
        fail_msg("%.*s\n---\n%.*s", (int)text.len, text.data, (int)out.len,
                 out.data);
    }
    buf_release(&out);
    ++*known;
}

static void knows_what_is_seen(void **state)
{
    (void)state;
    uint32_t seed = 7;
    unsigned known = 0;
    for (int i = 0; i < 60000; i++) {
        struct buf text;
        buf_init(&text, 1 << 16);
        for (uint32_t n = next(&seed, 14); n > 0; n--) {
            const char *piece = pieces[next(&seed, COUNT(pieces))];
            for (int times = next(&seed, 300) == 0 ? 200 : 1; times > 0;
                 times--) {
                buf_append(&text, span_of(piece));
            }
        }
        struct err err = {0};
        struct template *t = template_compile(buf_span(&text), &source, &names,
                                              TEMPLATE_HTML, &err);
        assert_non_null(t);
        for (int j = 0; j < 4; j++) {
            struct span row[] = {values[next(&seed, COUNT(values))],
                                 values[next(&seed, COUNT(values))]};
            compare(t, row, buf_span(&text), &known);
        }
        template_destroy(t);
        buf_release(&text);
    }
    assert_true(known > 20000);
}

static bool is_known(const char *text)
{
    struct err err = {0};
    struct template *t =
        template_compile(span_of(text), &source, &names, TEMPLATE_PLAIN, &err);
    struct template_lines lines;
    template_lines(t, &lines);
    template_destroy(t);
    return lines.known;
}

static void knows_the_usual_ones(void **state)
{
    (void)state;
    assert_true(is_known("Dear {{a}},\r\n\r\nyour {{b}} is here.\r\n"));
    assert_true(is_known("<p>{{a}}</p>\r\n\r\n"));
    assert_true(is_known(""));
    assert_true(is_known("{{a}}, dear\r\n"));
    assert_true(is_known("x\r\n{{a}}"));
    assert_false(is_known("  {{a}}"));
    assert_false(is_known("M{{a}}"));
    assert_false(is_known("x{{#a}}y{{/a}}"));
    assert_false(is_known("-{{a}}"));
    assert_false(is_known("x\ny"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_what_is_seen),
        cmocka_unit_test(knows_the_usual_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
