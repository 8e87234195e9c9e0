/* Which text are these bytes in a charset that a mail program named? */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/span.h"

/* Appends it as UTF-8. Latin-1 and US-ASCII are what programs call
 * windows-1252, too. False: a charset that is not known, or bytes that are none
 * of it; some of it may be in out. */
bool charset_append(struct buf *out, struct span charset, struct span bytes);
