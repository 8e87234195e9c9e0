/* Rows that the template cannot be filled in for: an empty field outside of a
 * section, a control character in a header. Their verdicts say so one by one;
 * here each cause is said once, with its first line and how many there are. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/mem.h"
#include "mailing/finding.h"
#include "mailing/observer.h"

enum { CAUSES_MAX = 100 };

struct cause {
    struct span reason; /* in the arena */
    uint32_t line;
    uint64_t rows;
};

struct causes {
    const struct plan *plan;
    struct arena arena;
    struct cause list[CAUSES_MAX];
    size_t count;
    uint64_t others; /* rows of causes that found no room there */
};

static void *begin(const struct plan *plan)
{
    if (!plan->draft) {
        return NULL;
    }
    struct causes *c = mem_alloc_zero(1, sizeof *c);
    c->plan = plan;
    arena_init(&c->arena);
    return c;
}

/* The list room gives its reasons itself. */
static bool no_letter(const struct plan_row *row)
{
    return row->verdict.status == CLEAN_INVALID && !row->verdict.reason;
}

static void look(void *finding, struct plan_row *row)
{
    struct causes *c = finding;
    if (!no_letter(row)) {
        return;
    }
    for (size_t i = 0; i < c->count; i++) {
        if (span_equal(c->list[i].reason, row->reason)) {
            c->list[i].rows++;
            return;
        }
    }
    if (c->count == CAUSES_MAX) {
        c->others++;
        return;
    }
    c->list[c->count++] = (struct cause){
        .reason = arena_copy(&c->arena, row->reason),
        .line = row->csv.line,
        .rows = 1,
    };
}

static unsigned tell(void *finding, const struct observer *observer)
{
    const struct causes *c = finding;
    const char *list = csv_reader_name(c->plan->reader);
    for (size_t i = 0; i < c->count; i++) {
        const struct cause *cause = &c->list[i];
        observer_say(observer, SAY_WARNING,
                     "%s:%" PRIu32 ": %.*s (%" PRIu64 " row%s)", list,
                     cause->line, (int)cause->reason.len, cause->reason.data,
                     cause->rows, cause->rows == 1 ? "" : "s, this one first");
    }
    if (c->others > 0) {
        observer_say(observer, SAY_WARNING, "%s: more causes: %" PRIu64 " rows",
                     list, c->others);
    }
    return (unsigned)c->count + (c->others > 0);
}

static void end(void *finding)
{
    struct causes *c = finding;
    arena_release(&c->arena);
    free(c);
}

const struct finding_kind finding_causes = {begin, look, tell, end};
