/* Which replies mean what?
 *
 * THE table of failures, first match wins; private to classify.c. Four tiers:
 * words that leave no doubt, enhanced codes that say one thing, words that
 * hint, and what is left: enhanced codes that say little, and bare codes.
 * What a rule does not name fits all. */
#pragma once

#include <stddef.h>

#include "smtp/classify.h"

enum classify_steps {
    AT_SETUP = 1 << STEP_GREETING | 1 << STEP_EHLO | 1 << STEP_HELO |
               1 << STEP_STARTTLS | 1 << STEP_RSET | 1 << STEP_QUIT |
               1 << STEP_NOOP | 1 << STEP_VRFY | 1 << STEP_HELP,
    AT_AUTH = 1 << STEP_AUTH,
    AT_MAIL = 1 << STEP_MAIL,
    AT_RCPT = 1 << STEP_RCPT,
    AT_CONTENT = 1 << STEP_DATA | 1 << STEP_CONTENT | 1 << STEP_BDAT,
    AT_UNKNOWN = 1 << STEP_NONE,
};

enum touches {
    TOUCHES_BY_STEP, /* whom the step hits */
    TOUCHES_RECIPIENT,
    TOUCHES_MESSAGE,
    TOUCHES_SESSION,
    TOUCHES_ACCOUNT,
    TOUCHES_SENDER,
    TOUCHES_RELAY,
};

struct classify_rule {
    unsigned steps;       /* classify_steps */
    const char *codes;    /* "4.. 552": any of them, a dot is any digit */
    const char *enhanced; /* ".1.1 .7.": detail, or subject, any of them */
    const char *words;    /* "a b|c*d": any of them; `*` is a short gap. Lower
                             case letters, digits and single spaces only: the
                             reply is brought to that form first */
    enum failure_class class;
    enum touches touches;
    bool quota;
};

extern const struct classify_rule classify_rules[];
extern const size_t classify_rule_count;
