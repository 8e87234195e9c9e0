/* letter/template: what the public Mustache specification asks of flat string
 * data, rule by rule. Each case is tried as it stands and with CRLF, as a
 * whole and as a partial. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "letter/template.h"
#include "letter/wire.h"
#include "unit/seen.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const struct span columns[] = {
    {"who", 3},   {"yes", 3}, {"no", 2},    {"html", 4},
    {"bar", 3},   {"two", 3}, {"lines", 5}, {"tag", 3},
    {"a.b.c", 5}, {"mph", 3}, {"blank", 5}, {"zero", 4},
};
static const struct span row[] = {
    {"world", 5}, {"true", 4}, {"", 0},      {"& \" < >", 7},
    {"|", 1},     {"2nd", 3},  {"<\n->", 4}, {"{{who}} {{#no}} %s", 18},
    {"deep", 4},  {"85", 2},   {" ", 1},     {"0", 1},
};
static const struct template_names names = {columns, COUNT(columns)};
static const struct template_values values = {.columns = row};

struct one_case {
    const char *rule;
    const char *text;
    const char *partial; /* {{> p}} */
    const char *filled;
};

static const struct one_case variables[] = {
    {"no tag", "Hi {who} } {\n", NULL, "Hi {who} } {\n"},
    {"a tag", "Hi, {{who}}!\n", NULL, "Hi, world!\n"},
    {"two braces escape", "{{html}}", NULL, "&amp; &quot; &lt; &gt;"},
    {"three do not", "{{{html}}}", NULL, "& \" < >"},
    {"an ampersand does not", "{{&html}}", NULL, "& \" < >"},
    {"digits are text", "{{mph}} {{{mph}}} {{&mph}}", NULL, "85 85 85"},
    {"a dotted column", "{{a.b.c}} {{{a.b.c}}} {{&a.b.c}}", NULL,
     "deep deep deep"},
    {"blanks outside stay", "| {{who}} | {{{who}}} | {{&who}} |", NULL,
     "| world | world | world |"},
    {"never alone", "  {{who}}\n", NULL, "  world\n"},
    {"never alone, three", "  {{{who}}}\n", NULL, "  world\n"},
    {"never alone, &", "  {{&who}}\n", NULL, "  world\n"},
    {"blanks inside go", "|{{ who }}|{{{ who }}}|{{& who }}|", NULL,
     "|world|world|world|"},
    {"line ends inside go", "|{{\n who\n}}|{{&\nwho}}|", NULL, "|world|world|"},
    {"a value is no template", "{{{tag}}}", NULL, "{{who}} {{#no}} %s"},
    {"a value's line ends are its own", "  {{{lines}}}.\n", NULL, "  <\n->.\n"},
    {"a brace behind three", "{{{who}}}}", NULL, "world}"},
    {"a brace before three", "{{{{who}}}}", NULL, NULL},
};

