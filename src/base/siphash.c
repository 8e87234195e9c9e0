#include "base/siphash.h"

#include <endian.h>
#include <string.h>

struct sip {
    uint64_t v0, v1, v2, v3;
};

static uint64_t rotated(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

static void mix(struct sip *s, int rounds)
{
    for (int i = 0; i < rounds; i++) {
        s->v0 += s->v1;
        s->v1 = rotated(s->v1, 13) ^ s->v0;
        s->v0 = rotated(s->v0, 32);
        s->v2 += s->v3;
        s->v3 = rotated(s->v3, 16) ^ s->v2;
        s->v0 += s->v3;
        s->v3 = rotated(s->v3, 21) ^ s->v0;
        s->v2 += s->v1;
        s->v1 = rotated(s->v1, 17) ^ s->v2;
        s->v2 = rotated(s->v2, 32);
    }
}

/* Little-endian, whatever the machine. */
static uint64_t word_from(const unsigned char *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return le64toh(word);
}

static void word_to(unsigned char *bytes, uint64_t word)
{
    word = htole64(word);
    memcpy(bytes, &word, sizeof word);
}

static uint64_t folded(const struct sip *s)
{
    return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

struct siphash_print siphash(const struct siphash_key *key, struct span data)
{
    uint64_t k0 = word_from(key->bytes);
    uint64_t k1 = word_from(key->bytes + 8);
    struct sip s = {
        k0 ^ 0x736f6d6570736575u,
        k1 ^ 0x646f72616e646f6du ^ 0xee, /* 0xee: 128 bits of output */
        k0 ^ 0x6c7967656e657261u,
        k1 ^ 0x7465646279746573u,
    };
    const unsigned char *bytes = (const unsigned char *)data.data;
    size_t left = data.len;
    for (; left >= 8; left -= 8, bytes += 8) {
        uint64_t word = word_from(bytes);
        s.v3 ^= word;
        mix(&s, 2);
        s.v0 ^= word;
    }
    unsigned char tail[8] = {0};
    if (left > 0) {
        memcpy(tail, bytes, left);
    }
    uint64_t last = word_from(tail) | (uint64_t)data.len << 56;
    s.v3 ^= last;
    mix(&s, 2);
    s.v0 ^= last;

    struct siphash_print print;
    s.v2 ^= 0xee;
    mix(&s, 4);
    word_to(print.bytes, folded(&s));
    s.v1 ^= 0xdd;
    mix(&s, 4);
    word_to(print.bytes + 8, folded(&s));
    return print;
}
