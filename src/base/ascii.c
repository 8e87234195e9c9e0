#include "base/ascii.h"

#include <assert.h>
#include <string.h>

/* Bytes that are looked at together, where the compiler has such vectors for
 * the machine; it makes what does the same elsewhere. */
enum { TOGETHER = 16 };
typedef unsigned char bytes __attribute__((vector_size(TOGETHER)));

struct seen {
    bytes controls; /* 0xff where there was one */
    bytes all;
};

static inline void see(struct seen *seen, bytes b)
{
    seen->controls |= (bytes)((b < 0x20) | (b == 0x7f));
    seen->all |= b;
}

static bool any(bytes b, uint64_t mask)
{
    uint64_t halves[2];
    static_assert(sizeof halves == sizeof b, "two halves");
    memcpy(halves, &b, sizeof halves);
    return ((halves[0] | halves[1]) & mask) != 0;
}

/* Fewer than are looked at together; bytes can be looked at twice. */
static bytes short_text(struct span s)
{
    bytes b = {0};
    b |= 'a';
    if (s.len >= TOGETHER / 2) {
        memcpy(&b, s.data, TOGETHER / 2);
        memcpy((char *)&b + TOGETHER / 2, s.data + s.len - TOGETHER / 2,
               TOGETHER / 2);
        return b;
    }
    for (size_t i = 0; i < s.len; i++) {
        ((char *)&b)[i] = s.data[i];
    }
    return b;
}

struct ascii_facts ascii_look(struct span s)
{
    struct seen seen = {0};
    bytes b;
    for (size_t i = 0; i + TOGETHER <= s.len; i += TOGETHER) {
        memcpy(&b, s.data + i, sizeof b);
        see(&seen, b);
    }
    if (s.len >= TOGETHER) {
        memcpy(&b, s.data + s.len - TOGETHER, sizeof b);
        see(&seen, b);
    } else {
        see(&seen, short_text(s));
    }
    return (struct ascii_facts){
        .control = any(seen.controls, UINT64_MAX),
        .high = any(seen.all, 0x8080808080808080u),
    };
}

int ascii_hex_value(char c)
{
    if (ascii_is_digit(c)) {
        return c - '0';
    }
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool ascii_parse_number(struct span s, uint64_t max, uint64_t *value_out)
{
    if (s.len == 0) {
        return false;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (!ascii_is_digit(s.data[i])) {
            return false;
        }
        uint64_t digit = (uint64_t)(s.data[i] - '0');
        if (value > (max - digit) / 10 || digit > max) {
            return false;
        }
        value = value * 10 + digit;
    }
    *value_out = value;
    return true;
}