static const struct one_case sections[] = {
    {"taken", "\"{{#yes}}in{{/yes}}\"", NULL, "\"in\""},
    {"passed over", "\"{{#no}}in{{/no}}\"", NULL, "\"\""},
    {"a nought is a text", "{{#zero}}in{{/zero}}", NULL, "in"},
    {"so is a blank", "{{#blank}}in{{/blank}}", NULL, "in"},
    {"once for a text", "{{#who}}x{{/who}}", NULL, "x"},
    {"its value is at hand", "{{#who}}{{.}} is {{who}}{{/who}}", NULL,
     "world is world"},
    {"and is escaped", "{{#html}}{{.}}{{{.}}}{{&.}}{{/html}}", NULL,
     "&amp; &quot; &lt; &gt;& \" < >& \" < >"},
    {"the innermost one's", "{{#who}}{{#mph}}{{.}}{{/mph}}{{.}}{{/who}}", NULL,
     "85world"},
    {"on the value itself", "{{#who}}{{#.}}({{.}}){{/.}}{{/who}}", NULL,
     "(world)"},
    {"outer names within", "{{#yes}}{{who}}, {{two}}{{/yes}}", NULL,
     "world, 2nd"},
    {"several",
     "{{#yes}}\n* 1st\n{{/yes}}\n* {{two}}\n{{#yes}}\n* 3rd\n"
     "{{/yes}}\n",
     NULL, "* 1st\n* 2nd\n* 3rd\n"},
    {"one in the other", "| A {{#yes}}B {{#yes}}C{{/yes}} D{{/yes}} E |", NULL,
     "| A B C D E |"},
    {"one in the other, no", "| A {{#no}}B {{#yes}}C{{/yes}} D{{/no}} E |",
     NULL, "| A  E |"},
    {"a dotted column", "{{#a.b.c}}x{{/a.b.c}}", NULL, "x"},
    {"deep",
     "{{#who}}\n{{two}}\n{{#two}}\n{{#mph}}\n{{.}}{{two}}{{.}}\n{{/mph}}\n"
     "{{.}}\n{{/two}}\n{{.}}\n{{/who}}\n",
     NULL, "2nd\n852nd85\n2nd\nworld\n"},
    {"blanks outside stay", " | {{#yes}}\t|\t{{/yes}} | \n", NULL,
     " | \t|\t | \n"},
    {"blanks inside stay", " | {{#yes}} {{! this }}\n {{/yes}} | \n", NULL,
     " |  \n  | \n"},
    {"in a line", " {{#yes}}A{{/yes}}\n {{#yes}}B{{/yes}}\n", NULL, " A\n B\n"},
    {"alone", "| a\n{{#yes}}\n|\n{{/yes}}\n| b\n", NULL, "| a\n|\n| b\n"},
    {"alone, indented", "| a\n  {{#yes}}\n|\n \t{{/yes}} \t\n| b\n", NULL,
     "| a\n|\n| b\n"},
    {"alone at the beginning", "  {{#yes}}\n#{{/yes}}\n/", NULL, "#\n/"},
    {"alone at the end", "#{{#yes}}\n/\n  {{/yes}}", NULL, "#\n/\n"},
    {"two in a line are not alone", "{{#yes}}{{/yes}}\nx", NULL, "\nx"},
    {"a tag before is not alone", "{{! }}{{#yes}}\nx{{/yes}}", NULL, "\nx"},
    {"blanks inside go", "|{{# yes }}={{/ yes }}|{{#\nyes\n}}-{{/\nyes}}|",
     NULL, "|=|-|"},
};

static const struct one_case inverted[] = {
    {"taken", "{{^no}}in{{/no}}", NULL, "in"},
    {"passed over", "{{^yes}}in{{/yes}}", NULL, ""},
    {"a text is there", "{{^who}}no {{who}}{{/who}}", NULL, ""},
    {"several", "{{^no}}\n* 1st\n{{/no}}\n* {{two}}\n{{^no}}\n* 3rd\n{{/no}}\n",
     NULL, "* 1st\n* 2nd\n* 3rd\n"},
    {"one in the other", "| A {{^no}}B {{^no}}C{{/no}} D{{/no}} E |", NULL,
     "| A B C D E |"},
    {"one in the other, no", "| A {{^yes}}B {{^no}}C{{/no}} D{{/yes}} E |",
     NULL, "| A  E |"},
    {"in a section", "{{#yes}}{{^no}}{{.}}{{/no}}{{/yes}}", NULL, "true"},
    {"a dotted column", "{{^a.b.c}}x{{/a.b.c}}", NULL, ""},
    {"blanks outside stay", " | {{^no}}\t|\t{{/no}} | \n", NULL,
     " | \t|\t | \n"},
    {"blanks inside stay", " | {{^no}} {{! this }}\n {{/no}} | \n", NULL,
     " |  \n  | \n"},
    {"in a line", " {{^no}}A{{/no}}\n {{^no}}B{{/no}}\n", NULL, " A\n B\n"},
    {"alone", "| a\n{{^no}}\n|\n{{/no}}\n| b\n", NULL, "| a\n|\n| b\n"},
    {"alone, indented", "| a\n  {{^no}}\n|\n  {{/no}}\n| b\n", NULL,
     "| a\n|\n| b\n"},
    {"alone at the beginning", "  {{^no}}\n^{{/no}}\n/", NULL, "^\n/"},
    {"alone at the end", "^{{^no}}\n/\n  {{/no}}", NULL, "^\n/\n"},
    {"both", "{{#no}}a{{/no}}{{^no}}b{{/no}}", NULL, "b"},
    {"blanks inside go", "|{{^ no }}={{/ no }}|", NULL, "|=|"},
};

