/* What does a command of an account file mean? Every one of msmtp 1.8's manual,
 * and those that its program takes for older files' sake: used, passed over,
 * or refused in words. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/span.h"
#include "cli/accounts.h"

struct account_command {
    const char *name;
    /* Where it goes, but for those that are passed over. */
    enum account_text text;
    /* NULL where the argument is right, and its value is in `out`; else what
     * is wrong with it. */
    const char *(*read)(const struct account_command *c, struct span argument,
                        struct buf *out);
    bool passed_over;
    /* Of one that is passed over: what it may say, each word between bars;
     * NULL: anything. Of one that cannot be followed: what is no request. */
    const char *words;
    const char *why; /* it cannot be followed */
};

/* NULL: no manual knows it. */
const struct account_command *account_command_of(struct span name);
