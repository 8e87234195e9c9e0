/* Whom does MAIL FROM:<…> or RCPT TO:<…> name?
 *
 * Pure. A Mailbox of RFC 5321 4.1.2 (dot-string or quoted-string, domain or
 * address literal), octets above 0x7f allowed as RFC 6531 does; no source
 * routes; nothing between the colon and the bracket. */
#pragma once

#include <stdbool.h>

#include "base/span.h"

enum {
    PATH_BYTES_MAX = 254,
    PATH_LOCAL_BYTES_MAX = 64,
};

struct path {
    struct span address; /* between the brackets; empty: <> */
    struct span local;
    struct span parameters; /* behind the path */
    bool ascii;
};

/* `keyword` is FROM: or TO:, in any case. Spans are into `text`. False: it is
 * no such thing. `<>` and `<postmaster>` pass: who may be empty or without a
 * domain is the caller's to know. */
bool path_read(struct span text, struct span keyword, struct path *out);
