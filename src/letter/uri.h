/* Is this a URI that mail readers can follow?
 *
 * Pure. RFC 3986, as it stands in the headers of mailing lists (RFC 2369 and
 * 8058): ASCII, what is special percent-encoded. */
#pragma once

#include <stdbool.h>

#include "base/span.h"

/* NULL: it is one. Of https it is asked that there is a host, of mailto that
 * there is one address. */
const char *uri_fault(struct span uri);

bool uri_is_https(struct span uri);

/* The URI of the next pair of angle brackets; *at goes behind it. False: there
 * is none, and *at is behind the text; or a bracket that does not close, and
 * it is not. */
bool uri_next(struct span list, size_t *at, struct span *uri_out);
