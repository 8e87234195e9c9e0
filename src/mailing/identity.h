/* By which name is a letter known wherever it goes? By its Message-ID.
 *
 * Pure. `<keyed-hash@sender-domain>`: SipHash, under a key that only the
 * sender has, of campaign, address key and ordinal among equal keys, in
 * lower-case base32. A row of a campaign has the same one for ever, and
 * nobody can tell from it who the row is. */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/siphash.h"
#include "base/span.h"

enum { IDENTITY_HASH_CHARACTERS = 26 }; /* of 5 bits: 128 bits and two spare */

/* The key of a run that has to come out the same each time: of the time that
 * SOURCE_DATE_EPOCH gives, the template's bytes, and what the key is for. */
struct siphash_key identity_key_derive(int64_t epoch_s, struct span template,
                                       struct span purpose);

/* A key that derives from another, by what it is for. */
struct siphash_key identity_key_of(const struct siphash_key *key,
                                   struct span purpose);

/* Who the letter is to, and in which mailing. */
struct identity {
    struct span campaign;    /* empty: the run is stateless */
    struct span address_key; /* of fold */
    uint32_t ordinal;        /* among equal keys */
};

/* With its angle brackets, in the arena. The domain is in A-labels. */
struct span identity_message_id(const struct siphash_key *key,
                                const struct identity *who, struct span domain,
                                struct arena *arena);
