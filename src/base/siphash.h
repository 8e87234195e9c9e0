/* What is the fingerprint of these bytes under a secret key?
 *
 * SipHash-2-4 with 128 bits of output (Aumasson and Bernstein, "SipHash: a
 * fast short-input PRF"; the 128-bit form of their reference code). */
#pragma once

#include <stdint.h>

#include "base/span.h"

struct siphash_key {
    unsigned char bytes[16];
};

struct siphash_print {
    unsigned char bytes[16];
};

struct siphash_print siphash(const struct siphash_key *key, struct span data);
