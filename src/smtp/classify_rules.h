/* Which replies mean what?
 *
 * THE table of failures, private to classify.c: first match wins, and what a
 * rule does not name fits all. Its order, over two files: words that leave no
 * doubt (classify_words.c); then (classify_codes.c) enhanced codes that say
 * one thing, words that hint, and what is left, enhanced codes that say
 * little and bare codes. For servers say 5.7.1 or 5.0.0 of everything, and
 * 5.1.1 of a full mailbox, while the words are meant. */
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
    AT_ADDRESSED = AT_RCPT | AT_CONTENT | AT_UNKNOWN, /* a recipient is known */
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
    unsigned steps;       /* classify_steps; 0: all */
    const char *codes;    /* "4.. 552": any of them, a dot is any digit */
    const char *enhanced; /* ".1.1 .7.": detail, or subject, any of them */
    const char *words;    /* "a b|c*d": any of them; `*` is a short gap. Lower
                             case letters, digits and single blanks only, for
                             the reply is brought to that form first; a blank
                             at an end is the end of a word */
    enum failure_class class;
    enum touches touches;
    bool quota;
};

struct classify_table {
    const struct classify_rule *rules;
    size_t count;
};

extern const struct classify_table classify_by_words;
extern const struct classify_table classify_by_codes;
