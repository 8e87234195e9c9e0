#include <assert.h>
#include <string.h>

#include "base/ascii.h"
#include "letter/date.h"
#include "letter/draft.h"
#include "letter/encode.h"

enum { LOCAL_BYTES_MAX = 64 };

const char *draft_append_sender(const struct draft *d, struct span own,
                                const struct template_value *values,
                                struct buf *out)
{
    size_t from = out->len;
    const char *fault =
        mailbox_append_address(draft_sender(d), own, values, out);
    struct span address = span_rest(buf_span(out), from);
    if (fault || address.len == 0) {
        return fault ? fault : "no address";
    }
    return span_find_last(address, '@') > LOCAL_BYTES_MAX
               ? "a local part of more than 64 octets"
               : NULL;
}

/* Of the envelope. */
static bool take_sender(const struct draft *d, const struct header_row *row,
                        struct letter *out)
{
    buf_clear(row->scratch);
    out->sender = d->same_sender;
    if (d->null_sender || d->same_sender.len > 0) {
        return true;
    }
    const struct mailbox *sender = draft_sender(d);
    if (d->sender.count > 0 && sender->address &&
        !header_check_values(sender->address, SPAN("the sender"), row)) {
        return false;
    }
    const char *fault =
        draft_append_sender(d, row->values->address, row->seen, row->scratch);
    if (fault) {
        return header_refuse(row, "%s in the sender", fault);
    }
    out->sender = arena_copy(row->arena, buf_span(row->scratch));
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
static struct span own_message_id(const struct draft *d, struct arena *arena)
{
    struct buf *scratch = &d->bench->scratch;
    buf_clear(scratch);
    template_fill(d->message_id->value, d->bench->seen, scratch);
    return arena_copy(arena, span_trim(buf_span(scratch)));
}

/* Those before that index, from the first one on that is not yet seen. */
static size_t see(const struct draft *d, const struct template_values *values,
                  size_t from, size_t before, struct arena *arena)
{
    size_t columns = d->names.column_count;
    size_t i = from;
    for (; i < d->named_count && d->named[i].index < before; i++) {
        size_t index = d->named[i].index;
        template_see(index < columns ? values->columns[index]
                                     : values->builtin[index - columns],
                     d->named[i].forms, arena, &d->bench->seen[index]);
    }
    return i;
}

/* What the values say of time and Message-ID, and what is in them. The
 * Message-ID comes last: it may be made of the others. */
static void complete(const struct draft *d, struct letter_values *values,
                     struct arena *arena)
{
    struct span *builtin = values->values.builtin;
    set_date(d->bench, values->date_s);
    if (builtin[TEMPLATE_DATE].len == 0) {
        builtin[TEMPLATE_DATE] = buf_span(&d->bench->day);
    }
    size_t last = d->names.column_count + TEMPLATE_MESSAGE_ID;
    size_t seen = see(d, &values->values, 0, last, arena);
    if (d->message_id) {
        values->message_id = own_message_id(d, arena);
    }
    /* Before sending it is not known; one is as good as another. */
    builtin[TEMPLATE_MESSAGE_ID] = values->message_id.len > 0
                                       ? values->message_id
                                       : SPAN("<id@example.org>");
    see(d, &values->values, seen, last + 1, arena);
}

static struct header_row row_of(const struct draft *d,
                                const struct letter_values *values,
                                struct arena *arena, struct span *reason_out)
{
    d->bench->header_bytes_left = HEADER_VALUES_BYTES_MAX;
    return (struct header_row){
        .values = values,
        .names = &d->names,
        .allow_empty = d->allow_empty,
        .seen = d->bench->seen,
        .arena = arena,
        .scratch = &d->bench->scratch,
        .bytes_left = &d->bench->header_bytes_left,
        .reason = reason_out,
    };
}

struct span draft_sender_domain(const struct draft *d,
                                const struct letter_values *given,
                                struct arena *arena)
{
    const struct mailboxes *from = &d->from->mailboxes;
    if (from->domain.len > 0) {
        return from->domain;
    }
    struct letter_values values = *given;
    complete(d, &values, arena);
    struct buf *scratch = &d->bench->scratch;
    buf_clear(scratch);
    for (size_t i = 0; i < from->count && scratch->len == 0; i++) {
        if (mailbox_append_address(&from->list[i], values.address,
                                   d->bench->seen, scratch)) {
            buf_clear(scratch);
        }
    }
    struct span address = buf_span(scratch);
    size_t at = span_find_last(address, '@');
    at += at < address.len;
    return arena_copy(arena, span_rest(address, at));
}

/* On the bench; the values are complete. */
static bool append_headers(const struct draft *d, const struct header_row *row,
                           struct letter *out)
{
    struct buf *text = &d->bench->out;
    buf_clear(text);
    for (size_t i = 0; i < d->header_count; i++) {
        const struct header *h = &d->headers[i];
        if (!h->joined && !header_append(h, row, text, &out->needs_smtputf8)) {
            return false;
        }
    }
    return true;
}

bool draft_check(const struct draft *d, const struct letter_values *given,
                 struct arena *arena, struct span *reason_out)
{
    struct letter_values values = *given;
    complete(d, &values, arena);
    struct header_row row = row_of(d, &values, arena, reason_out);
    struct letter letter = {0};
    return append_headers(d, &row, &letter) && take_sender(d, &row, &letter) &&
           body_check(&d->body, &row, d->bench->looks) &&
           body_look(&d->body, &row);
}

static void append_line(struct buf *out, struct span name, struct span value)
{
    buf_append(out, name);
    buf_append(out, value);
    buf_append(out, SPAN("\r\n"));
}

/* Makes the letter on the bench; what is shared is not in it yet. */
static bool make(const struct draft *d, const struct header_row *row,
                 struct letter *out, struct body_letter *body_out)
{
    struct workbench *bench = d->bench;
    *out = (struct letter){0};
    if (!append_headers(d, row, out) || !take_sender(d, row, out) ||
        !body_check(&d->body, row, bench->looks) ||
        !body_take(&d->body, row, bench->files)) {
        return false;
    }
    if (!d->has_date) {
        append_line(&bench->out, SPAN("Date: "), buf_span(&bench->date));
    }
    if (!d->message_id) {
        append_line(&bench->out, SPAN("Message-ID: "), row->values->message_id);
    }
    *body_out = (struct body_letter){
        .out = &bench->out,
        .scratch = &bench->scratch,
        .files = bench->files,
        .cuts = bench->cuts,
        .places = bench->places,
        .looks = bench->looks,
        .seen = bench->seen,
        .takes_eight_bit = row->values->eight_bit,
    };
    body_append(&d->body, body_out);
    assert(!bench->out.overflowed);
    out->html_bytes = body_out->html_bytes;
    out->has_eight_bit = body_out->eight_bit;
    return true;
}

/* What is in the buffer, copied once, with the shared bytes between. */
static void gather(const struct body_letter *body, struct arena *arena,
                   struct letter *out)
{
    struct span whole = arena_copy(arena, buf_span(body->out));
    struct span *parts =
        arena_alloc(arena, (body->cut_count * 2 + 1) * sizeof *parts);
    size_t count = 0;
    size_t from = 0;
    for (size_t i = 0; i < body->cut_count; i++) {
        const struct body_cut *cut = &body->cuts[i];
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
    struct header_row row = row_of(d, &values, arena, reason_out);
    struct body_letter body;
    if (!make(d, &row, out, &body)) {
        return false;
    }
    out->message_id = arena_copy(arena, values.message_id);
    out->needs_smtputf8 = out->needs_smtputf8 || !ascii_only(out->sender);
    gather(&body, arena, out);
    return true;
}

static void append_print(struct buf *out, const struct siphash_print *print)
{
    buf_append(out, span_from((const char *)print->bytes, sizeof print->bytes));
}

/* The prints of the letter's pieces, one behind the other, make its print: what
 * is shared is not read again. */
static struct siphash_print print_of(const struct siphash_key *key,
                                     const struct body_letter *body,
                                     struct buf *scratch)
{
    struct span whole = buf_span(body->out);
    size_t from = 0;
    buf_clear(scratch);
    for (size_t i = 0; i <= body->cut_count; i++) {
        bool last = i == body->cut_count;
        size_t to = last ? whole.len : body->cuts[i].at;
        struct siphash_print own = siphash(key, span_slice(whole, from, to));
        append_print(scratch, &own);
        if (!last) {
            append_print(scratch, &body->cuts[i].print);
        }
        from = to;
    }
    return siphash(key, buf_span(scratch));
}

bool draft_print(const struct draft *d, const struct letter_values *given,
                 struct arena *arena, struct siphash_print *print_out,
                 struct span *reason_out)
{
    struct letter_values values = *given;
    values.message_id = SPAN("<>");
    values.date_s = 0;
    values.eight_bit = false;
    complete(d, &values, arena);
    struct header_row row = row_of(d, &values, arena, reason_out);
    struct letter letter;
    struct body_letter body;
    if (!make(d, &row, &letter, &body)) {
        return false;
    }
    *print_out = print_of(&d->body.key, &body, &d->bench->scratch);
    return true;
}
