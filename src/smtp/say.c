/* The saying cursor: what goes out next, and when it may. */
#include <assert.h>
#include <string.h>

#include "base/ascii.h"
#include "smtp/dialog_parts.h"

static void say_bytes(struct dialog *d, struct span bytes)
{
    buf_append(&d->outbox, bytes);
    assert(!d->outbox.overflowed);
    d->said_bytes += bytes.len;
}

/* Of a login its mechanism alone. */
static struct span without_login(struct span line, struct buf *out)
{
    if (span_starts(line, SPAN("AUTH "))) {
        struct span name = span_rest(line, 5);
        name = span_slice(name, 0, span_find(name, ' '));
        buf_append(out, span_slice(line, 0, 5 + name.len));
        buf_append(out, name.len + 5 < line.len ? SPAN(" ***") : SPAN(""));
        return buf_span(out);
    }
    return SPAN("***");
}

/* The command that was said last, for who listens: never a login. */
static void trace_command(struct dialog *d, enum step step)
{
    if (!d->settings.trace) {
        return;
    }
    struct span line = buf_span(&d->outbox);
    line.len -= 2; /* its CRLF */
    size_t before = span_find_last(line, '\n');
    line = before < line.len ? span_rest(line, before + 1) : line;
    struct buf masked;
    buf_init(&masked, 256);
    d->settings.trace(d->settings.trace_context, true,
                      step == STEP_AUTH ? without_login(line, &masked) : line);
    buf_release(&masked);
}

static void expect_command(struct dialog *d, struct expectation e)
{
    trace_command(d, e.step);
    e.due_bytes = d->said_bytes;
    dialog_expect(d, &e);
}

void dialog_say_command(struct dialog *d, enum step step, struct span line)
{
    say_bytes(d, line);
    say_bytes(d, SPAN("\r\n"));
    expect_command(d, (struct expectation){.step = step});
}

/* A path that could end its command line is our own bug. */
static void say_path(struct dialog *d, struct span path)
{
    assert(!ascii_any_control(path));
    say_bytes(d, SPAN("<"));
    say_bytes(d, path);
    say_bytes(d, SPAN(">"));
}

/* Dovecot's submission (2.3) dies of a MAIL that follows where the probe and
 * its RSET came in one piece, unless one more RSET leads it. */
void dialog_say_probe(struct dialog *d)
{
    d->clean = false;
    say_bytes(d, SPAN("MAIL FROM:"));
    say_path(d, d->settings.probe_sender);
    say_bytes(d, SPAN("\r\n"));
    expect_command(d, (struct expectation){.step = STEP_MAIL, .probe = true});
    say_bytes(d, SPAN("BDAT 8 LAST\r\nXPROBE\r\n"));
    expect_command(d, (struct expectation){.step = STEP_BDAT, .probe = true});
    say_bytes(d, SPAN("RSET\r\n"));
    expect_command(d, (struct expectation){.step = STEP_RSET, .probe = true});
}

/* --- the cursor --- */

bool dialog_saying(const struct dialog *d, const struct slot *slot)
{
    return d->saying != d->given && dialog_slot(d, d->saying) == slot;
}

static void next_letter(struct dialog *d)
{
    d->saying++;
    d->cursor = (struct cursor){.step = STEP_RSET};
}

static void say_number(struct dialog *d, uint64_t number)
{
    size_t before = d->outbox.len;
    buf_append_number(&d->outbox, number);
    assert(!d->outbox.overflowed);
    d->said_bytes += d->outbox.len - before;
}

/* In lockstep only what did not end well is reset; else whatever was begun. */
static void say_reset(struct dialog *d, struct slot *slot)
{
    if (!d->clean) {
        say_bytes(d, SPAN("RSET\r\n"));
        expect_command(d,
                       (struct expectation){.step = STEP_RSET, .slot = slot});
        d->clean = true;
    }
    d->cursor.step = STEP_MAIL;
}

static void say_dsn(struct dialog *d,
                    void (*append)(struct buf *, const struct dsn *,
                                   struct span),
                    struct span about)
{
    size_t before = d->outbox.len;
    if (d->capabilities.dsn) {
        append(&d->outbox, &d->settings.dsn, about);
    }
    d->said_bytes += d->outbox.len - before;
}

