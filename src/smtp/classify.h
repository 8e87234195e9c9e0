/* What does a failure mean: whom does it touch, what is it about, and is it
 * worth another try?
 *
 * Pure. A table over code, enhanced code (RFC 3463, its registry), step and
 * the words that large providers use. Severity follows the first digit. */
#pragma once

#include <stdbool.h>

#include "smtp/reply.h"
#include "smtp/steps.h"

enum scope {
    SCOPE_RECIPIENT,
    SCOPE_MESSAGE,
    SCOPE_SESSION,
    SCOPE_ACCOUNT,
    SCOPE_SENDER,
    SCOPE_RELAY,
    SCOPE_LOCAL,
};

enum severity {
    SEVERITY_SUCCESS,
    SEVERITY_TRANSIENT,
    SEVERITY_PERMANENT,
    SEVERITY_PROTOCOL, /* no valid, or contradicting codes */
};

enum failure_class {
    CLASS_USERUNKNOWN,
    CLASS_MAILBOXFULL,
    CLASS_SUSPEND,
    CLASS_HOSTUNKNOWN,
    CLASS_POLICY,
    CLASS_SPAM,
    CLASS_CONTENT,
    CLASS_TOOBIG,
    CLASS_RATELIMIT,
    CLASS_AUTH,
    CLASS_NETWORK,
    CLASS_OTHER,
};

struct finding {
    enum severity severity;
    enum scope scope;
    enum failure_class class;
    bool retry;
    bool quota; /* the account's budget is used up: waiting helps, not asking */
};

/* step may be STEP_NONE: not known. A reply of code 0 with an enhanced code
 * was decided here, without asking: scope local. Only the first 4 KiB of the
 * text are looked at. */
struct finding classify(enum step step, const struct reply *reply);

const char *scope_name(enum scope s);
enum scope scope_named(struct span name); /* SCOPE_LOCAL: none is */
const char *severity_name(enum severity s);
const char *failure_class_name(enum failure_class c);
