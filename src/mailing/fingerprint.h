/* Is it the same as last time? One print of many texts, each with its name.
 *
 * Not a secret, and no proof against who wants two things to look alike: it
 * tells a file that was changed from one that was not. */
#pragma once

#include "base/siphash.h"
#include "base/span.h"

/* All zero at first. */
void fingerprint_add(struct siphash_print *print, struct span name,
                     struct span text);
