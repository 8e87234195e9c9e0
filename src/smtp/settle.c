/* The ring of expectations, and what the replies make of a letter. */
#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "smtp/dialog_parts.h"

/* --- the ring --- */

static void grow_ring(struct dialog *d)
{
    size_t size = d->ring_size ? d->ring_size * 2 : 16;
    struct expectation *ring = mem_alloc_zero(size, sizeof *ring);
    for (size_t i = 0; i < d->ring_count; i++) {
        ring[i] = d->ring[(d->ring_first + i) % d->ring_size];
    }
    free(d->ring);
    d->ring = ring;
    d->ring_size = size;
    d->ring_first = 0;
}

void dialog_expect(struct dialog *d, const struct expectation *e)
{
    if (d->ring_count == d->ring_size) {
        grow_ring(d);
    }
    d->ring[(d->ring_first + d->ring_count) % d->ring_size] = *e;
    d->ring_count++;
    if (step_rule(e->step)->last) {
        d->held++;
    }
    if (e->slot) {
        e->slot->owed++;
    }
}

struct expectation dialog_answered(struct dialog *d)
{
    assert(d->ring_count > 0);
    struct expectation e = d->ring[d->ring_first];
    d->ring_first = (d->ring_first + 1) % d->ring_size;
    d->ring_count--;
    if (step_rule(e.step)->last) {
        d->held--;
    }
    if (e.slot) {
        e.slot->owed--;
    }
    return e;
}

/* --- one letter --- */

static void keep_reply(struct slot *slot, const struct reply *reply,
                       struct reply *out)
{
    out->code = reply->code;
    out->text = arena_copy(&slot->arena, reply->text);
    out->enhanced = reply_enhanced(reply->code, out->text);
}

/* The first refusal counts; what follows is derived from it. */
static void keep_refusal(struct slot *slot, struct refusal *refusal,
                         enum step step, const struct reply *reply)
{
    if (!refusal->given) {
        refusal->given = true;
        refusal->step = step;
        keep_reply(slot, reply, &refusal->reply);
    }
}

/* A relay without streaming trouble answers a whole window before the window
 * doubles. */
static void widen_window(struct dialog *d)
{
    d->answered_in_window++;
    if (d->answered_in_window >= d->window) {
        d->answered_in_window = 0;
        d->window = d->window * 2 < d->settings.window ? d->window * 2
                                                       : d->settings.window;
    }
}

static bool refused_anywhere(const struct slot *slot)
{
    bool refused = slot->refusal.given;
    for (unsigned i = 0; i < slot->letter.recipient_count; i++) {
        refused |= slot->addressees[i].refusal.given;
    }
    return refused;
}

void dialog_settle(struct dialog *d, struct slot *slot, enum verdict_kind left)
{
    assert(!slot->settled);
    slot->settled = true;
    slot->left = left;
    d->bytes_under_way -= slot->letter.content_bytes;
    if (slot->begun) {
        d->settled_count++;
        d->refused_count += refused_anywhere(slot) ? 1 : 0;
        widen_window(d);
    }
}

void dialog_refuse_here(struct dialog *d, struct slot *slot,
                        const char *enhanced, const char *why)
{
    slot->refusal = (struct refusal){
        .given = true,
        .step = STEP_MAIL,
        .reply = {.enhanced = span_of(enhanced), .text = span_of(why)},
    };
    dialog_settle(d, slot, VERDICT_REFUSED);
}

static bool of_content(enum step step)
{
    return step == STEP_CONTENT || step == STEP_BDAT;
}

/* In a stream: whose word for it is that? */
static enum forms_owner owner_of(struct dialog *d, enum step step,
                                 const struct reply *reply)
{
    return d->tier == DIALOG_STREAM ? forms_owner(&d->forms, step, reply)
                                    : FORMS_SHARED;
}

static void take_grant(struct dialog *d, const struct expectation *e,
                       const struct reply *reply)
{
    struct slot *slot = e->slot;
    enum forms_owner owner = owner_of(d, e->step, reply);
    if (owner == FORMS_ANOTHER) {
        dialog_finish(d, DIALOG_END_DESYNC, e->step, reply);
    } else if (e->step == STEP_RCPT) {
        slot->addressees[e->recipient].accepted = true;
        slot->accepted++;
    } else if (e->step == STEP_DATA) {
        slot->go_ahead = true;
    } else if (of_content(e->step) && d->handed < slot->end_bytes) {
        dialog_finish(d, DIALOG_END_DESYNC, e->step, reply);
    } else if (of_content(e->step)) {
        keep_reply(slot, reply, &slot->taken);
        slot->taken_in_doubt =
            d->tier == DIALOG_STREAM && owner == FORMS_SHARED;
        d->errors_in_a_row = 0;
        d->clean |= d->tier == DIALOG_LOCKSTEP;
    }
}

