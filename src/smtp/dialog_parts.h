/* What does a dialog know? Private to dialog.c (life and setting up), give.c
 * (letters come in), say.c (the saying cursor) and settle.c (the ring of
 * expectations, and verdicts).
 *
 * Letters stand in `slots` in the order given, which is the order said and
 * the order answered:
 *
 *     oldest ──► saying ──► given
 *        said, not all answered | not yet said whole | room
 *
 * Invariants: the ring's order is the wire's order; one push a command, one
 * pop a reply; a slot leaves at `oldest` only, and settled. */
#pragma once

#include "base/arena.h"
#include "smtp/dialog.h"
#include "smtp/forms.h"

/* Errors cost a server patience (ENGINE facts 1.4). Exim closes after ten
 * failed transactions: the budget. Only the refusals to be expected are kept
 * within it, for a close that is announced costs no verdict; where it is not,
 * all that are possible. Postfix stalls at ten errors with nothing taken
 * between: once one was seen, all that are possible are kept below that. */
enum { ERROR_BUDGET = 8, ERRORS_IN_A_ROW_MAX = 9 };

/* Of Exim, where nobody has set smtp_accept_max_per_connection: a thousand,
 * and the probe's is one of them. */
enum { EXIM_LETTERS_MAX = 999 };

enum { OUTBOX_FULL_BYTES = 65536, BYTES_UNDER_WAY_MAX = 262144 };

struct refusal {
    bool given;
    enum step step;
    struct reply reply; /* its spans are in the slot's arena */
};

/* What became of one recipient, as far as its own RCPT tells. */
struct addressee {
    bool accepted;
    struct refusal refusal;
};

struct slot {
    struct transaction letter;
    struct addressee *addressees; /* in the arena */
    struct arena arena;
    struct refusal refusal; /* of the whole letter: its first */
    struct reply taken;     /* the 2xx to its content */
    bool taken_in_doubt;    /* in a stream, with a word that others have, too */
    unsigned accepted;      /* recipients */
    unsigned owed;          /* replies not yet had */
    unsigned told;          /* verdicts taken by the owner */
    uint64_t end_bytes;     /* offset behind its last content byte; 0: none
                               said; UINT64_MAX: not yet whole */
    bool begun;             /* MAIL was said */
    bool go_ahead;          /* DATA was answered 354 */
    bool settled;
    enum verdict_kind left; /* of who was not refused, once settled */
};

struct expectation {
    enum step step;
    bool probe;
    struct slot *slot;  /* NULL: of the session */
    unsigned recipient; /* of STEP_RCPT */
    uint64_t due_bytes; /* a reply before that much was handed is premature */
};

/* Where in the letter that is being said we are. */
struct cursor {
    enum step step;     /* to be said next */
    bool data_said;     /* of STEP_DATA: its reply decides what is next */
    unsigned recipient; /* of STEP_RCPT */
    size_t part;        /* of the content */
    size_t offset;      /* in the part */
    bool line_start;    /* the last byte said ended a line */
};

struct dialog {
    struct dialog_settings settings;
    enum dialog_phase phase;
    enum dialog_end end;
    enum step end_step;
    struct reply end_reply;
    bool end_replied;
    struct arena end_arena;

    struct reply_parser parser;
    struct span unread; /* of the bytes being received: behind this reply */
    uint64_t handed;    /* as of the bytes being received */
    struct buf outbox;
    uint64_t said_bytes; /* since secured, or the start */

    struct capabilities capabilities;
    enum dialog_tier tier;
    bool secured;
    bool stream_unfit;
    bool ends_without_a_word; /* when its patience is at an end */
    unsigned usual_max;       /* letters, as its greeting tells; 0: any */
    struct auth *auth;
    struct forms forms; /* streaming: of this relay's replies */

    struct expectation *ring;
    size_t ring_size, ring_first, ring_count;
    unsigned held; /* expectations in the ring that nothing may follow */

    struct slot *slots;
    unsigned slot_count;
    unsigned oldest, saying, given; /* running numbers; slot = n % count */
    struct cursor cursor;
    bool clean; /* nothing was begun that a RSET should end, or it was said */
    bool quit_said;
    unsigned letters_said;

    unsigned window; /* streaming: grows from 1 */
    unsigned answered_in_window;
    unsigned settled_count, refused_count;
    unsigned errors_in_a_row; /* replies, since a letter was taken */
    size_t bytes_under_way;
};

/* dialog.c */
void dialog_finish(struct dialog *d, enum dialog_end end, enum step step,
                   const struct reply *reply);
struct slot *dialog_slot(const struct dialog *d, unsigned number);

/* say.c */
void dialog_say_command(struct dialog *d, enum step step, struct span line);
void dialog_say_probe(struct dialog *d);
bool dialog_saying(const struct dialog *d, const struct slot *slot);
void dialog_leave_refused(struct dialog *d, const struct slot *slot);

/* settle.c */
void dialog_expect(struct dialog *d, const struct expectation *e);
struct expectation dialog_answered(struct dialog *d); /* pops */
void dialog_take_letter_reply(struct dialog *d, const struct expectation *e,
                              const struct reply *reply);
void dialog_settle(struct dialog *d, struct slot *slot, enum verdict_kind left);
void dialog_refuse_here(struct dialog *d, struct slot *slot,
                        const char *enhanced, const char *why);
