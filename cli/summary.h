/* How did the run end, in one line? */
#pragma once

#include "base/buf.h"
#include "mailing/mailing.h"

/* `sent=4807 rejected=3 … rows=4822 seconds=12.4 rate=388/s`; no line end. */
void summary_append_text(struct buf *out, const struct tally *tally);

/* The same keys as an object. */
void summary_append_json(struct buf *out, const struct tally *tally);