static void say_mail(struct dialog *d, struct slot *slot)
{
    say_bytes(d, SPAN("MAIL FROM:"));
    say_path(d, slot->letter.sender);
    if (d->capabilities.size) {
        say_bytes(d, SPAN(" SIZE="));
        say_number(d, slot->letter.content_bytes);
    }
    if (slot->letter.eight_bit) {
        assert(d->capabilities.eight_bit);
        say_bytes(d, SPAN(" BODY=8BITMIME"));
    }
    if (slot->letter.needs_smtputf8) {
        say_bytes(d, SPAN(" SMTPUTF8"));
    }
    if (slot->letter.requires_tls) {
        say_bytes(d, SPAN(" REQUIRETLS"));
    }
    say_dsn(d, dsn_append_mail, slot->letter.id);
    say_bytes(d, SPAN("\r\n"));
    expect_command(d, (struct expectation){.step = STEP_MAIL, .slot = slot});
    d->clean = false;
    slot->begun = true;
    d->letters_said++;
    d->cursor.step = STEP_RCPT;
}

static void say_recipient(struct dialog *d, struct slot *slot)
{
    unsigned recipient = d->cursor.recipient++;
    say_bytes(d, SPAN("RCPT TO:"));
    say_path(d, slot->letter.recipients[recipient]);
    say_dsn(d, dsn_append_recipient, slot->letter.recipients[recipient]);
    say_bytes(d, SPAN("\r\n"));
    expect_command(d, (struct expectation){
                          .step = STEP_RCPT,
                          .slot = slot,
                          .recipient = recipient,
                      });
    if (d->cursor.recipient == slot->letter.recipient_count) {
        d->cursor.step = d->tier == DIALOG_STREAM ? STEP_BDAT : STEP_DATA;
    }
}

static void say_data(struct dialog *d, struct slot *slot)
{
    say_bytes(d, SPAN("DATA\r\n"));
    expect_command(d, (struct expectation){.step = STEP_DATA, .slot = slot});
    d->cursor.data_said = true;
}

/* Its reply is expected from now on: a server may refuse, and close, before
 * it has heard all of it. */
static void begin_content(struct dialog *d, struct slot *slot, enum step step)
{
    dialog_expect(d, &(struct expectation){
                         .step = step,
                         .slot = slot,
                         .due_bytes = d->said_bytes + 1,
                     });
    slot->end_bytes = UINT64_MAX;
    d->cursor.step = STEP_CONTENT;
    d->cursor.line_start = true;
}

static void say_chunk_size(struct dialog *d, struct slot *slot)
{
    begin_content(d, slot, STEP_BDAT);
    say_bytes(d, SPAN("BDAT "));
    say_number(d, slot->letter.content_bytes);
    say_bytes(d, SPAN(" LAST\r\n"));
}

/* --- content --- */

/* As much of the content as fits now; false once all of it was said. */
static bool next_piece(struct dialog *d, const struct slot *slot,
                       struct span *piece_out)
{
    const struct transaction *t = &slot->letter;
    struct cursor *c = &d->cursor;
    while (c->part < t->content_count && c->offset == t->content[c->part].len) {
        c->part++;
        c->offset = 0;
    }
    if (c->part == t->content_count) {
        return false;
    }
    struct span rest = span_rest(t->content[c->part], c->offset);
    size_t room = OUTBOX_FULL_BYTES > d->outbox.len
                      ? OUTBOX_FULL_BYTES - d->outbox.len
                      : 1;
    *piece_out = span_slice(rest, 0, rest.len < room ? rest.len : room);
    c->offset += piece_out->len;
    return true;
}

/* RFC 5321 4.5.2: a dot at the start of a line is doubled. */
static void say_stuffed(struct dialog *d, struct span piece)
{
    bool line_start = d->cursor.line_start;
    while (piece.len > 0) {
        if (line_start && piece.data[0] == '.') {
            say_bytes(d, SPAN("."));
        }
        size_t end = span_find(piece, '\n');
        line_start = end < piece.len;
        size_t whole = line_start ? end + 1 : end;
        say_bytes(d, span_slice(piece, 0, whole));
        piece = span_rest(piece, whole);
    }
    d->cursor.line_start = line_start;
}

