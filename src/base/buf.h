/* Where do bytes gather? In a buffer that grows, up to a ceiling given at
 * birth.
 *
 * What would pass the ceiling is not appended, and `overflowed` stays set
 * until buf_clear: append freely, look once at the end. Memory is the
 * buffer's own; spans into it live until the next append or release. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/span.h"

struct buf {
    char *data;
    size_t len;       /* bytes in use */
    size_t cap;       /* bytes had */
    size_t bytes_max; /* the ceiling */
    bool overflowed;
};

void buf_init(struct buf *b, size_t bytes_max); /* allocates nothing yet */
void buf_release(struct buf *b);
void buf_wipe(struct buf *b); /* buf_release, for secrets: cleared first */
void buf_clear(struct buf *b);

/* At least that many bytes are free behind len, else NULL and overflowed.
 * Write them there and tell with buf_commit how many there are. */
char *buf_reserve(struct buf *b, size_t bytes);
void buf_commit(struct buf *b, size_t bytes);

void buf_append_slowly(struct buf *b, struct span s); /* buf_append's own */

static inline void buf_append(struct buf *b, struct span s)
{
    if (s.len > 0 && s.len <= b->cap - b->len && b->cap <= b->bytes_max) {
        memcpy(b->data + b->len, s.data, s.len);
        b->len += s.len;
    } else {
        buf_append_slowly(b, s);
    }
}

static inline void buf_append_byte(struct buf *b, char byte)
{
    buf_append(b, span_from(&byte, 1));
}
void buf_append_number(struct buf *b, uint64_t value); /* decimal */
void buf_append_format(struct buf *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

void buf_drop_front(struct buf *b, size_t bytes); /* at most len (asserted) */
void buf_truncate(struct buf *b, size_t len);     /* at most len (asserted) */

/* Each has the other's bytes; the ceilings stay, and must allow it. */
void buf_swap(struct buf *a, struct buf *b);

struct span buf_span(const struct buf *b);
