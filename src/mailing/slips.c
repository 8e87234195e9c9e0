/* Domains that are one slip from a big provider: once for each, with its first
 * row. Most rows of most lists share few domains, so what was found of a
 * domain is kept where its next row finds it at once. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "list/slip.h"
#include "mailing/finding.h"
#include "mailing/observer.h"

enum { SLIPS_MAX = 100, CACHE_SIZE = 256, CACHED_BYTES_MAX = 24 };

struct slip {
    struct span domain; /* both in the arena */
    struct span hint;
    uint32_t line;
    uint64_t rows;
};

/* A domain that was looked at, and is none. */
struct cached {
    unsigned char len;
    char domain[CACHED_BYTES_MAX];
};

struct slips {
    const struct plan *plan;
    struct arena arena;
    struct slip list[SLIPS_MAX];
    size_t count;
    uint64_t others; /* rows of what found no room there */
    struct cached cache[CACHE_SIZE];
};

static void *begin(const struct plan *plan)
{
    struct slips *s = mem_alloc_zero(1, sizeof *s);
    s->plan = plan;
    arena_init(&s->arena);
    return s;
}

static struct cached *place_of(struct slips *s, struct span domain)
{
    unsigned sum = (unsigned)domain.len;
    for (size_t i = 0; i < domain.len; i++) {
        sum = sum * 31 + (unsigned char)domain.data[i];
    }
    return &s->cache[sum % CACHE_SIZE];
}

static struct span hint(struct slips *s, struct span meant)
{
    static const struct span words = {"did you mean ", 13};
    char *text = arena_alloc(&s->arena, words.len + meant.len + 1);
    memcpy(text, words.data, words.len);
    memcpy(text + words.len, meant.data, meant.len);
    text[words.len + meant.len] = '?';
    return span_from(text, words.len + meant.len + 1);
}

/* NULL: there is no room for one more. */
static struct slip *slip_of(struct slips *s, struct span domain)
{
    for (size_t i = 0; i < s->count; i++) {
        if (span_equal(s->list[i].domain, domain)) {
            return &s->list[i];
        }
    }
    if (s->count == SLIPS_MAX) {
        s->others++;
        return NULL;
    }
    struct slip *slip = &s->list[s->count++];
    slip->domain = arena_copy(&s->arena, domain);
    return slip;
}

static void add(struct slips *s, struct plan_row *row, struct span meant)
{
    struct slip *slip = slip_of(s, row->verdict.ascii_domain);
    if (!slip) {
        return;
    }
    if (slip->rows++ == 0) {
        slip->line = row->csv.line;
        slip->hint = hint(s, meant);
    }
    row->reason = slip->hint;
}

static void look(void *finding, struct plan_row *row)
{
    struct slips *s = finding;
    struct span domain = row->verdict.ascii_domain;
    if (row->verdict.status != CLEAN_OK || domain.len > CACHED_BYTES_MAX) {
        return;
    }
    struct cached *place = place_of(s, domain);
    if (span_equal(span_from(place->domain, place->len), domain)) {
        return;
    }
    struct span meant = slip_meant(domain);
    if (meant.len > 0) {
        add(s, row, meant);
        return;
    }
    place->len = (unsigned char)domain.len;
    memcpy(place->domain, domain.data, domain.len);
}

static unsigned tell(void *finding, const struct observer *observer)
{
    const struct slips *s = finding;
    const char *list = csv_reader_name(s->plan->reader);
    for (size_t i = 0; i < s->count; i++) {
        const struct slip *slip = &s->list[i];
        observer_say(observer, SAY_WARNING,
                     "%s:%" PRIu32 ": %.*s: %.*s (%" PRIu64 " row%s)", list,
                     slip->line, (int)slip->domain.len, slip->domain.data,
                     (int)slip->hint.len, slip->hint.data, slip->rows,
                     slip->rows == 1 ? "" : "s");
    }
    if (s->others > 0) {
        observer_say(
            observer, SAY_WARNING,
            "%s: more domains are nearly those of big providers: %" PRIu64
            " rows",
            list, s->others);
    }
    return (unsigned)s->count + (s->others > 0);
}

static void end(void *finding)
{
    struct slips *s = finding;
    arena_release(&s->arena);
    free(s);
}

const struct finding_kind finding_slips = {begin, look, tell, end};
