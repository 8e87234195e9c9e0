/* What is a template once it is compiled? A list of steps that is run from
 * the first to the last; a section that is not taken is jumped over. Partials
 * are compiled in where they stand. For the template's own files alone. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/span.h"
#include "letter/template.h"

enum template_op_kind {
    TEMPLATE_OP_TEXT,
    TEMPLATE_OP_VALUE,
    TEMPLATE_OP_SECTION,  /* jumps to `end` where the value is empty */
    TEMPLATE_OP_INVERTED, /* jumps to `end` where it is not */
};

struct template_op {
    enum template_op_kind kind;
    enum template_form form; /* of a value */
    bool guarded;            /* a value within a section of its own column */
    size_t value;            /* index: columns, then built-in ones */
    size_t end;              /* of a section: the op behind it */
    struct span text;        /* of a text, in the arena */
};

struct template
{
    struct template_op *ops;
    size_t count;
    size_t cap;
    size_t columns;    /* how many names are columns */
    unsigned builtins; /* bit 1 << enum template_builtin: used */
    struct arena arena;
};

/* Which value does a name mean? False: none does. *url_out is true for
 * `name.url`. */
bool template_name_find(const struct template_names *names, struct span name,
                        size_t *value_out, bool *url_out);

/* The nearest name by edits, or an empty span where none is near. */
struct span template_name_nearest(const struct template_names *names,
                                  struct span name);

/* As a message calls it: the column's name, or `mailshot.…`. */
struct span template_name_of(const struct template_names *names, size_t value);
