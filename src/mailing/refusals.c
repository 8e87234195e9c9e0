#include "mailing/refusals.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"

void refusals_init(struct refusals *r)
{
    *r = (struct refusals){0};
}

void refusals_release(struct refusals *r)
{
    free(r->rows);
    refusals_init(r);
}

void refusals_add(struct refusals *r, uint32_t line)
{
    assert(r->count == 0 || r->rows[r->count - 1].line < line);
    if (r->count == r->cap) {
        r->cap = r->cap ? r->cap * 2 : 16;
        r->rows = mem_resize(r->rows, r->cap, sizeof *r->rows);
    }
    r->rows[r->count++] = (struct refusal){.line = line};
}

struct refusal *refusals_find(const struct refusals *r, uint32_t line)
{
    size_t from = 0;
    size_t to = r->count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (r->rows[middle].line < line) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return from < r->count && r->rows[from].line == line ? &r->rows[from]
                                                         : NULL;
}
