#include "record/cleaned.h"

#include <stdlib.h>

#include "base/mem.h"
#include "record/replacement.h"

struct cleaned {
    struct replacement file;
};

struct cleaned *cleaned_open(const char *path, const struct failed_list *list,
                             struct err *err)
{
    struct cleaned *c = mem_alloc_zero(1, sizeof *c);
    if (!replacement_open(&c->file, path, err)) {
        free(c);
        return NULL;
    }
    c->file.output.waits = false; /* nothing else goes on meanwhile */
    buf_append(&c->file.output.gathered, list->preamble);
    buf_append(&c->file.output.gathered, list->header);
    return c;
}

/* Only the last row of a list can lack its line end, and it is the last here,
 * too. */
bool cleaned_write(struct cleaned *c, struct span raw, struct err *err)
{
    buf_append(&c->file.output.gathered, raw);
    return output_turn(&c->file.output, err);
}

bool cleaned_close(struct cleaned *c, struct err *err)
{
    if (!c) {
        return true;
    }
    bool whole = replacement_finish(&c->file, err);
    free(c);
    return whole;
}

void cleaned_abandon(struct cleaned *c)
{
    if (c) {
        replacement_abandon(&c->file);
        free(c);
    }
}
