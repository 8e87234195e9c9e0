/* How is a text written as one field of a CSV line?
 *
 * RFC 4180: quoted where it holds the delimiter, a quote or a line end. A
 * field that a spreadsheet would run as a formula gets a leading `'`. Control
 * characters but TAB, CR and LF, and bytes that are no UTF-8, become \xNN. */
#pragma once

#include "base/buf.h"
#include "base/span.h"

void csvline_field(struct buf *out, struct span text, char delimiter);
