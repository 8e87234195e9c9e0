/* Which key, or which certificate, does a text name? */
#pragma once

#include <stdbool.h>

#include "net/tls_settings.h"

/* 64 hex digits, perhaps with a colon between the bytes, or sha256//BASE64.
 * False: it is neither. */
bool pin_read(const char *text, struct tls_pin *out);

/* 64, 40 or 32 hex digits, likewise: SHA-256, SHA-1 or MD5. */
bool pin_read_fingerprint(const char *text, struct tls_fingerprint *out);
