/* Is this a message that may go over the wire?
 *
 * Pure. CRLF only, no bare CR or LF, no NUL, lines of at most 998 octets;
 * dots doubled for DATA (RFC 5321 4.5.2). Our own messages are canonical when
 * they leave the letter room: what is asserted there is looked at here. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/span.h"

/* Appends text with every line end (LF, CRLF, CR) as CRLF. */
void wire_append_lines(struct buf *out, struct span text);

/* NULL where it is canonical, else why not. */
const char *wire_fault(struct span message);
