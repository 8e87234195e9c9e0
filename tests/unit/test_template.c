/* letter/template: Mustache over flat strings, as its specification says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "letter/template.h"
#include "unit/edge.h"
#include "unit/seen.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const struct span columns[] = {
    {"name", 4},    {"empty", 5},  {"html", 4},  {"first name", 10},
    {"x.url", 5},   {"x", 1},      {"lines", 5}, {"tags", 4},
    {"_status", 7}, {" town ", 6}, {" id", 3},   {"id", 2},
};
static const struct span row[] = {
    {"Jo", 2},   {"", 0},         {"<a href=\"x\">&'", 14},
    {"Ann", 3},  {"own", 3},      {"a b/ü", 6},
    {"1\n2", 3}, {"{{name}}", 8}, {"sent", 4},
    {"a&b", 3},  {"8", 1},        {"7", 1},
};
static const struct template_names names = {columns, COUNT(columns)};
static const struct template_values values = {
    .columns = row,
    .builtin = {{"7", 1}, {"spring", 6}, {"2026-11-24", 10}, {"<i@x>", 5}},
};

static const struct {
    const char *name;
    const char *text;
    const char *file;
} partials[] = {
    {"hi", "Hi {{name}}", NULL},
    {"block", "|\n{{lines}}\n|\n", NULL},
    {"nested", "<\n  {{> block}}\n>\n", NULL},
    {"loop", "a {{> pool}}", NULL},
    {"pool", "b {{> loop}}", NULL},
    {"nothing", "", NULL},
    {"bell", "\a", NULL},
    {"bad", "fine\n  {{nmae}}", "letters/bad.mustache"},
    {"open", "{{#name}}", NULL},
    {"dot", "[{{.}}]", NULL},
    {"self", "{{> self}}", NULL},
    {"line", "{{name}}\r\n", NULL},
    {"other", "{{=<% %>=}}<%name%>", NULL},
};

static struct template_partial find_partial(void *context, struct span name)
{
    (void)context;
    if (span_equal(name, SPAN("far"))) {
        return (struct template_partial){.fault = "too far away"};
    }
    for (size_t i = 0; i < COUNT(partials); i++) {
        if (span_equal(span_of(partials[i].name), name)) {
            return (struct template_partial){
                .text = span_of(partials[i].text),
                .file = span_of(partials[i].file),
            };
        }
    }
    return (struct template_partial){0};
}

static const struct template_source source = {
    .file = "t.eml", .line = 3, .partial = find_partial};

static const struct {
    const char *text;
    const char *filled;
} plain[] = {
    {"", ""},
    {"Hello", "Hello"},
    {"{{name}}", "Jo"},
    {"{{ name }}|{{\tname\n}}", "Jo|Jo"},
    {"a{{name}}b{{name}}c", "aJobJoc"},
    {"{{html}}", "<a href=\"x\">&'"},
    {"{{first name}}", "Ann"},
    {"{{tags}}", "{{name}}"}, /* values are never parsed */
    {"{{x.url}}", "own"},     /* a column of exactly that name */
    {"{{first name.url}}{{html.url}}", "Ann%3Ca%20href%3D%22x%22%3E%26%27"},
    {"{{mailshot.line}} {{mailshot.campaign}} {{mailshot.date}} "
     "{{mailshot.message_id}} {{mailshot.message_id.url}}",
     "7 spring 2026-11-24 <i@x> %3Ci%40x%3E"},
    {"{ {name} } }} {", "{ {name} } }} {"},
    /* sections */
    {"{{#name}}yes{{/name}}{{^name}}no{{/name}}", "yes"},
    {"{{#empty}}yes{{/empty}}{{^empty}}no{{/empty}}", "no"},
    {"{{#name}}a{{^empty}}b{{/empty}}c{{/name}}", "abc"},
    {"{{#empty}}a{{#name}}b{{/name}}{{/empty}}c", "c"},
    {"{{#name}}{{#name}}x{{/name}}{{/name}}", "x"},
    {"{{# name }}x{{/ name }}", "x"},
    /* the value of the section */
    {"{{#name}}{{.}} is {{name}}{{/name}}", "Jo is Jo"},
    {"{{#name}}{{^empty}}{{.}}{{/empty}}{{#x}}{{.}}{{/x}}{{.}}{{/name}}",
     "Joa b/üJo"},
    {"{{#name}}{{#.}}{{.}}{{/.}}{{> dot}}{{/name}}", "Jo[Jo]"},
    {"{{#first name.url}}{{.}}{{/first name.url}}", "Ann"},
    {"{{#html.url}}{{.}}{{/html.url}}", "%3Ca%20href%3D%22x%22%3E%26%27"},
    /* blanks round a column's name */
    {"{{town}}{{ town }}{{town.url}}", "a&ba&ba%26b"},
    {"{{id}}", "7"},
    /* standalone lines */
    {"a\n{{#name}}\nb\n{{/name}}\nc", "a\nb\nc"},
    {"a\r\n  {{#name}}  \r\nb\r\n{{/name}}\r\nc", "a\r\nb\r\nc"},
    {"{{#name}}\nb\n{{/name}}", "b\n"},
    {" {{#name}} b {{/name}}\n", "  b \n"},
    {"{{#name}}{{/name}}\n", "\n"}, /* two tags are not alone */
    {"a\n {{name}}\nb", "a\n Jo\nb"},
    {"a\n{{! comment }}\nb", "a\nb"},
    {"a\n  {{!\n several\n lines }}\nb", "a\nb"},
    {"a {{! b }} c", "a  c"},
    {"a\n {{! b }} c\n", "a\n  c\n"},
    /* delimiters */
    {"{{=<% %>=}}<%name%> {{name}}", "Jo {{name}}"},
    {"{{=| |=}}|name| |={{ }}=|{{name}}", "Jo Jo"},
    {"a\n{{=<% %>=}}\n<%={{ }}=%>\nb", "a\nb"},
    {"{{= | | =}}|#name|x|/name||{html}|", "x<a href=\"x\">&'"},
    /* partials */
    {"{{> hi}}!", "Hi Jo!"},
    {"{{>hi}}{{>nothing}}", "Hi Jo"},
    {"\\\n {{>block}}\n/\n", "\\\n |\n 1\n2\n |\n/\n"},
    {" {{> nested}}", " <\n   |\n   1\n2\n   |\n >\n"},
    {"{{>other}}{{name}}", "JoJo"},
    {"{{#empty}}{{> hi}}{{/empty}}.", "."},
};

