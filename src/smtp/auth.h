/* How does the relay learn who we are? (RFC 4954, RFC 4616)
 *
 * Pure, over GNU SASL. The secret is borrowed and never kept. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/span.h"

struct login {
    struct span user;
    struct span secret;
    unsigned mechanisms; /* capabilities_auth bits that may be used */
};

struct auth;

/* The strongest mechanism of both. NULL: none in common. */
struct auth *auth_create(const struct login *login, unsigned offered);
void auth_destroy(struct auth *a);

/* Appends the AUTH command line, with the initial response where the
 * mechanism has one. False: the mechanism failed. */
bool auth_begin(struct auth *a, struct buf *out);

/* Appends the line that answers a 334 challenge (base64 text). False: the
 * challenge makes no sense; say `*` and give up. */
bool auth_answer(struct auth *a, struct span challenge, struct buf *out);

/* True once the mechanism has nothing more to say. */
bool auth_complete(const struct auth *a);
const char *auth_mechanism(const struct auth *a); /* "PLAIN" */

/* "plain", "login", …; 0: unknown. */
unsigned auth_bit(struct span name);
