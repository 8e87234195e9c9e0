/* What are borrowed bytes?
 *
 * A span points at bytes that somebody else owns; it is never NUL-terminated
 * and may hold any byte, NUL included. It is valid for as long as its owner
 * says. The empty span may have a NULL pointer. Passed by value. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct span {
    const char *data;
    size_t len; /* bytes */
};

#define SPAN(literal) ((struct span){(literal), sizeof(literal) - 1})

struct span span_of(const char *text); /* NUL-terminated, or NULL: empty */
struct span span_from(const char *data, size_t len);

/* Bytes [from, to); both at most s.len, from at most to (asserted). */
struct span span_slice(struct span s, size_t from, size_t to);
struct span span_rest(struct span s, size_t from);

bool span_equal(struct span a, struct span b);
bool span_equal_nocase(struct span a, struct span b); /* ASCII case only */
bool span_starts(struct span s, struct span prefix);
bool span_starts_nocase(struct span s, struct span prefix);
bool span_ends(struct span s, struct span suffix);

/* Index of the first such byte, or s.len where there is none. */
size_t span_find(struct span s, char byte);
size_t span_find_last(struct span s, char byte);

/* Without the spaces and tabs at both ends. */
struct span span_trim(struct span s);
