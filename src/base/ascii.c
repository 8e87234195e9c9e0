#include "base/ascii.h"

#include <string.h>

bool ascii_only(struct span s)
{
    size_t i = 0;
    for (; i + 8 <= s.len; i += 8) {
        uint64_t eight;
        memcpy(&eight, s.data + i, sizeof eight);
        if (eight & 0x8080808080808080u) {
            return false;
        }
    }
    for (; i < s.len; i++) {
        if (!ascii_is_ascii(s.data[i])) {
            return false;
        }
    }
    return true;
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
