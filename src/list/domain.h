/* Which name does DNS know this domain by?
 *
 * UTS-46 non-transitional IDNA2008 through libidn2; then at least two labels,
 * each of 1 to 63 letters, digits and inner hyphens, 253 octets in all. Plain
 * lower-case ASCII does not go through the library. */
#pragma once

#include "base/buf.h"
#include "base/span.h"

/* Appends the A-label form in lower case. NULL: fine; else why not, in words
 * ("one label only", "label longer than 63 octets", …), and nothing useful
 * was appended. */
const char *domain_append_ascii(struct buf *out, struct span domain);
