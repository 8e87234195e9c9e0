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

/* False: every line was given up, or has been in trouble for --retry-for; the
 * run is then stopped, with the worst of their statuses. */
bool relays_left(struct campaign *c);
