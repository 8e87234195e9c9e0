/* Can this domain be read in one way only, where it is written from right to
 * left? RFC 5893 section 2: as soon as one label is, all of them have to keep
 * the Bidi rule, plain ones too. Pure. */
#pragma once

#include <stdbool.h>

#include "base/span.h"

/* The domain in U-labels, as UTF-8 (asserted). True where no label is written
 * from right to left. */
bool bidi_holds(struct span domain);
