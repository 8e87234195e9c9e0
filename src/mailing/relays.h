/* Which relay gets the sessions, and is there one left?
 *
 * A run has a number of sessions, over all its lines together, and never
 * more (shares.h deals them out); the share of a line that rests, or was given
 * up, goes to the others. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "mailing/session.h"

struct campaign;

/* A line for each relay of the settings. False: --bind names an address that
 * is none of this machine. Release them in either case. */
bool relays_init(struct campaign *c, struct err *err);
void relays_release(struct campaign *c);

/* Deals out the sessions, opens those that are missing and drains those that
 * are too many. */
void relays_open_sessions(struct campaign *c);
void relays_each_session(struct campaign *c, void (*act)(struct session *));
unsigned relays_sessions(const struct campaign *c);

/* A command is asked for a secret. No other is meanwhile: it may hand out what
 * is good once. */
bool relays_asking(const struct campaign *c);

/* Is there a relay for rows with such needs (of enum task_need)? */
enum relays_reach {
    REACH_OPEN, /* one that offers it, or is not yet known */
    REACH_LOST, /* the same, but it was given up, or in trouble for too long */
    REACH_NONE, /* none */
};

/* *why: of REACH_LOST. */
enum relays_reach relays_reach(const struct campaign *c, unsigned needs,
                               struct err *why);

/* Which rows are not for a session that lacks this, since others might take
 * them: bit n stands for those with needs n. */
unsigned relays_unfit(const struct campaign *c, unsigned lacks);

/* False: every line was given up, or has been in trouble for --retry-for; the
 * run is then stopped, with the worst of their statuses, and what is true of
 * each of them. */
bool relays_left(struct campaign *c);
