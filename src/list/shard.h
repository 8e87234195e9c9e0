/* Whose row is it, where several machines mail one list?
 *
 * Pure, without a key, and the same for ever: others can compute it, too. A
 * row is in the shard CRC-32 of its address key, modulo the number of shards,
 * plus 1; CRC-32 is that of gzip, PNG and zlib (reflected polynomial
 * 0xEDB88320). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

enum { SHARDS_MAX = 100000 };

struct shard {
    uint32_t number; /* from 1 */
    uint32_t count;  /* 0: the list is not divided */
};

bool shard_holds(const struct shard *s, struct span key);

uint32_t shard_crc32(struct span bytes);
