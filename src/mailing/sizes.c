/* How heavy are the messages, and what makes them so? The largest one is known
 * exactly in most cases and the sum nearly: a row is filled in where it is one
 * of the first, every 64th, or longer than all that were filled in before. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "mailing/finding.h"
#include "mailing/observer.h"
#include "mailing/weigh.h"

enum {
    ALL_ROWS = 1000,
    SAMPLE = 64,
    HEAVY_BYTES = 100000,
    LETTER_BYTES_MAX = 512 << 20,
};

struct sizes {
    const struct plan *plan;
    struct arena arena;
    int64_t date_s;
    uint64_t rows;
    uint64_t filled;
    uint64_t bytes; /* of those that were filled in and count for the sum */
    size_t longest_row;
    size_t largest;
    uint32_t largest_line;
    struct weight weight; /* of the first letter */
};

static void *begin(const struct plan *plan)
{
    if (!plan->draft) {
        return NULL;
    }
    struct sizes *s = mem_alloc_zero(1, sizeof *s);
    s->plan = plan;
    s->date_s = plan_date(plan);
    arena_init(&s->arena);
    return s;
}

static void weigh_parts(struct sizes *s, const struct letter *letter)
{
    struct buf whole;
    buf_init(&whole, LETTER_BYTES_MAX);
    for (size_t i = 0; i < letter->part_count; i++) {
        buf_append(&whole, letter->parts[i]);
    }
    s->weight = weigh(buf_span(&whole));
    buf_release(&whole);
}

static void fill(struct sizes *s, const struct plan_row *row, bool counts)
{
    struct letter_values values;
    struct letter letter;
    struct span reason;
    arena_reset(&s->arena);
    plan_values(s->plan, row, s->date_s, &s->arena, &values);
    if (!draft_fill(s->plan->draft, &values, &s->arena, &letter, &reason)) {
        return;
    }
    if (s->filled == 0) {
        weigh_parts(s, &letter);
    }
    if (letter.bytes > s->largest) {
        s->largest = letter.bytes;
        s->largest_line = row->csv.line;
    }
    if (counts) {
        s->filled++;
        s->bytes += letter.bytes;
    }
}

static void look(void *finding, struct plan_row *row)
{
    struct sizes *s = finding;
    if (row->verdict.status != CLEAN_OK) {
        return;
    }
    bool counts = s->rows < ALL_ROWS || s->rows % SAMPLE == 0;
    s->rows++;
    if (counts || row->csv.raw.len > s->longest_row) {
        fill(s, row, counts);
    }
    if (row->csv.raw.len > s->longest_row) {
        s->longest_row = row->csv.raw.len;
    }
}

static unsigned percent(size_t part, size_t whole)
{
    return whole > 0 ? (unsigned)(((uint64_t)part * 100 + whole / 2) / whole)
                     : 0;
}

static void tell_parts(const struct sizes *s, const struct observer *observer)
{
    const struct weight *w = &s->weight;
    if (w->attached == 0 && w->base64_added == 0) {
        return;
    }
    observer_say(observer, SAY_INFO,
                 "of a message, attachments are %u %% (%zu bytes); base64 adds "
                 "%u %% (%zu bytes)",
                 percent(w->attached, w->bytes), w->attached,
                 percent(w->base64_added, w->bytes), w->base64_added);
}

static unsigned tell(void *finding, const struct observer *observer)
{
    const struct sizes *s = finding;
    if (s->filled == 0) {
        return 0;
    }
    uint64_t average = s->bytes / s->filled;
    bool exact = s->filled == s->rows;
    uint64_t total = exact ? s->bytes : average * s->rows;
    observer_say(observer, SAY_INFO,
                 "a message has %" PRIu64 " bytes, the largest (line %" PRIu32
                 ") %zu: %s%" PRIu64 " bytes for %" PRIu64 " rows",
                 average, s->largest_line, s->largest, exact ? "" : "about ",
                 total, s->rows);
    tell_parts(s, observer);
    if (s->largest <= HEAVY_BYTES) {
        return 0;
    }
    observer_say(observer, SAY_WARNING,
                 "%s:%" PRIu32
                 ": a message of %zu bytes: above 100 kB they are "
                 "slow to send, and some programs show only the start of them",
                 csv_reader_name(s->plan->reader), s->largest_line, s->largest);
    return 1;
}

static void end(void *finding)
{
    struct sizes *s = finding;
    arena_release(&s->arena);
    free(s);
}

const struct finding_kind finding_sizes = {begin, look, tell, end};
