/* How many letters would it take now, and what becomes of one that is given,
 * or taken back? */
#include <assert.h>
#include <string.h>

#include "smtp/dialog_parts.h"

/* Without TLS, a relay's word on it is nobody's. */
bool dialog_keeps_tls(const struct dialog *d)
{
    return d->secured && d->settings.verified && d->capabilities.requiretls;
}

static unsigned smaller(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Letters that may yet be refused in a row. Said in one breath, each costs two
 * errors: behind the refused recipient the content is refused, too. */
static unsigned row_allows(const struct dialog *d)
{
    unsigned cost = d->tier == DIALOG_LOCKSTEP ? 1 : 2;
    if (d->errors_in_a_row == 0) {
        return DIALOG_WINDOW_MAX;
    }
    return d->errors_in_a_row < ERRORS_IN_A_ROW_MAX
               ? (ERRORS_IN_A_ROW_MAX - d->errors_in_a_row) / cost
               : 0;
}

static unsigned budget_allows(const struct dialog *d)
{
    if (d->refused_count >= ERROR_BUDGET) {
        return 0;
    }
    unsigned left = ERROR_BUDGET - d->refused_count;
    if (d->ends_without_a_word) {
        return left;
    }
    /* The share refused so far, at least 1/64, in 64ths. */
    unsigned share = 1;
    if (d->settled_count > 0 && d->refused_count * 64 > d->settled_count) {
        share = d->refused_count * 64 / d->settled_count;
    }
    unsigned likely = left * 64 / share;
    return smaller(likely > left ? likely : left, row_allows(d));
}

/* Given, and not yet begun. */
static unsigned waiting(const struct dialog *d)
{
    unsigned count = d->given - d->saying;
    return count > 0 && dialog_slot(d, d->saying)->begun ? count - 1 : count;
}

/* 0: none. */
static uint64_t lower_limit(uint64_t a, uint64_t b)
{
    return b > 0 && (a == 0 || b < a) ? b : a;
}

static unsigned letters_left(const struct dialog *d)
{
    uint64_t most =
        lower_limit(d->settings.letters_max,
                    lower_limit(d->capabilities.mail_max, d->usual_max));
    uint64_t begun_or_waiting = (uint64_t)d->letters_said + waiting(d);
    if (most == 0) {
        return DIALOG_WINDOW_MAX;
    }
    uint64_t left = begun_or_waiting < most ? most - begun_or_waiting : 0;
    return left < DIALOG_WINDOW_MAX ? (unsigned)left : DIALOG_WINDOW_MAX;
}

/* How many may be on board at once. */
static unsigned board_size(const struct dialog *d)
{
    static const unsigned by_tier[] = {
        [DIALOG_LOCKSTEP] = 1,
        [DIALOG_GROUP] = 2,
    };
    return d->tier == DIALOG_STREAM ? d->window : by_tier[d->tier];
}

unsigned dialog_hungry(const struct dialog *d)
{
    unsigned on_board = d->given - d->oldest;
    unsigned most = smaller(board_size(d), budget_allows(d));
    if (d->phase != DIALOG_READY || on_board >= most ||
        (on_board > 0 && d->bytes_under_way >= BYTES_UNDER_WAY_MAX)) {
        return 0;
    }
    return smaller(most - on_board, letters_left(d));
}

bool dialog_spent(const struct dialog *d)
{
    return d->phase == DIALOG_READY && waiting(d) == 0 &&
           (budget_allows(d) == 0 || letters_left(d) == 0);
}

void dialog_give(struct dialog *d, const struct transaction *letter)
{
    assert(dialog_hungry(d) > 0 && letter->recipient_count > 0);
    struct slot *slot = dialog_slot(d, d->given);
    struct arena arena = slot->arena;
    arena_reset(&arena);
    *slot = (struct slot){.letter = *letter, .arena = arena};
    size_t bytes = letter->recipient_count * sizeof *slot->addressees;
    slot->addressees = arena_alloc(&slot->arena, bytes);
    memset(slot->addressees, 0, bytes);
    d->bytes_under_way += letter->content_bytes;
    d->given++;
    const struct capabilities *c = &d->capabilities;
    if (c->bytes_max > 0 && letter->content_bytes > c->bytes_max) {
        dialog_refuse_here(d, slot, "5.3.4",
                           "the message is larger than the relay takes");
    } else if (letter->needs_smtputf8 && !c->smtputf8) {
        dialog_refuse_here(d, slot, "5.6.7",
                           "the relay does not offer SMTPUTF8, which this "
                           "address needs");
    } else if (letter->requires_tls && !dialog_keeps_tls(d)) {
        dialog_refuse_here(d, slot, "5.7.30",
                           "the relay does not offer REQUIRETLS, which this "
                           "message needs");
    }
}

void dialog_quit(struct dialog *d)
{
    if (d->phase != DIALOG_READY) {
        return;
    }
    d->phase = DIALOG_QUITTING;
    unsigned first = d->saying;
    if (d->cursor.step != STEP_RSET) { /* that one was begun */
        first++;
    }
    for (unsigned n = first; n != d->given; n++) {
        struct slot *slot = dialog_slot(d, n);
        if (!slot->settled) {
            dialog_settle(d, slot, VERDICT_PENDING);
        }
    }
}
