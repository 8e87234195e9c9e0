#include "sink/chance.h"

#include <string.h>

#include "base/siphash.h"

enum { OF = 1000, ADDRESS_BYTES_MAX = 256 };

static const struct {
    unsigned share; /* of OF */
    struct fault fault;
} table[] = {
    {60,
     {FAULT_REFUSE,
      {SPAN("450"), SPAN("4.2.1"), SPAN("Mailbox busy, by chance")}}},
    {50,
     {FAULT_REFUSE,
      {SPAN("550"), SPAN("5.1.1"), SPAN("No such user here, by chance")}}},
    {40,
     {FAULT_REFUSE_CONTENT,
      {SPAN("451"), SPAN("4.3.0"), SPAN("Not now, by chance")}}},
    {40,
     {FAULT_REFUSE_CONTENT,
      {SPAN("554"), SPAN("5.6.0"), SPAN("Not this message, by chance")}}},
    {1,
     {FAULT_CLOSE, {SPAN("421"), SPAN("4.3.2"), SPAN("Closing, by chance")}}},
    {1, {FAULT_CUT, {{"", 0}, {"", 0}, {"", 0}}}},
    {1, {FAULT_DROP, {{"", 0}, {"", 0}, {"", 0}}}},
    {1, {FAULT_LOSE, {{"", 0}, {"", 0}, {"", 0}}}},
};

static unsigned throw(uint64_t seed, struct span address, unsigned attempt)
{
    struct siphash_key key = {{0}};
    char text[ADDRESS_BYTES_MAX + sizeof attempt];
    size_t len =
        address.len < ADDRESS_BYTES_MAX ? address.len : ADDRESS_BYTES_MAX;
    memcpy(key.bytes, &seed, sizeof seed);
    memcpy(text, address.data, len);
    memcpy(text + len, &attempt, sizeof attempt);
    struct siphash_print print =
        siphash(&key, span_from(text, len + sizeof attempt));
    uint32_t number;
    memcpy(&number, print.bytes, sizeof number);
    return number % OF;
}

const struct fault *chance_draw(uint64_t seed, struct span address,
                                unsigned attempt)
{
    unsigned thrown = throw(seed, address, attempt);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (thrown < table[i].share) {
            return &table[i].fault;
        }
        thrown -= table[i].share;
    }
    return NULL;
}
