#include "cli/pin.h"

#include <stdint.h>
#include <string.h>

#include "base/ascii.h"
#include "base/span.h"

/* How many bytes there are, at most `max`; 0: something else stands there. */
static size_t read_hex(struct span text, unsigned char *out, size_t max)
{
    size_t count = 0;
    while (text.len >= 2 && count < max) {
        int high = ascii_hex_value(text.data[0]);
        int low = ascii_hex_value(text.data[1]);
        if (high < 0 || low < 0) {
            return 0;
        }
        out[count++] = (unsigned char)(high << 4 | low);
        text = span_rest(text, 2);
        if (text.len > 1 && text.data[0] == ':') {
            text = span_rest(text, 1);
        }
    }
    return text.len == 0 ? count : 0;
}

static int base64_value(char c)
{
    static const struct span digits = SPAN("ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                           "abcdefghijklmnopqrstuvwxyz"
                                           "0123456789+/");
    size_t at = span_find(digits, c);
    return at < digits.len ? (int)at : -1;
}

/* 32 bytes are 43 digits, of which the last has two bits too many, and `=`. */
static bool read_base64(struct span text, unsigned char *out)
{
    enum { DIGITS = 43 };
    if (text.len != DIGITS + 1 || text.data[DIGITS] != '=') {
        return false;
    }
    uint32_t bits = 0;
    unsigned held = 0;
    size_t count = 0;
    for (size_t i = 0; i < DIGITS; i++) {
        int value = base64_value(text.data[i]);
        if (value < 0) {
            return false;
        }
        bits = bits << 6 | (uint32_t)value;
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[count++] = (unsigned char)(bits >> held);
        }
    }
    return (bits & 3) == 0;
}

bool pin_read(const char *text, struct tls_pin *out)
{
    static const struct span scheme = SPAN("sha256//");
    struct span whole = span_of(text);
    if (span_starts(whole, scheme)) {
        return read_base64(span_rest(whole, scheme.len), out->sha256);
    }
    return read_hex(whole, out->sha256, sizeof out->sha256) ==
           sizeof out->sha256;
}

bool pin_read_fingerprint(const char *text, struct tls_fingerprint *out)
{
    out->size = read_hex(span_of(text), out->bytes, sizeof out->bytes);
    return out->size == 32 || out->size == 20 || out->size == 16;
}
