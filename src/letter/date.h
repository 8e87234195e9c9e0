/* How is a time written in a letter? In UTC, without a locale. Times outside
 * the years 1970 to 9999 are written as the nearest within. */
#pragma once

#include <stdint.h>

#include "base/buf.h"

/* RFC 5322 3.3: `Tue, 24 Nov 2026 03:29:00 +0000`. */
void date_append_header(struct buf *out, int64_t date_s);

/* RFC 3339: `2026-11-24`. */
void date_append_day(struct buf *out, int64_t date_s);
