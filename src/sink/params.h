/* What do the parameters of MAIL and RCPT say, and were they offered?
 *
 * Pure. SIZE (RFC 1870), BODY (RFC 6152), SMTPUTF8 (RFC 6531), AUTH (RFC
 * 4954), RET ENVID NOTIFY ORCPT (RFC 3461). Each at most once. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

enum params_of { PARAMS_OF_MAIL, PARAMS_OF_RCPT };

enum params_result {
    PARAMS_FINE,
    PARAMS_NOT_OFFERED, /* 555: unknown, or of what is not offered */
    PARAMS_MALFORMED,   /* 501: no such value, or twice */
};

struct params {
    uint64_t size; /* 0: not said */
    bool eight_bit;
    bool smtputf8;
    bool requiretls;
};

/* `text` is what stands behind the path; `offers` are offer bits. */
enum params_result params_read(struct span text, enum params_of of,
                               unsigned offers, struct params *out);
