#include "mailing/identity.h"

#include <assert.h>
#include <stddef.h>

#include "base/buf.h"

enum {
    BITS_EACH = 5,
    NUMBER_BYTES_MAX = 20,
};

static void append_base32(struct buf *out, const struct siphash_print *print)
{
    static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
    char text[IDENTITY_HASH_CHARACTERS];
    size_t len = 0;
    unsigned pending = 0;
    unsigned pending_bits = 0;
    for (size_t i = 0; i < sizeof print->bytes; i++) {
        pending = pending << 8 | print->bytes[i];
        pending_bits += 8;
        while (pending_bits >= BITS_EACH) {
            pending_bits -= BITS_EACH;
            text[len++] = digits[pending >> pending_bits & 31];
        }
        pending &= (1U << pending_bits) - 1;
    }
    text[len++] = digits[pending << (BITS_EACH - pending_bits) & 31];
    assert(len == sizeof text);
    buf_append(out, span_from(text, len));
}

struct siphash_key identity_key_of(const struct siphash_key *key,
                                   struct span purpose)
{
    struct siphash_print print = siphash(key, purpose);
    struct siphash_key derived;
    static_assert(sizeof derived.bytes == sizeof print.bytes,
                  "a print is a key");
    for (size_t i = 0; i < sizeof derived.bytes; i++) {
        derived.bytes[i] = print.bytes[i];
    }
    return derived;
}

struct siphash_key identity_key_derive(int64_t epoch_s, struct span template,
                                       struct span purpose)
{
    /* Not secret, and need not be: who asks for reproducible letters gives
     * away how they come about. */
    static const struct siphash_key public_key = {"mailshot letters"};
    struct buf text;
    buf_init(&text, purpose.len + template.len + 2 + NUMBER_BYTES_MAX + 1);
    buf_append(&text, purpose);
    buf_append_byte(&text, '\0');
    if (epoch_s < 0) {
        buf_append_byte(&text, '-');
    }
    buf_append_number(&text,
                      epoch_s < 0 ? 0 - (uint64_t)epoch_s : (uint64_t)epoch_s);
    buf_append_byte(&text, '\0');
    buf_append(&text, template);
    assert(!text.overflowed);
    struct siphash_key key = identity_key_of(&public_key, buf_span(&text));
    buf_release(&text);
    return key;
}

struct span identity_message_id(const struct siphash_key *key,
                                const struct identity *who, struct span domain,
                                struct arena *arena)
{
    /* No NUL can be in a campaign's name or in an address, so no two triples
     * make one text. */
    struct buf text;
    buf_init(&text, who->campaign.len + who->address_key.len + 2 +
                        NUMBER_BYTES_MAX + 4 + IDENTITY_HASH_CHARACTERS +
                        domain.len);
    buf_append(&text, who->campaign);
    buf_append_byte(&text, '\0');
    buf_append(&text, who->address_key);
    buf_append_byte(&text, '\0');
    buf_append_number(&text, who->ordinal);
    assert(!text.overflowed);
    struct siphash_print print = siphash(key, buf_span(&text));

    buf_clear(&text);
    buf_append_byte(&text, '<');
    append_base32(&text, &print);
    buf_append_byte(&text, '@');
    buf_append(&text, domain);
    buf_append_byte(&text, '>');
    assert(!text.overflowed);
    struct span id = arena_copy(arena, buf_span(&text));
    buf_release(&text);
    return id;
}
