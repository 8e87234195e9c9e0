/* How is a delivery status notification asked for? (RFC 3461)
 *
 * Pure. Parameters of MAIL and RCPT, to a relay that offers DSN. */
#pragma once

#include "base/buf.h"
#include "base/span.h"

enum { DSN_ENVID_BYTES_MAX = 100 }; /* 4.4 */

struct dsn {
    struct span notify; /* NEVER, or of SUCCESS,FAILURE,DELAY; empty: unsaid */
    struct span ret;    /* FULL or HDRS; empty: unsaid */
};

/* ` RET=… ENVID=…`; nothing where neither was asked for. The id goes without
 * its angle brackets, and not at all where it is too long. */
void dsn_append_mail(struct buf *out, const struct dsn *dsn, struct span id);

/* ` NOTIFY=… ORCPT=…`, likewise. */
void dsn_append_recipient(struct buf *out, const struct dsn *dsn,
                          struct span path);
