/* What has the sink seen? Counted as it happens, said as one line of JSON at
 * the end. */
#pragma once

#include <stdint.h>

#include "base/buf.h"

struct counts {
    uint64_t connections;
    uint64_t tls_sessions; /* handshakes done */
    uint64_t tls_resumed;  /* of them */
    uint64_t messages;     /* transactions taken */
    uint64_t recipients;   /* of them */
    uint64_t bytes;        /* of their contents, dots unstuffed */
    uint64_t refused;      /* recipients answered 5xx, at RCPT or behind the
                              content */
    uint64_t deferred;     /* recipients answered 4xx there */
    uint64_t throttled;    /* MAILs beyond --throttle */
    uint64_t dropped;      /* connections cut by a fault */
    uint64_t turned_away;  /* connections beyond --max-sessions */
    uint64_t idle;         /* connections closed for silence */
    uint64_t played;       /* scripts, to their end */
    uint64_t errors;       /* replies 50x: syntax, sequence, parameters */
    uint64_t auth_ok;
    uint64_t auth_failed;
    uint64_t auth_busy; /* logins put off */
    uint64_t bdat;      /* messages whose content came so */
    uint64_t data;
    uint64_t open; /* sessions now; not said */
    uint64_t max_concurrent;
};

void counts_opened(struct counts *c);
void counts_closed(struct counts *c);
void counts_turned_away(struct counts *c); /* it is never open */

/* One object, without a line end. cpu_ms: of this process. */
void counts_write(const struct counts *c, uint64_t cpu_ms, struct buf *out);