static const struct one_case comments[] = {
    {"in a line", "12{{! x! }}34", NULL, "1234"},
    {"of several lines", "12{{!\n  x\n  y...\n}}34\n", NULL, "1234\n"},
    {"alone", "a\n{{! x }}\nb\n", NULL, "a\nb\n"},
    {"alone, indented", "a\n  {{! x }}  \nb\n", NULL, "a\nb\n"},
    {"alone at the beginning", "  {{! I'm }}\n!", NULL, "!"},
    {"alone at the end", "!\n  {{! I'm }}", NULL, "!\n"},
    {"alone, of several lines", "a\n{{!\nx\n}}\nb\n", NULL, "a\nb\n"},
    {"both", "a\n  {{!\n    x\n  }}\nb\n", NULL, "a\nb\n"},
    {"not alone", "  12 {{! 34 }}\n", NULL, "  12 \n"},
    {"blanks outside stay", "12 {{! x }} 34", NULL, "12  34"},
    {"names nothing", "({{! who }})({{!who}})({{!{who}}})", NULL, "()()(})"},
    {"nothing at all", "{{!}}", NULL, ""},
};

static const struct one_case delimiters[] = {
    {"from here on", "{{=<% %>=}}(<%who%>)", NULL, "(world)"},
    {"any characters", "({{=[ ]=}}[who])", NULL, "(world)"},
    {"before sections",
     "[\n{{#yes}}\n  {{who}}\n  |who|\n{{/yes}}\n\n{{= | | =}}\n|#yes|\n"
     "  {{who}}\n  |who|\n|/yes|\n]\n",
     NULL, "[\n  world\n  |who|\n\n  {{who}}\n  world\n]\n"},
    {"before inverted ones",
     "[\n{{^no}}\n  {{who}}\n  |who|\n{{/no}}\n\n{{= | | =}}\n|^no|\n"
     "  {{who}}\n  |who|\n|/no|\n]\n",
     NULL, "[\n  world\n  |who|\n\n  {{who}}\n  world\n]\n"},
    {"within a section", "{{#yes}}{{=<% %>=}}<%who%><%/yes%>{{who}}", NULL,
     "world{{who}}"},
    {"not in a partial", "[ {{> p}} ]\n{{= | | =}}\n[ |> p| ]\n", ".{{who}}.",
     "[ .world. ]\n[ .world. ]\n"},
    {"not from a partial", "[ {{> p}} ]\n[ .{{who}}.  .|who|. ]\n",
     ".{{who}}. {{= | | =}} .|who|.",
     "[ .world.  .world. ]\n[ .world.  .|who|. ]\n"},
    {"blanks outside stay", "| {{=@ @=}} |", NULL, "|  |"},
    {"blanks before stay", " | {{=@ @=}}\n", NULL, " | \n"},
    {"alone", "a\n{{=@ @=}}\nb\n", NULL, "a\nb\n"},
    {"alone, indented", "a\n  {{=@ @=}}\nb\n", NULL, "a\nb\n"},
    {"alone at the beginning", "  {{=@ @=}}\n=", NULL, "="},
    {"alone at the end", "=\n  {{=@ @=}}", NULL, "=\n"},
    {"blanks inside go", "|{{= @   @ =}}|@=\t#\n# =@|", NULL, "|||"},
    {"unescaped", "{{=<% %>=}}<%{html}%><%&html%>", NULL, "& \" < >& \" < >"},
    {"to and fro", "{{=<% %>=}}<%who%><%={{ }}=%>{{who}}", NULL, "worldworld"},
};

static const struct one_case partials[] = {
    {"its text", "\"{{>p}}\"", "from it", "\"from it\""},
    {"the same row", "\"{{>p}}\"", "*{{who}}*", "\"*world*\""},
    {"the same section", "{{#who}}{{>p}}{{/who}}", "{{.}}", "world"},
    {"an empty one", "\"{{>p}}\"", "", "\"\""},
    {"blanks outside stay", "| {{>p}} |", "\t|\t", "| \t|\t |"},
    {"no indent in a line", "  {{bar}}  {{> p}}\n", ">\n>", "  |  >\n>\n"},
    {"alone", "|\n{{>p}}\n|", ">", "|\n>|"},
    {"alone at the beginning", "  {{>p}}\n>", ">\n>", "  >\n  >>"},
    {"alone at the end", ">\n  {{>p}}", ">\n>", ">\n  >\n  >"},
    {"each line is indented, no value's", "\\\n {{>p}}\n/\n",
     "|\n{{{lines}}}a b{{{lines}}}c\n|\n", "\\\n |\n <\n->a b<\n->c\n |\n/\n"},
    {"no empty line is", "  {{>p}}\n/", "\n1\n\n2\n\n", "\n  1\n\n  2\n\n/"},
    {"by tabs, too", "\t{{>p}}\n", "1\n2\n", "\t1\n\t2\n"},
    {"lines alone within", "  {{>p}}\n", "{{#yes}}\nx\n{{/yes}}\n", "  x\n"},
    {"twice", "{{>p}}{{>p}}", "x", "xx"},
    {"blanks inside go", "|{{> p }}|", "[]", "|[]|"},
};

