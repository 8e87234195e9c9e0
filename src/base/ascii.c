#include "base/ascii.h"

#include <string.h>

/* What is looked at together, where the machine has such vectors; the compiler
 * makes what does the same elsewhere. */
typedef unsigned char sixteen __attribute__((vector_size(16)));
typedef uint64_t halves __attribute__((vector_size(16)));

static uint64_t eight_at(const char *data)
{
    uint64_t eight;
    memcpy(&eight, data, sizeof eight);
    return eight;
}

static uint64_t four_at(const char *data)
{
    uint32_t four;
    memcpy(&four, data, sizeof four);
    return four;
}

static sixteen sixteen_at(const char *data)
{
    sixteen bytes;
    memcpy(&bytes, data, sizeof bytes);
    return bytes;
}

/* Fewer than four; letters for none. */
static uint64_t few(struct span s)
{
    uint64_t eight = UINT64_C(0x6161616161616161);
    for (size_t i = 0; i < s.len; i++) {
        eight = eight << 8 | (unsigned char)s.data[i];
    }
    return eight;
}

/* All of fewer than sixteen, some of them more than once. */
static sixteen short_text(struct span s)
{
    const char *end = s.data + s.len;
    halves of = {0};
    if (s.len >= 8) {
        of = (halves){eight_at(s.data), eight_at(end - 8)};
    } else if (s.len >= 4) {
        of = (halves){four_at(s.data) | four_at(end - 4) << 32};
        of[1] = of[0];
    } else {
        of[0] = few(s);
        of[1] = of[0];
    }
    return (sixteen)of;
}

/* Those from i on; where fewer are left, some of them again. */
static inline sixteen look_from(struct span s, size_t i)
{
    if (s.len < sizeof(sixteen)) {
        return short_text(s);
    }
    size_t last = s.len - sizeof(sixteen);
    return sixteen_at(s.data + (i < last ? i : last));
}

/* Is one of these bits set in any of the bytes? */
static bool any(sixteen bytes, unsigned char bits)
{
    halves of = (halves)bytes;
    return ((of[0] | of[1]) & UINT64_C(0x0101010101010101) * bits) != 0;
}

struct ascii_facts ascii_look(struct span s)
{
    sixteen controls = {0};
    sixteen all = {0};
    for (size_t i = 0; i < s.len; i += sizeof all) {
        sixteen bytes = look_from(s, i);
        controls |= (sixteen)((bytes < 0x20) | (bytes == 0x7f));
        all |= bytes;
    }
    return (struct ascii_facts){any(controls, 0x80), any(all, 0x80)};
}

bool ascii_plain(struct span s, char neither, char nor)
{
    sixteen others = {0};
    for (size_t i = 0; i < s.len; i += sizeof others) {
        sixteen bytes = look_from(s, i);
        others |= (sixteen)((bytes < 0x20) | (bytes >= 0x7f) |
                            (bytes == (unsigned char)neither) |
                            (bytes == (unsigned char)nor));
    }
    return !any(others, 0x80);
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

struct span ascii_number(uint64_t value,
                         char text[static ASCII_NUMBER_BYTES_MAX])
{
    size_t at = ASCII_NUMBER_BYTES_MAX;
    do {
        text[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    return span_from(text + at, ASCII_NUMBER_BYTES_MAX - at);
}

struct span ascii_hex(const void *bytes, size_t count, char *text)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < count; i++) {
        text[2 * i] = digits[byte[i] >> 4];
        text[2 * i + 1] = digits[byte[i] & 15];
    }
    return span_from(text, 2 * count);
}
