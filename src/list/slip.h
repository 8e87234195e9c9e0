/* Which big provider did this domain most likely mean?
 *
 * Pure. One slip of a finger away from one of a short table: a letter left
 * out, put in, changed, or swapped with the next. A guess for a person to
 * look at, never a verdict. Real domains lie that near, too, so nothing is
 * said of a provider's name under another country's domain, of names of up to
 * four letters but where two are swapped, and of those few that are in use. */
#pragma once

#include "base/span.h"

/* Empty: it is one of them, or near none. ascii_domain is in lower case. */
struct span slip_meant(struct span ascii_domain);