static const struct {
    const char *text;
    const char *filled;
} html[] = {
    {"{{html}}", "&lt;a href=&quot;x&quot;&gt;&amp;&#39;"},
    {"{{{html}}}|{{&html}}|{{& html }}",
     "<a href=\"x\">&'|<a href=\"x\">&'|<a href=\"x\">&'"},
    {"<b>{{name}}</b>", "<b>Jo</b>"},
};

static const struct {
    const char *text;
    const char *message;
} wrong[] = {
    {"{{nmae}}", "t.eml:3:1: no column \"nmae\"; did you mean \"name\"?"},
    {"\n\nä {{NAME}}", "t.eml:5:3: no column \"NAME\"; did you mean \"name\"?"},
    {"{{mailshot.lien}}", "t.eml:3:1: no column \"mailshot.lien\"; did you "
                          "mean \"mailshot.line\"?"},
    {"{{something else}}", "t.eml:3:1: no column \"something else\""},
    {"{{_status}}", "t.eml:3:1: no column \"_status\""},
    {"{{}}", "t.eml:3:1: no column \"\""},
    {"{{.}}", "t.eml:3:1: no section is round \".\""},
    {"{{^name}}{{.}}{{/name}}", "t.eml:3:10: no section is round \".\""},
    {"a {{name", "t.eml:3:3: no end of the tag \"{{\""},
    {"a {{{name}}", "t.eml:3:3: no end of the tag \"{{\""},
    {"{{=<% %>}}", "t.eml:3:1: no end of the tag \"{{\""},
    {"{{=<%=}}", "t.eml:3:1: no delimiters: \"<%\""},
    {"{{=a b c=}}", "t.eml:3:1: no delimiters: \"a b c\""},
    {"{{#name}}", "t.eml:3:1: no end of the section \"name\""},
    {"\n x{{#name}}{{#x}}{{/x}}", "t.eml:4:3: no end of the section \"name\""},
    {"{{/name}}", "t.eml:3:1: no section is open to close \"name\""},
    {"{{#name}}{{/x}}", "t.eml:3:10: this does not close the section \"name\""},
    {"{{#elsewhere}}{{/elsewhere}}", "t.eml:3:1: no column \"elsewhere\""},
    {"{{> none}}", "t.eml:3:1: no partial \"none\""},
    {"{{> loop}}", "pool:1:3: a partial within itself: \"loop > pool > loop\""},
    {"\n{{> self}}", "self:1:1: a partial within itself: \"self > self\""},
    {"{{> far}}", "t.eml:3:1: no partial \"far\": too far away"},
    {"{{> bell}}", "t.eml:3:1: a control character, or what is no UTF-8, in "
                   "partial \"bell\""},
    {"  {{> bad}}",
     "letters/bad.mustache:2:3: no column \"nmae\"; did you mean \"name\"?"},
    {"{{> open}}{{/name}}", "open:1:1: no end of the section \"name\""},
    {"{{#name}}{{> open}}{{/name}}",
     "open:1:1: no end of the section \"name\""},
};