struct texts {
    const struct one_case *c;
    struct span partial;
};

static struct template_partial find_partial(void *context, struct span name)
{
    const struct texts *texts = context;
    struct template_partial none = {0};
    bool known = span_equal(name, SPAN("p")) && texts->c->partial;
    return known ? (struct template_partial){.text = texts->partial} : none;
}

static struct span with_line_ends(struct arena *arena, const char *text,
                                  bool crlf)
{
    struct span plain = span_of(text);
    if (!crlf || plain.len == 0) {
        return plain.data ? plain : SPAN("");
    }
    struct buf lines;
    buf_init(&lines, 10000);
    wire_append_lines(&lines, plain);
    struct span copy = arena_copy(arena, buf_span(&lines));
    buf_release(&lines);
    return copy;
}

/* A row's line ends are not the template's: both are made alike to compare. */
static void fill(const struct template *t, bool crlf, struct buf *out)
{
    struct buf filled;
    buf_init(&filled, 10000);
    struct seen seen;
    see_row(&seen, &values, names.column_count);
    template_fill(t, seen.values, &filled);
    arena_release(&seen.arena);
    buf_clear(out);
    if (crlf) {
        wire_append_lines(out, buf_span(&filled));
    } else {
        buf_append(out, buf_span(&filled));
    }
    buf_release(&filled);
}

static void try(const struct one_case *c, bool crlf)
{
    struct arena arena;
    arena_init(&arena);
    struct texts texts = {c, with_line_ends(&arena, c->partial, crlf)};
    struct template_source source = {
        .file = "t", .line = 1, .partial = find_partial, .context = &texts};
    struct err err = {0};
    struct template *t = template_compile(with_line_ends(&arena, c->text, crlf),
                                          &source, &names, TEMPLATE_HTML, &err);
    if (!t && c->filled) {
        fail_msg("%s: %s", c->rule, err.text);
    }
    assert_int_equal(t != NULL, c->filled != NULL);
    if (t) {
        struct buf out;
        buf_init(&out, 10000);
        fill(t, crlf, &out);
        struct span want = with_line_ends(&arena, c->filled, crlf);
        if (!span_equal(buf_span(&out), want)) {
            fail_msg("%s: \"%.*s\" is not \"%.*s\"", c->rule, (int)out.len,
                     out.data, (int)want.len, want.data);
        }
        buf_release(&out);
    }
    template_destroy(t);
    arena_release(&arena);
}

/* As a partial in a line of its own, its text is the same. */
static void try_within(const struct one_case *c)
{
    struct one_case within = {c->rule, "{{> p}}", c->text, c->filled};
    if (!c->partial) {
        try(&within, false);
        try(&within, true);
    }
}

static void try_all(const struct one_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        try(&cases[i], false);
        try(&cases[i], true);
        try_within(&cases[i]);
    }
}

static void fills_variables(void **state)
{
    (void)state;
    try_all(variables, COUNT(variables));
}

static void takes_sections(void **state)
{
    (void)state;
    try_all(sections, COUNT(sections));
    try_all(inverted, COUNT(inverted));
}

static void leaves_out_comments(void **state)
{
    (void)state;
    try_all(comments, COUNT(comments));
}

static void sets_delimiters(void **state)
{
    (void)state;
    try_all(delimiters, COUNT(delimiters));
}

static void takes_in_partials(void **state)
{
    (void)state;
    try_all(partials, COUNT(partials));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_variables),
        cmocka_unit_test(takes_sections),
        cmocka_unit_test(leaves_out_comments),
        cmocka_unit_test(sets_delimiters),
        cmocka_unit_test(takes_in_partials),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
