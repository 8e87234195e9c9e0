/* How does a token log in, where GNU SASL has no word for it?
 *
 * Pure. XOAUTH2, as Google documents it, and OAUTHBEARER (RFC 7628). A token
 * that is refused is told why by a challenge in JSON; it is answered, and then
 * the relay refuses with a code. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/span.h"
#include "smtp/auth.h"

/* Letters, digits and -._~+/ and then perhaps = (RFC 6750 2.1). */
bool bearer_is_token(struct span secret);

/* The secret is a token, and the user has no control characters: ^A parts
 * what is said. */
bool bearer_fits(const struct login *login);

/* Append the initial response, not yet in base64, of a login that fits. */
void bearer_append_xoauth2(const struct login *login, struct buf *out);
void bearer_append_oauthbearer(const struct login *login, struct buf *out);