/* The text stands at the edge of a readable page while it is compiled, and is
 * gone when it is filled in. */
static struct template *compile(const char *text, enum template_escape escape,
                                struct err *err)
{
    struct edge edge = edge_copy(span_of(text));
    struct template *t =
        template_compile(edge.span, &source, &names, escape, err);
    edge_release(&edge);
    return t;
}

static void expect(const char *text, enum template_escape escape,
                   const char *filled)
{
    struct err err = {0};
    struct template *t = compile(text, escape, &err);
    if (!t) {
        fail_msg("%s: %s", text, err.text);
    }
    struct buf out;
    buf_init(&out, 10000);
    struct seen seen;
    see_row(&seen, &values, COUNT(columns));
    template_fill(t, seen.values, &out);
    struct template_look look;
    template_look(t, seen.values, &look);
    assert_int_equal(look.bytes, out.len);
    arena_release(&seen.arena);
    buf_append_byte(&out, '\0');
    assert_string_equal(out.data, filled);
    buf_release(&out);
    template_destroy(t);
}

static void fills_in(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(plain); i++) {
        expect(plain[i].text, TEMPLATE_PLAIN, plain[i].filled);
    }
}

static void escapes_html(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(html); i++) {
        expect(html[i].text, TEMPLATE_HTML, html[i].filled);
    }
}

static void says_what_is_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct err err = {0};
        struct template *t = compile(wrong[i].text, TEMPLATE_PLAIN, &err);
        if (t) {
            fail_msg("compiled: %s", wrong[i].text);
        }
        assert_int_equal(err.status, EX_DATAERR);
        assert_string_equal(err.text, wrong[i].message);
    }
}

/* No prefix of a template reads too far. */
static void compiles_at_every_edge(void **state)
{
    (void)state;
    static const char text[] =
        "{{#name}}\r\n{{{html}}}{{/name}}{{=| |=}}|name.url||>hi|\n|! x |\n";
    for (size_t len = 0; len < sizeof text; len++) {
        struct edge edge = edge_copy(span_from(text, len));
        struct err err = {0};
        struct template *t =
            template_compile(edge.span, &source, &names, TEMPLATE_HTML, &err);
        assert_true((t != NULL) != (err.status != 0));
        template_destroy(t);
        edge_release(&edge);
    }
}

static void unfolds_headers(void **state)
{
    (void)state;
    struct template_source header = source;
    header.header = true;
    struct err err = {0};
    struct template *t =
        template_compile(SPAN("one\r\n {{name}}\n\ttwo {{> block}}{{> line}}"),
                         &header, &names, TEMPLATE_PLAIN, &err);
    assert_non_null(t);
    struct buf out;
    buf_init(&out, 1000);
    struct seen seen;
    see_row(&seen, &values, COUNT(columns));
    template_fill(t, seen.values, &out);
    arena_release(&seen.arena);
    buf_append_byte(&out, '\0');
    assert_string_equal(out.data, "one Jo\ttwo | 1\n2 |Jo");
    buf_release(&out);
    template_destroy(t);
}

