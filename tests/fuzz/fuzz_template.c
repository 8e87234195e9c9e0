/* letter/template: any text is a template or an error, and filling it in
 * keeps to what looking at it said. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "letter/template.h"
#include "unit/seen.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct span columns[] = {{"a", 1}, {"name", 4}, {"empty", 5}};
static const struct span row[] = {{"x", 1}, {"<\"{{a}}\n&'>", 11}, {"", 0}};
static const struct template_names names = {columns, 3};

struct texts {
    struct span partial;
};

static struct template_partial find_partial(void *context, struct span name)
{
    const struct texts *texts = context;
    struct template_partial found = {.text = texts->partial};
    return span_equal(name, SPAN("a")) ? found : (struct template_partial){0};
}

static void check(struct span text, struct span partial, bool header,
                  enum template_escape escape)
{
    struct texts texts = {partial};
    struct template_source source = {
        .file = "fuzz",
        .line = 1,
        .header = header,
        .partial = find_partial,
        .context = &texts,
    };
    struct template_values values = {
        .columns = row, .builtin = {{"7", 1}, {"c", 1}, {"d", 1}, {"m", 1}}};
    struct err err = {0};
    struct template *t = template_compile(text, &source, &names, escape, &err);
    if ((t == NULL) != (err.status == EX_DATAERR)) {
        abort();
    }
    if (!t) {
        return;
    }
    struct buf out;
    buf_init(&out, 1 << 24);
    struct seen seen;
    see_row(&seen, &values, names.column_count);
    template_fill(t, seen.values, &out);
    struct template_look look;
    template_look(t, seen.values, &look);
    arena_release(&seen.arena);
    if (!out.overflowed && out.len != look.bytes) {
        abort();
    }
    buf_release(&out);
    template_destroy(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* What is behind the first 0xff is the partial. */
    struct span all = span_from((const char *)data, size);
    size_t cut = span_find(all, '\xff');
    struct span text = span_slice(all, 0, cut);
    struct span partial = cut < size ? span_rest(all, cut + 1) : SPAN("");
    check(text, partial, false, TEMPLATE_PLAIN);
    check(text, partial, true, TEMPLATE_HTML);
    return 0;
}
