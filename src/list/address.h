/* Is this text an address that mail can be sent to, and what are its parts?
 *
 * Pure. The RFC 5321 Mailbox (section 4.1.2) with a Dot-string or a
 * Quoted-string local part, or its RFC 6531 extension (3.3): no comments, no
 * folding, no display name, no obsolete syntax, no address literal. Time is
 * linear in the length. The domain is only split off here; list/domain says
 * whether it is one, and how long it is in A-labels.
 *
 * RFC 6531 lets a local part hold every character outside ASCII. Here it may
 * not hold those that make an address seem another one: C1 controls, white
 * space, direction marks and overrides, what is invisible (but for the joiners
 * U+200C and U+200D, which scripts need), tags, noncharacters, and U+FFFD,
 * which stands for a character that was lost. Letters, marks, symbols and
 * emoji are accepted. */
#pragma once

#include <stdbool.h>

#include "base/span.h"

enum {
    ADDRESS_LOCAL_BYTES_MAX = 64, /* RFC 5321 4.5.3.1.1 */
    ADDRESS_PATH_BYTES_MAX = 254, /* 4.5.3.1.3, less the angle brackets */
};

enum address_fault {
    ADDRESS_FINE,
    ADDRESS_EMPTY,
    ADDRESS_NOT_UTF8,
    ADDRESS_CONTROL,
    ADDRESS_NO_AT,
    ADDRESS_TWO_ATS,
    ADDRESS_NO_LOCAL,
    ADDRESS_NO_DOMAIN,
    ADDRESS_LOCAL_TOO_LONG,
    ADDRESS_TOO_LONG,
    ADDRESS_DOT_FIRST,
    ADDRESS_DOT_LAST,
    ADDRESS_TWO_DOTS,
    ADDRESS_BLANK,
    ADDRESS_LOCAL_CHARACTER,
    ADDRESS_QUOTE_OPEN,
    ADDRESS_QUOTE_STRAY,
    ADDRESS_COMMENT,
    ADDRESS_DISPLAY_NAME,
    ADDRESS_LITERAL,
};

struct address {
    struct span local;  /* as written, quotes and backslashes included */
    struct span domain; /* as written */
    bool quoted;        /* local is a Quoted-string */
    bool local_ascii;   /* else it needs SMTPUTF8 */
};

/* The text without the blanks (space, TAB) round it. The spans of *out are
 * into it; of a faulty one they are empty. */
enum address_fault address_parse(struct span text, struct address *out);

/* Behind the last @; empty where there is none. */
struct span address_domain(struct span text);

/* "two @", "dot at the end of the local part", …; for ADDRESS_FINE "". */
const char *address_fault_text(enum address_fault fault);
