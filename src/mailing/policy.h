/* What does a failure ask of the row, and of the line to the relay?
 *
 * Pure; the one place that decides it. A row is settled or goes again; the
 * line goes on, leaves this session, slows down, or stops for good. Rows are
 * never blamed for what touches the session, the account, the sender or the
 * relay: they wait. */
#pragma once

#include <stdbool.h>

#include "smtp/classify.h"
#include "smtp/dialog.h"

enum row_ruling {
    ROW_SETTLES, /* rejected */
    ROW_RETRIES, /* an attempt was spent; deferred when no more are left */
    ROW_WAITS,   /* no attempt was spent; pending */
};

enum line_ruling {
    LINE_GOES_ON,
    LINE_COUNTS, /* three in a row with nothing sent between stop it */
    LINE_LEAVES, /* this session ends, others go on */
    LINE_LAPSES, /* this session's login does not hold any more: another one is
                    tried where its secret can be had anew, else it stops */
    LINE_SLOWS,  /* nothing new for a while */
    LINE_STOPS,  /* with `status` */
    LINE_WANTS,  /* something of ours: where it was to be had before, in a
                    moment perhaps again */
};

struct ruling {
    enum row_ruling row;
    enum line_ruling line;
    int status; /* of LINE_STOPS and LINE_LAPSES; of LINE_LEAVES, where one is
                   due in the end */
};

/* Of a letter's refusal. */
struct ruling policy_of_refusal(const struct finding *finding, enum step step,
                                const struct reply *reply);

/* Of a dialog that is over: `ready` says whether it ever took letters. Who
 * fails in setting up, and will not do better later, stops the run. */
struct ruling policy_of_end(enum dialog_end end, bool ready, enum step step,
                            const struct reply *reply);

/* How a connection went. */
enum loss {
    LOSS_OF_OURS, /* we left, or had said all that was to be said */
    LOSS_BY_CHANCE,
    LOSS_AT_THE_DOOR, /* at STARTTLS or within the handshake: by chance
                         perhaps, or by who wants no TLS */
    LOSS_OF_TRUST,    /* TLS as it is required cannot be had */
    LOSS_OF_SECRET,   /* none was to be had, and no connection was made */
};

struct ruling policy_of_loss(enum loss loss);

enum { POLICY_SENDER_REFUSALS_MAX = 3 };
