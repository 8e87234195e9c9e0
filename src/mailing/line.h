/* How is one relay reached, and for how long is it tried?
 *
 * A line has the relay's addresses, its sessions and their pace, and what the
 * relay has taught us. One that is in trouble rests, longer each time, and
 * comes back; one that will not do better is given up. relays.c deals out the
 * sessions, and says when no line is left. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "mailing/addresses.h"
#include "mailing/pace.h"
#include "mailing/session.h"
#include "mailing/shares.h"

struct campaign;
struct resolver;

enum { LINE_PAUSE_MS = 1000 }; /* the first back-off; it doubles */

struct line {
    struct campaign *campaign;
    const struct relay *relay;
    struct session_terms terms;
    struct learned learned;

    struct session **sessions; /* the youngest last */
    unsigned session_count, session_cap;
    unsigned ready_count;
    struct share *share; /* of the sessions */
    uint64_t answered;   /* letters */
    struct pace pace;
    uint64_t pace_when_ms; /* when it lets the next letter begin */
    bool proven;           /* one has been ready */
    unsigned lacks; /* of enum task_need: what none of its sessions has, or the
                       last one had not; 0 also while none has been ready */
    bool aside;     /* for a relay that has what rows at hand need */

    struct resolver *question;  /* while it is not answered */
    struct addresses addresses; /* none: not known */
    uint64_t asked_ms;          /* when they were asked for last */

    uint64_t trouble_since_ms; /* 0: none */
    struct err trouble;        /* the last one */
    unsigned final_troubles;   /* in a row: of those that do not pass */
    bool hopeless;             /* so that it is not waited for */
    uint64_t pause_ms;         /* the last back-off */
    uint64_t resume_ms;        /* no connection, no row before */
    unsigned sender_refusals;  /* in a row */
    struct err given_up;       /* status 0: it is not */
};

/* Terms, but for the relay, are the caller's. */
void line_init(struct line *l, struct campaign *c, const struct relay *relay,
               struct share *share);
void line_release(struct line *l); /* no session is open (asserted) */

/* The sessions' side of it: ready and over. */
void line_hear_sessions(struct session_owner *owner);

/* A command is asked for a secret of one of its sessions. */
bool line_asks(const struct line *l);

/* The relay has settled a letter. */
void line_answered(struct line *l);

/* Neither given up nor resting. */
bool line_able(const struct line *l);

/* As many sessions as its share and its pace say, and as there are rows for.
 * `spare`: how many more the run may have. */
void line_open_sessions(struct line *l, unsigned spare);
void line_each_session(struct line *l, void (*act)(struct session *));

/* Something goes wrong: nothing new for a while. The run stops with that
 * status when it has gone wrong on every line for --retry-for without a row
 * settled. */
void line_trouble(struct line *l, int status, const char *text);
void line_trouble_over(struct line *l);

/* For this run; what is under way on it ends. */
void line_give_up(struct line *l, int status, const char *text);
