/* By which name does DNS know this domain, if it was asked a moment ago?
 *
 * Pure. list/domain takes some microseconds for a domain that is not plain
 * ASCII; the rows of a list share few of them. What was refused is not kept:
 * it is rare, and its words are list/domain's. */
#pragma once

#include "base/buf.h"
#include "base/span.h"

enum { KNOWN_DOMAINS = 256, KNOWN_BYTES_MAX = 63 };

struct known_domain {
    unsigned char written_len; /* 0: none */
    unsigned char ascii_len;
    char written[KNOWN_BYTES_MAX];
    char ascii[KNOWN_BYTES_MAX];
};

/* Zeroed, it knows none. */
struct known {
    struct known_domain domains[KNOWN_DOMAINS];
};

/* As domain_append_ascii (list/domain.h). */
const char *known_append_ascii(struct known *k, struct buf *out,
                               struct span domain);
