#include "base/ascii.h"

#include <string.h>

#define EACH_BYTE(byte) (UINT64_C(0x0101010101010101) * (byte))

/* The highest bit of a byte is set where it is a control: below 0x20 the
 * subtraction borrows, 0x7f is 0x80 when one is added. */
static uint64_t controls_in(uint64_t eight)
{
    uint64_t low = eight - EACH_BYTE(0x20);
    uint64_t del = (eight & EACH_BYTE(0x7f)) + EACH_BYTE(0x01);
    return (low | del) & ~eight;
}

static uint64_t eight_at(const char *data)
{
    uint64_t eight;
    memcpy(&eight, data, sizeof eight);
    return eight;
}

static uint32_t four_at(const char *data)
{
    uint32_t four;
    memcpy(&four, data, sizeof four);
    return four;
}

/* Fewer than eight bytes, some of them more than once; a letter for none. */
static uint64_t few(struct span s)
{
    if (s.len >= 4) {
        return four_at(s.data) | (uint64_t)four_at(s.data + s.len - 4) << 32;
    }
    uint64_t eight = EACH_BYTE('a');
    for (size_t i = 0; i < s.len; i++) {
        eight = eight << 8 | (unsigned char)s.data[i];
    }
    return eight;
}

static struct ascii_facts facts(uint64_t controls, uint64_t all)
{
    return (struct ascii_facts){
        .control = (controls & EACH_BYTE(0x80)) != 0,
        .high = (all & EACH_BYTE(0x80)) != 0,
    };
}

/* What is looked at together, where the machine has such vectors; the compiler
 * makes what does the same elsewhere. */
typedef unsigned char sixteen __attribute__((vector_size(16)));

static struct ascii_facts look_at_many(struct span s)
{
    sixteen controls = {0};
    sixteen all = {0};
    for (size_t i = 0; i < s.len; i += sizeof all) {
        bool last = s.len - i < sizeof all; /* some of them again */
        sixteen bytes;
        memcpy(&bytes, s.data + (last ? s.len - sizeof all : i), sizeof bytes);
        controls |= (sixteen)((bytes < 0x20) | (bytes == 0x7f));
        all |= bytes;
    }
    uint64_t found[2];
    uint64_t seen[2];
    memcpy(found, &controls, sizeof found);
    memcpy(seen, &all, sizeof seen);
    return facts(found[0] | found[1], seen[0] | seen[1]);
}

struct ascii_facts ascii_look(struct span s)
{
    if (s.len >= 16) {
        return look_at_many(s);
    }
    uint64_t one = s.len >= 8 ? eight_at(s.data) : few(s);
    uint64_t other = s.len >= 8 ? eight_at(s.data + s.len - 8) : one;
    return facts(controls_in(one) | controls_in(other), one | other);
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