static const struct {
    const char *text;
    size_t empty; /* index of the column, or of none */
    size_t control;
} looks[] = {
    {"{{name}}", COUNT(columns), TEMPLATE_NO_VALUE},
    {"{{empty}}", 1, TEMPLATE_NO_VALUE},
    {"{{#empty}}{{empty}}{{/empty}}", COUNT(columns), TEMPLATE_NO_VALUE},
    {"{{^empty}}{{empty}}{{/empty}}", COUNT(columns), TEMPLATE_NO_VALUE},
    {"{{#name}}{{empty}}{{/name}}", 1, TEMPLATE_NO_VALUE},
    {"{{^name}}{{empty}}{{/name}}", COUNT(columns), TEMPLATE_NO_VALUE},
    {"{{lines}}", COUNT(columns), 6},
    {"{{lines.url}}", COUNT(columns), TEMPLATE_NO_VALUE},
    {"{{#lines}}{{name}}{{/lines}}", COUNT(columns), TEMPLATE_NO_VALUE},
};

static void looks_at_values(void **state)
{
    (void)state;
    struct seen seen;
    see_row(&seen, &values, COUNT(columns));
    for (size_t i = 0; i < COUNT(looks); i++) {
        struct err err = {0};
        struct template *t = compile(looks[i].text, TEMPLATE_PLAIN, &err);
        struct template_look look;
        template_look(t, seen.values, &look);
        assert_int_equal(look.empty, looks[i].empty);
        assert_true(look.control == looks[i].control);
        assert_true(look.nul == TEMPLATE_NO_VALUE);
        template_destroy(t);
    }
    arena_release(&seen.arena);
}

static void knows_its_parts(void **state)
{
    (void)state;
    struct err err = {0};
    struct template *t = compile("a{{! b }}c", TEMPLATE_PLAIN, &err);
    size_t column;
    assert_true(template_fixed(t));
    assert_true(span_equal(template_tail(t), SPAN("ac")));
    template_destroy(t);

    t = compile("{{first name}}", TEMPLATE_PLAIN, &err);
    assert_false(template_fixed(t));
    assert_true(template_only_column(t, &column));
    assert_int_equal(column, 3);
    assert_int_equal(template_tail(t).len, 0);
    template_destroy(t);

    t = compile("{{mailshot.date}}@x", TEMPLATE_PLAIN, &err);
    assert_false(template_only_column(t, &column));
    assert_true(template_uses(t, TEMPLATE_DATE));
    assert_false(template_uses(t, TEMPLATE_LINE));
    assert_true(span_equal(template_tail(t), SPAN("@x")));
    template_destroy(t);

    t = compile("{{#name}}@x{{/name}}", TEMPLATE_PLAIN, &err);
    assert_int_equal(template_tail(t).len, 0);
    template_destroy(t);
}

/* Doubling partials would take all memory: a is b and b, b is c and c. */
static struct template_partial doubling(void *context, struct span name)
{
    char(*texts)[12] = context;
    size_t which = (size_t)(name.data[0] - 'a');
    char next = (char)(name.data[0] + 1);
    char text[12] = {'{', '{', '>', next, '}', '}',
                     '{', '{', '>', next, '}', '}'};
    memcpy(texts[which], text, sizeof text);
    return (struct template_partial){.text =
                                         span_from(texts[which], sizeof text)};
}

static void ends_with_too_many_partials(void **state)
{
    (void)state;
    static char texts[26][12];
    struct template_source many = source;
    many.partial = doubling;
    many.context = texts;
    struct err err = {0};
    assert_null(
        template_compile(SPAN("{{>a}}"), &many, &names, TEMPLATE_PLAIN, &err));
    assert_int_equal(err.status, EX_DATAERR);
    assert_string_equal(err.text,
                        "p:1:1: partials in partials, too many: \"a > b > c > "
                        "d > e > f > g > h > i > j > k > l > m > n > o > p > "
                        "q\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_in),
        cmocka_unit_test(escapes_html),
        cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(compiles_at_every_edge),
        cmocka_unit_test(unfolds_headers),
        cmocka_unit_test(looks_at_values),
        cmocka_unit_test(knows_its_parts),
        cmocka_unit_test(ends_with_too_many_partials),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
