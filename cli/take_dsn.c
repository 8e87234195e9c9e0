/* -N and -R: the words of RFC 3461, in any case. */
#include <sysexits.h>

#include "cli/take.h"

static const char *const notify_words[] = {"success", "failure", "delay"};

enum { NOTIFY_WORDS = sizeof notify_words / sizeof notify_words[0] };

/* By the set of words, in the order of the RFC. */
static const char *const notify_values[1 << NOTIFY_WORDS] = {
    "",      "SUCCESS",       "FAILURE",       "SUCCESS,FAILURE",
    "DELAY", "SUCCESS,DELAY", "FAILURE,DELAY", "SUCCESS,FAILURE,DELAY",
};

static unsigned notify_bit(struct span word)
{
    for (unsigned i = 0; i < NOTIFY_WORDS; i++) {
        if (span_equal_nocase(word, span_of(notify_words[i]))) {
            return 1u << i;
        }
    }
    return 0;
}

bool take_dsn_notify(struct options *o, const struct option *row,
                     const char *value, struct err *err)
{
    (void)row;
    struct span left = span_of(value);
    unsigned bits = 0;
    if (span_equal_nocase(left, SPAN("never"))) {
        o->settings.dsn.notify = SPAN("NEVER");
        return true;
    }
    while (left.len > 0) {
        size_t comma = span_find(left, ',');
        unsigned bit = notify_bit(span_slice(left, 0, comma));
        if (bit == 0) {
            bits = 0;
            break;
        }
        bits |= bit;
        left = span_rest(left, comma < left.len ? comma + 1 : comma);
    }
    if (bits == 0) {
        err_set(err, EX_USAGE,
                "%s: %s is neither never nor a list of success, failure and "
                "delay",
                o->saying, value);
        return false;
    }
    o->settings.dsn.notify = span_of(notify_values[bits]);
    return true;
}

bool take_dsn_return(struct options *o, const struct option *row,
                     const char *value, struct err *err)
{
    (void)row;
    struct span word = span_of(value);
    if (span_equal_nocase(word, SPAN("hdrs"))) {
        o->settings.dsn.ret = SPAN("HDRS");
    } else if (span_equal_nocase(word, SPAN("full"))) {
        o->settings.dsn.ret = SPAN("FULL");
    } else {
        err_set(err, EX_USAGE, "%s: %s is not hdrs or full", o->saying, value);
        return false;
    }
    return true;
}
