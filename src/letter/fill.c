#include <assert.h>
#include <string.h>

#include "base/ascii.h"
#include "letter/date.h"
#include "letter/draft.h"
#include "letter/encode.h"

static const struct mailbox *sender_of(const struct draft *d)
{
    return d->sender.count > 0 ? &d->sender.list[0]
                               : &d->from->mailboxes.list[0];
}

static bool check_sender(const struct draft *d, const struct header_row *row)
{
    if (d->sender.count == 0) { /* it is From's, or none */
        return true;
    }
    const struct mailbox *sender = sender_of(d);
    if (sender->address &&
        !header_check_values(sender->address, SPAN("the sender"), row)) {
        return false;
    }
    buf_clear(row->scratch);
    const char *fault =
        mailbox_append_address(sender, row->values, row->scratch);
    if (fault || row->scratch->len == 0) {
        return header_refuse(row, "%s in the sender",
                             fault ? fault : "no address");
    }
    return true;
}

static void set_date(struct workbench *bench, int64_t date_s)
{
    if (bench->date.len == 0 || bench->date_s != date_s) {
        bench->date_s = date_s;
        buf_clear(&bench->date);
        date_append_header(&bench->date, date_s);
        buf_clear(&bench->day);
        date_append_day(&bench->day, date_s);
    }
}

/* The template's own one, as its header will say it. */
static struct span own_message_id(const struct draft *d,
                                  const struct letter_values *values,
                                  struct arena *arena)
{
    struct buf *scratch = &d->bench->scratch;
    buf_clear(scratch);
    template_fill(d->message_id->value, &values->values, scratch);
    return arena_copy(arena, span_trim(buf_span(scratch)));
}

/* What the values say of time and Message-ID. */
static void complete(const struct draft *d, struct letter_values *values,
                     struct arena *arena)
{
    struct span *builtin = values->values.builtin;
    set_date(d->bench, values->date_s);
    if (builtin[TEMPLATE_DATE].len == 0) {
        builtin[TEMPLATE_DATE] = buf_span(&d->bench->day);
    }
    if (d->message_id) {
        values->message_id = own_message_id(d, values, arena);
    }
    /* Before sending it is not known; one is as good as another. */
    builtin[TEMPLATE_MESSAGE_ID] = values->message_id.len > 0
                                       ? values->message_id
                                       : SPAN("<id@example.org>");
}

/* The values are complete. */
static bool check(const struct draft *d, const struct letter_values *values,
                  struct arena *arena, struct span *reason_out)
{
    struct header_row row = {
        .values = values,
        .names = &d->names,
        .allow_empty = d->allow_empty,
        .arena = arena,
        .scratch = &d->bench->scratch,
        .reason = reason_out,
    };
    for (size_t i = 0; i < d->header_count; i++) {
        if (!header_check(&d->headers[i], &row)) {
            return false;
        }
    }
    return check_sender(d, &row) && body_check(&d->body, &row);
}

bool draft_check(const struct draft *d, const struct letter_values *given,
                 struct arena *arena, struct span *reason_out)
{
    struct letter_values values = *given;
    complete(d, &values, arena);
    return check(d, &values, arena, reason_out);
}

static void append_line(struct buf *out, struct span name, struct span value)
{
    buf_append(out, name);
    buf_append(out, value);
    buf_append(out, SPAN("\r\n"));
}

static void append_headers(const struct draft *d,
                           const struct letter_values *values,
                           struct letter *out)
{
    struct workbench *bench = d->bench;
    for (size_t i = 0; i < d->header_count; i++) {
        const struct header *h = &d->headers[i];
        if (!h->joined) {
            header_append(h, values, &bench->scratch, &bench->out,
                          &out->needs_smtputf8);
        }
    }
    if (!d->has_date) {
        append_line(&bench->out, SPAN("Date: "), buf_span(&bench->date));
    }
    if (!d->message_id) {
        append_line(&bench->out, SPAN("Message-ID: "), values->message_id);
    }
}

static struct span sender(const struct draft *d,
                          const struct letter_values *values,
                          struct arena *arena)
{
    struct buf *scratch = &d->bench->scratch;
    buf_clear(scratch);
    if (!d->null_sender) {
        const char *fault =
            mailbox_append_address(sender_of(d), values, scratch);
        assert(!fault);
    }
    return arena_copy(arena, buf_span(scratch));
}

/* What is in the buffer, copied once, with the shared bytes between. */
static void gather(const struct workbench *bench, size_t cut_count,
                   struct arena *arena, struct letter *out)
{
    struct span whole = arena_copy(arena, buf_span(&bench->out));
    struct span *parts =
        arena_alloc(arena, (cut_count * 2 + 1) * sizeof *parts);
    size_t count = 0;
    size_t from = 0;
    for (size_t i = 0; i < cut_count; i++) {
        const struct body_cut *cut = &bench->cuts[i];
        if (cut->at > from) {
            parts[count++] = span_slice(whole, from, cut->at);
        }
        parts[count++] = cut->shared;
        from = cut->at;
    }
    if (from < whole.len) {
        parts[count++] = span_rest(whole, from);
    }
    out->parts = parts;
    out->part_count = count;
    for (size_t i = 0; i < count; i++) {
        out->bytes += parts[i].len;
    }
}

bool draft_fill(const struct draft *d, const struct letter_values *given,
                struct arena *arena, struct letter *out,
                struct span *reason_out)
{
    struct letter_values values = *given;
    complete(d, &values, arena);
    if (!check(d, &values, arena, reason_out)) {
        return false;
    }
    *out = (struct letter){0};
    struct workbench *bench = d->bench;
    buf_clear(&bench->out);
    append_headers(d, &values, out);
    size_t cuts = body_append(&d->body, &values, &bench->scratch, &bench->out,
                              bench->cuts, &out->has_eight_bit);
    assert(!bench->out.overflowed);
    out->sender = sender(d, &values, arena);
    out->message_id = arena_copy(arena, values.message_id);
    out->needs_smtputf8 = out->needs_smtputf8 || !ascii_only(out->sender);
    gather(bench, cuts, arena, out);
    return true;
}
