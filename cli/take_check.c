/* --fail-on: what makes check end with a status of its own. --dns: all that
 * can be looked up. */
#include <sysexits.h>

#include "cli/take.h"

static bool fail_bit(struct span word, unsigned *bit_out)
{
    static const struct choice words[] = {
        {"invalid", CHECK_FAIL_INVALID},
        {"duplicate", CHECK_FAIL_DUPLICATE},
        {"suppressed", CHECK_FAIL_SUPPRESSED},
        {"warning", CHECK_FAIL_WARNING},
        {NULL, 0},
    };
    for (const struct choice *c = words; c->name; c++) {
        if (span_equal(word, span_of(c->name))) {
            *bit_out = c->value;
            return true;
        }
    }
    return false;
}

bool take_fail_on(struct options *o, const struct option *row,
                  const char *value, struct err *err)
{
    (void)row;
    struct span left = span_of(value);
    o->check.fail_on = 0;
    if (span_equal(left, SPAN("none"))) {
        return true;
    }
    do {
        size_t comma = span_find(left, ',');
        unsigned bit = 0;
        if (!fail_bit(span_slice(left, 0, comma), &bit)) {
            err_set(err, EX_USAGE,
                    "%s: %s is neither none nor a list of invalid, duplicate, "
                    "suppressed and warning",
                    o->saying, value);
            return false;
        }
        o->check.fail_on |= bit;
        left = span_rest(left, comma < left.len ? comma + 1 : comma);
    } while (left.len > 0);
    return true;
}

bool take_dns(struct options *o, const struct option *row, const char *value,
              struct err *err)
{
    struct option flag = *row;
    flag.at = offsetof(struct options, settings.check_dns);
    if (!take_flag(o, &flag, value, err)) {
        return false;
    }
    o->settings.sender_dns = o->settings.check_dns;
    return true;
}