static void take_refusal(struct dialog *d, const struct expectation *e,
                         const struct reply *reply)
{
    struct slot *slot = e->slot;
    d->errors_in_a_row++;
    /* A sequence error after nothing was refused: who is out of step? */
    if (e->step == STEP_BDAT && reply->code == 503 && !slot->refusal.given &&
        slot->accepted > 0) {
        dialog_finish(d, DIALOG_END_DESYNC, e->step, reply);
    } else if (step_rule(e->step)->hits == HITS_RECIPIENT) {
        keep_refusal(slot, &slot->addressees[e->recipient].refusal, e->step,
                     reply);
    } else if (step_rule(e->step)->hits == HITS_LETTER) {
        keep_refusal(slot, &slot->refusal, e->step, reply);
        if (of_content(e->step) && d->handed < slot->end_bytes) {
            /* Refused while it was being said: that was the last word. */
            dialog_finish(d, DIALOG_END_REFUSED, e->step, reply);
        }
    } else {
        dialog_finish(d, DIALOG_END_REFUSED, e->step, reply);
    }
}

void dialog_take_letter_reply(struct dialog *d, const struct expectation *e,
                              const struct reply *reply)
{
    char first = (char)('0' + reply->code / 100);
    if (first == step_rule(e->step)->go_on &&
        (e->step != STEP_DATA || reply->code == 354)) {
        take_grant(d, e, reply);
    } else if (first == '4' || first == '5') {
        take_refusal(d, e, reply);
    } else {
        dialog_finish(d, DIALOG_END_DESYNC, e->step, reply);
    }
    if (d->phase == DIALOG_OVER) {
        return;
    }
    dialog_leave_refused(d, e->slot);
    if (e->slot->owed == 0 && !dialog_saying(d, e->slot)) {
        dialog_settle(d, e->slot, VERDICT_SENT);
    }
}

/* --- what the owner takes --- */

static const struct refusal *refusal_of(const struct slot *slot, unsigned i)
{
    const struct refusal *own = &slot->addressees[i].refusal;
    const struct refusal *all = &slot->refusal;
    bool mail_refused = all->given && all->step == STEP_MAIL;
    return own->given && !mail_refused ? own : all->given ? all : NULL;
}

static void tell(const struct dialog *d, const struct slot *slot,
                 unsigned recipient, struct dialog_verdict *out)
{
    const struct refusal *refusal = refusal_of(slot, recipient);
    *out = (struct dialog_verdict){
        .tag = slot->letter.tag,
        .recipient = recipient,
        .kind = refusal ? VERDICT_REFUSED : slot->left,
        .step = refusal ? refusal->step : STEP_NONE,
        .tried = slot->begun,
        .letter_done = recipient + 1 == slot->letter.recipient_count,
    };
    if (refusal) {
        out->reply = refusal->reply;
    } else if (slot->left == VERDICT_SENT) {
        assert(slot->addressees[recipient].accepted && slot->taken.code != 0);
        out->reply = slot->taken;
    } else if (d->end == DIALOG_END_CLOSING) {
        out->reply = d->end_reply;
    }
}

bool dialog_verdict(struct dialog *d, struct dialog_verdict *out)
{
    while (d->oldest != d->given) {
        struct slot *slot = dialog_slot(d, d->oldest);
        if (!slot->settled) {
            return false;
        }
        if (slot->told < slot->letter.recipient_count) {
            tell(d, slot, slot->told++, out);
            return true;
        }
        /* Its last verdict has been used by now. */
        if (d->saying == d->oldest) { /* settled without having been begun */
            d->saying++;
        }
        d->oldest++;
    }
    return false;
}

/* --- the end of the connection --- */

/* A RSET is not refused with a word on mail (RFC 5321 4.2.1: x5z), nor granted
 * with another than 2yz: such a reply may be the content's own, one late. */
static bool speaks_against_content(const struct dialog *d)
{
    return d->end == DIALOG_END_DESYNC ||
           (d->end == DIALOG_END_REFUSED && d->end_reply.code / 10 % 10 == 5);
}

static enum verdict_kind left_over(const struct dialog *d,
                                   const struct slot *slot, uint64_t handed)
{
    if (slot->taken.code != 0) { /* the RSET behind it was not granted */
        return slot->taken_in_doubt && speaks_against_content(d)
                   ? VERDICT_UNKNOWN
                   : VERDICT_SENT;
    }
    bool may_have_arrived = slot->end_bytes > 0 && slot->end_bytes <= handed;
    return may_have_arrived && d->end != DIALOG_END_CLOSING ? VERDICT_UNKNOWN
                                                            : VERDICT_PENDING;
}

void dialog_lost(struct dialog *d, uint64_t handed)
{
    dialog_finish(d, DIALOG_END_LOST, dialog_waits_for(d), NULL);
    for (unsigned n = d->oldest; n != d->given; n++) {
        struct slot *slot = dialog_slot(d, n);
        if (!slot->settled) {
            dialog_settle(d, slot, left_over(d, slot, handed));
        }
    }
    d->saying = d->given;
}
