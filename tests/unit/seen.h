/* A row's values as templates see them: all of them, in every form. */
#pragma once

#include "letter/template.h"

enum { SEEN_MAX = 32 };

struct seen {
    struct template_value values[SEEN_MAX];
    struct arena arena;
};

static inline void see_row(struct seen *seen, const struct template_values *row,
                           size_t columns)
{
    arena_init(&seen->arena);
    for (size_t i = 0; i < columns + TEMPLATE_BUILTINS; i++) {
        template_see(i < columns ? row->columns[i] : row->builtin[i - columns],
                     (1u << TEMPLATE_FORMS) - 1, &seen->arena,
                     &seen->values[i]);
    }
}
