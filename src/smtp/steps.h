/* What is said at each step of the dialogue, what must come back, and whom a
 * refusal hits?
 *
 * THE table. The client's dialog walks it with two cursors; the sink finds in
 * it which step a command line is. RFC 5321 4.1.1, 4.3.2, 4.5.3.2; RFC 2920
 * 3.1; RFC 3030; RFC 3207; RFC 4954. */
#pragma once

#include <stdbool.h>

#include "base/span.h"

enum step {
    STEP_GREETING,
    STEP_EHLO,
    STEP_HELO,
    STEP_STARTTLS,
    STEP_AUTH,
    STEP_RSET,
    STEP_MAIL,
    STEP_RCPT,
    STEP_DATA,
    STEP_CONTENT, /* behind the 354: the message and its final dot */
    STEP_BDAT,    /* with its one, last chunk */
    STEP_QUIT,
    STEP_NOOP,
    STEP_VRFY,
    STEP_HELP,
    STEPS,
    STEP_NONE = STEPS,
};

enum step_hits { HITS_SESSION, HITS_LETTER, HITS_RECIPIENT };

struct step_rule {
    const char *name;    /* for people: the verb, "greeting", "content" */
    struct span verb;    /* how the command line begins; empty: no command */
    char go_on;          /* first digit of the reply that goes on */
    enum step_hits hits; /* whom another reply hits */
    bool last;           /* must be the last of a group: RFC 2920 3.1 */
    unsigned timeout_s;  /* RFC 5321 4.5.3.2 */
};

const struct step_rule *step_rule(enum step step);
const char *step_name(enum step step); /* "" for STEP_NONE */

/* Which step a command line is, its CRLF cut off; STEP_NONE: none known. */
enum step step_of_command(struct span line);
