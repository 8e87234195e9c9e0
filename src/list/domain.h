/* Which name does DNS know this domain by?
 *
 * UTS-46 non-transitional IDNA2008 through libidn2; then at least two labels,
 * each of 1 to 63 letters, digits and inner hyphens, 253 octets in all. Plain
 * ASCII does not go through the library; an A-label does, and one that does
 * not decode, or not to what it was encoded from, is refused. The contextual
 * rules of IDNA2008 that are for registries alone (CONTEXTO, RFC 5891 5.4) are
 * left to them. A domain that ends in a dot is no Mailbox's (RFC 5321 4.1.2),
 * and one whose last label is all digits is an IPv4 address or a slip, never a
 * domain (RFC 1123 2.1). */
#pragma once

#include "base/buf.h"
#include "base/span.h"

/* What DNS says of a domain that takes no mail. */
enum domain_verdict {
    DOMAIN_ABSENT,  /* there is no such name */
    DOMAIN_NULL_MX, /* RFC 7505 */
    DOMAIN_NO_HOST, /* a name with neither MX nor address: RFC 5321 5.1 */
};

const char *domain_verdict_text(enum domain_verdict verdict);

/* Appends the A-label form in lower case. NULL: fine; else why not, in words
 * ("one label only", "label longer than 63 octets", …), and nothing useful
 * was appended. */
const char *domain_append_ascii(struct buf *out, struct span domain);
