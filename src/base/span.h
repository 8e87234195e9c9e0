/* What are borrowed bytes?
 *
 * A span points at bytes that somebody else owns; it is never NUL-terminated
 * and may hold any byte, NUL included. It is valid for as long as its owner
 * says. The empty span may have a NULL pointer. Passed by value. */
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct span {
    const char *data;
    size_t len; /* bytes */
};

#define SPAN(literal) ((struct span){(literal), sizeof(literal) - 1})

struct span span_of(const char *text); /* NUL-terminated, or NULL: empty */

static inline struct span span_from(const char *data, size_t len)
{
    return (struct span){data, len};
}

/* Bytes [from, to); both at most s.len, from at most to (asserted). */
static inline struct span span_slice(struct span s, size_t from, size_t to)
{
    assert(from <= to && to <= s.len);
    /* NULL + 0 is undefined. */
    return span_from(from == to ? s.data : s.data + from, to - from);
}

static inline struct span span_rest(struct span s, size_t from)
{
    return span_slice(s, from, s.len);
}

static inline bool span_equal(struct span a, struct span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool span_equal_nocase(struct span a, struct span b); /* ASCII case only */
static inline bool span_starts(struct span s, struct span prefix)
{
    return s.len >= prefix.len &&
           span_equal(span_slice(s, 0, prefix.len), prefix);
}

bool span_starts_nocase(struct span s, struct span prefix);
bool span_ends(struct span s, struct span suffix);

/* Index of the first such byte, or s.len where there is none. */
size_t span_find(struct span s, char byte);
size_t span_find_last(struct span s, char byte);

/* Without the spaces and tabs at both ends. */
struct span span_trim(struct span s);
