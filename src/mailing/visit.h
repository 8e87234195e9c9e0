/* What does a relay offer, and would it let us in? check --relay: connects, up
 * to and including the login, and takes its leave. */
#pragma once

#include "base/err.h"
#include "mailing/mailing.h"

/* Each relay of the settings, one after the other; what it says goes to the
 * observer. 0, or the worst status of those that were not to be had, *err with
 * its text: as send would end. */
int visit_relays(const struct settings *settings,
                 const struct observer *observer, struct err *err);
