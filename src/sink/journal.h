/* Which transactions has the sink taken, and what was its word on each
 * recipient? One line of JSON each:
 * {"recipients":[…],"sender":…,"message_id":…,"bytes":…,"tier":"bdat",
 *  "session":…,"queue_id":…}
 * {"address":…,"attempt":…,"step":"RCPT","code":550,"taken":false,
 *  "session":…}; step may be "content", code 0: no reply was given
 *
 * Lines gather and go out with one write(2) by journal_flush, which the owner
 * calls before any reply to them leaves: whatever becomes of the client, what
 * was taken stands here, and nothing else does. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "sink/guest.h"

struct journal {
    const char *path; /* borrowed; NULL: no journal is kept */
    int descriptor;
    struct buf lines;
};

/* Appends to what the file holds. False: EX_CANTCREAT (73). */
bool journal_open(struct journal *j, const char *path, struct err *err);
void journal_close(struct journal *j);

/* False: EX_IOERR (74); nothing taken may be confirmed any more. */
bool journal_add(struct journal *j, const struct guest_letter *letter,
                 struct err *err);
bool journal_add_verdict(struct journal *j, const struct guest_verdict *verdict,
                         struct err *err);
bool journal_flush(struct journal *j, struct err *err);
