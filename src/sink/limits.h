/* How much does the sink take of one client?
 *
 * Pure. Two of them can be told to the client (RFC 9422): read from the words
 * that stand behind LIMITS, "MAILMAX=100 RCPTMAX=50". */
#pragma once

#include <stdbool.h>

#include "base/span.h"

enum { LIMITS_TEXT_BYTES_MAX = 200 };

struct limits {
    struct span told;        /* as given, for EHLO; empty: none */
    unsigned mails_max;      /* MAIL commands a session, whatever became of
                                them, then 421; 0: any number */
    unsigned recipients_max; /* a message, then 452 4.5.3; 0: as many as the
                                guest can hold */
};

/* Sets `told` and what it says; `text` is borrowed. False: it is no list of
 * MAILMAX=n and RCPTMAX=n, each at most once, n from 1 to 999999 (RFC 9422
 * 4). */
bool limits_read(struct span text, struct limits *out);
