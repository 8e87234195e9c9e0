/* How do lines end on the wire?
 *
 * Pure. With CRLF and nothing else (RFC 5321 2.3.8). Dots are stuffed where
 * DATA is said (smtp/say.c). */
#pragma once

#include "base/buf.h"
#include "base/span.h"

/* Appends text with every line end (LF, CRLF, CR) as CRLF. */
void wire_append_lines(struct buf *out, struct span text);
