#include "base/span.h"

#include <string.h>

#include "base/ascii.h"

struct span span_of(const char *text)
{
    return (struct span){text, text ? strlen(text) : 0};
}

bool span_equal_nocase(struct span a, struct span b)
{
    return a.len == b.len && span_starts_nocase(a, b);
}

bool span_starts_nocase(struct span s, struct span prefix)
{
    if (s.len < prefix.len) {
        return false;
    }
    for (size_t i = 0; i < prefix.len; i++) {
        if (ascii_lower(s.data[i]) != ascii_lower(prefix.data[i])) {
            return false;
        }
    }
    return true;
}

bool span_ends(struct span s, struct span suffix)
{
    return s.len >= suffix.len &&
           span_equal(span_rest(s, s.len - suffix.len), suffix);
}

size_t span_find(struct span s, char byte)
{
    const char *at = s.len > 0 ? memchr(s.data, byte, s.len) : NULL;
    return at ? (size_t)(at - s.data) : s.len;
}

size_t span_find_last(struct span s, char byte)
{
    const char *at = s.len > 0 ? memrchr(s.data, byte, s.len) : NULL;
    return at ? (size_t)(at - s.data) : s.len;
}

struct span span_trim(struct span s)
{
    size_t from = 0;
    size_t to = s.len;
    while (from < to && ascii_is_blank(s.data[from])) {
        from++;
    }
    while (to > from && ascii_is_blank(s.data[to - 1])) {
        to--;
    }
    return span_slice(s, from, to);
}
