/* What does a byte mean in ASCII, and what does a text say as a number,
 * and a number as a text?
 *
 * No locale: the same answer on every machine. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

static inline bool ascii_is_digit(char c)
{
    return c >= '0' && c <= '9';
}
static inline bool ascii_is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}
static inline bool ascii_is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}
static inline bool ascii_is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static inline bool ascii_is_alpha(char c)
{
    return ascii_is_upper(c) || ascii_is_lower(c);
}

static inline bool ascii_is_alnum(char c)
{
    return ascii_is_alpha(c) || ascii_is_digit(c);
}

/* 0x00 to 0x1f and 0x7f. */
static inline bool ascii_is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

static inline bool ascii_is_ascii(char c)
{
    return (unsigned char)c < 0x80;
}

static inline char ascii_lower(char c)
{
    return ascii_is_upper(c) ? (char)(c + ('a' - 'A')) : c;
}

static inline char ascii_upper(char c)
{
    return ascii_is_lower(c) ? (char)(c - ('a' - 'A')) : c;
}

/* Is there any byte of that kind? */
struct ascii_facts {
    bool control;
    bool high; /* above 0x7f */
};
struct ascii_facts ascii_look(struct span s);

static inline bool ascii_any_control(struct span s)
{
    return ascii_look(s).control;
}

/* Every byte below 0x80. */
static inline bool ascii_only(struct span s)
{
    return !ascii_look(s).high;
}

/* Every byte is printable ASCII, and none of them one of these two. */
bool ascii_plain(struct span s, char neither, char nor);

/* The value of one hex digit, or -1. */
int ascii_hex_value(char c);

/* A decimal number of at least one digit and nothing else, at most max. */
bool ascii_parse_number(struct span s, uint64_t max, uint64_t *value_out);

/* The other way round: its digits, in text. */
enum { ASCII_NUMBER_BYTES_MAX = 20 };
struct span ascii_number(uint64_t value,
                         char text[static ASCII_NUMBER_BYTES_MAX]);

/* Two hex digits for each byte, in lower case, in text. */
struct span ascii_hex(const void *bytes, size_t count, char *text);