static void trace_content(const struct dialog *d, const struct slot *slot)
{
    if (d->settings.trace) {
        struct buf line;
        buf_init(&line, 64);
        buf_append_format(&line, "(%zu bytes of content)",
                          slot->letter.content_bytes);
        d->settings.trace(d->settings.trace_context, true, buf_span(&line));
        buf_release(&line);
    }
}

static void say_content(struct dialog *d, struct slot *slot)
{
    bool streaming = d->tier == DIALOG_STREAM;
    struct span piece;
    while (next_piece(d, slot, &piece)) {
        if (streaming) {
            say_bytes(d, piece);
        } else {
            say_stuffed(d, piece);
        }
        if (d->outbox.len >= OUTBOX_FULL_BYTES) {
            return;
        }
    }
    if (!streaming) {
        say_bytes(d, SPAN(".\r\n"));
    }
    slot->end_bytes = d->said_bytes;
    trace_content(d, slot);
    if (streaming) {
        say_reset(d, slot);
    }
    next_letter(d);
}

/* A 354 although nobody is to have it: nothing but the final dot. */
static void say_no_content(struct dialog *d, struct slot *slot)
{
    say_bytes(d, SPAN(".\r\n"));
    expect_command(d, (struct expectation){.step = STEP_CONTENT, .slot = slot});
    next_letter(d);
}

/* --- when it may be said --- */

/* Everything said of it is answered, and it is not to be gone on with: DATA
 * was refused, or in lockstep a command before. */
static bool given_up(const struct dialog *d, const struct slot *slot)
{
    const struct cursor *c = &d->cursor;
    if (slot->owed > 0 || c->step == STEP_RSET || c->step == STEP_CONTENT) {
        return false;
    }
    if (c->data_said) {
        return !slot->go_ahead;
    }
    bool nobody = c->step == STEP_DATA && slot->accepted == 0;
    return d->tier == DIALOG_LOCKSTEP && (slot->refusal.given || nobody);
}

void dialog_leave_refused(struct dialog *d, const struct slot *slot)
{
    if (dialog_saying(d, slot) && given_up(d, slot)) {
        next_letter(d);
    }
}

/* DATA was answered 354. */
static void go_on_after_data(struct dialog *d, struct slot *slot)
{
    if (slot->refusal.given || slot->accepted == 0) {
        say_no_content(d, slot);
    } else {
        begin_content(d, slot, STEP_CONTENT);
    }
}

static void say_step(struct dialog *d, struct slot *slot)
{
    static void (*const sayers[STEPS])(struct dialog *, struct slot *) = {
        [STEP_RSET] = say_reset,      [STEP_MAIL] = say_mail,
        [STEP_RCPT] = say_recipient,  [STEP_DATA] = say_data,
        [STEP_BDAT] = say_chunk_size, [STEP_CONTENT] = say_content,
    };
    if (d->cursor.data_said && d->cursor.step == STEP_DATA) {
        go_on_after_data(d, slot);
    } else {
        sayers[d->cursor.step](d, slot);
    }
}

static bool may_speak(const struct dialog *d)
{
    if (d->phase != DIALOG_READY && d->phase != DIALOG_QUITTING) {
        return false;
    }
    if (d->tier == DIALOG_LOCKSTEP) {
        return d->ring_count == 0 || d->cursor.step == STEP_CONTENT;
    }
    return d->held == 0;
}

static bool say_next(struct dialog *d)
{
    while (d->saying != d->given && dialog_slot(d, d->saying)->settled) {
        next_letter(d);
    }
    if (!may_speak(d)) {
        return false;
    }
    if (d->saying != d->given) {
        say_step(d, dialog_slot(d, d->saying));
        return true;
    }
    if (d->phase == DIALOG_QUITTING && d->ring_count == 0 && !d->quit_said) {
        d->quit_said = true;
        dialog_say_command(d, STEP_QUIT, SPAN("QUIT"));
        return true;
    }
    return false;
}

void dialog_pump(struct dialog *d)
{
    while (d->outbox.len < OUTBOX_FULL_BYTES && say_next(d)) {
    }
}
