/* What does the relay offer?
 *
 * Pure. The lines of an EHLO reply (RFC 5321 4.1.1.1), of which the first
 * names the host. Unknown keywords are passed over. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

enum capabilities_auth {
    CAPABILITIES_AUTH_PLAIN = 1 << 0,
    CAPABILITIES_AUTH_LOGIN = 1 << 1,
    CAPABILITIES_AUTH_CRAM_MD5 = 1 << 2,
    CAPABILITIES_AUTH_SCRAM_SHA_1 = 1 << 3,
    CAPABILITIES_AUTH_SCRAM_SHA_1_PLUS = 1 << 4,
    CAPABILITIES_AUTH_SCRAM_SHA_256 = 1 << 5,
    CAPABILITIES_AUTH_SCRAM_SHA_256_PLUS = 1 << 6,
    CAPABILITIES_AUTH_XOAUTH2 = 1 << 7,
    CAPABILITIES_AUTH_OAUTHBEARER = 1 << 8,
};

struct capabilities {
    bool starttls;       /* RFC 3207 */
    bool pipelining;     /* RFC 2920 */
    bool chunking;       /* RFC 3030 */
    bool eight_bit;      /* 8BITMIME, RFC 6152 */
    bool smtputf8;       /* RFC 6531 */
    bool dsn;            /* RFC 3461 */
    bool requiretls;     /* RFC 8689 */
    bool size;           /* RFC 1870 */
    uint64_t bytes_max;  /* of SIZE; 0: no fixed limit */
    bool auth;           /* the keyword stands, whatever mechanisms follow */
    unsigned mechanisms; /* capabilities_auth bits */
    bool limits;         /* LIMITS, RFC 9422 */
    uint64_t mail_max;   /* MAILMAX; 0: none said */
    uint64_t recipients_max;
};

/* "PLAIN", …: what SASL calls the mechanism of that bit. */
const char *capabilities_mechanism(enum capabilities_auth bit);

void capabilities_read(struct span lines, struct capabilities *out);
