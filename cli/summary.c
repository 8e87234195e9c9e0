#include "cli/summary.h"

#include "base/json.h"

/* Messages a second, rounded. */
static uint64_t rate_of(const struct tally *t)
{
    uint64_t sent = t->by_outcome[OUTCOME_SENT] - t->sent_before;
    return t->elapsed_ms > 0 ? (sent * 1000 + t->elapsed_ms / 2) / t->elapsed_ms
                             : 0;
}

static void append_seconds(struct buf *out, const struct tally *t)
{
    uint64_t tenths = (t->elapsed_ms + 50) / 100;
    buf_append_number(out, tenths / 10);
    buf_append_byte(out, '.');
    buf_append_number(out, tenths % 10);
}

void summary_append_text(struct buf *out, const struct tally *t)
{
    for (enum outcome o = 0; o < OUTCOMES; o++) {
        buf_append(out, span_of(outcome_name(o)));
        buf_append_byte(out, '=');
        buf_append_number(out, t->by_outcome[o]);
        buf_append_byte(out, ' ');
    }
    buf_append(out, SPAN("rows="));
    buf_append_number(out, t->rows);
    buf_append(out, SPAN(" seconds="));
    append_seconds(out, t);
    buf_append(out, SPAN(" rate="));
    buf_append_number(out, rate_of(t));
    buf_append(out, SPAN("/s"));
}

void summary_append_json(struct buf *out, const struct tally *t)
{
    json_open(out);
    for (enum outcome o = 0; o < OUTCOMES; o++) {
        json_add_number(out, outcome_name(o), t->by_outcome[o]);
    }
    json_add_number(out, "rows", t->rows);
    json_name(out, "seconds");
    append_seconds(out, t);
    json_add_number(out, "rate", rate_of(t));
    json_close(out);
}
