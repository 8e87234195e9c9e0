#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"

void buf_init(struct buf *b, size_t bytes_max)
{
    *b = (struct buf){.bytes_max = bytes_max};
}

void buf_release(struct buf *b)
{
    free(b->data);
    buf_init(b, b->bytes_max);
}

void buf_wipe(struct buf *b)
{
    mem_wipe(b->data, b->cap);
    buf_release(b);
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    b->overflowed = false;
}

static size_t grown(const struct buf *b, size_t need)
{
    size_t cap = b->cap ? b->cap : 256;
    cap = cap < b->bytes_max ? cap : b->bytes_max;
    while (cap < need) {
        cap = cap > b->bytes_max / 2 ? b->bytes_max : cap * 2;
    }
    return cap;
}

char *buf_reserve(struct buf *b, size_t bytes)
{
    if (bytes > b->bytes_max - b->len) {
        b->overflowed = true;
        return NULL;
    }
    if (bytes > b->cap - b->len) {
        size_t cap = grown(b, b->len + bytes);
        b->data = mem_resize(b->data, cap, 1);
        b->cap = cap;
    }
    return b->data + b->len;
}

void buf_commit(struct buf *b, size_t bytes)
{
    assert(bytes <= b->cap - b->len);
    b->len += bytes;
}

void buf_append_slowly(struct buf *b, struct span s)
{
    if (s.len == 0) {
        return;
    }
    char *to = buf_reserve(b, s.len);
    if (to) {
        memcpy(to, s.data, s.len);
        b->len += s.len;
    }
}

void buf_append_number(struct buf *b, uint64_t value)
{
    char text[ASCII_NUMBER_BYTES_MAX];
    buf_append(b, ascii_number(value, text));
}

void buf_append_format(struct buf *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    assert(len >= 0);
    /* vsnprintf writes a NUL behind the text, which is not kept. */
    char *to = buf_reserve(b, (size_t)len + 1);
    if (to) {
        vsnprintf(to, (size_t)len + 1, format, again);
        b->len += (size_t)len;
    }
    va_end(again);
}

void buf_drop_front(struct buf *b, size_t bytes)
{
    assert(bytes <= b->len);
    if (bytes > 0) {
        memmove(b->data, b->data + bytes, b->len - bytes);
        b->len -= bytes;
    }
}

void buf_truncate(struct buf *b, size_t len)
{
    assert(len <= b->len);
    b->len = len;
}

void buf_swap(struct buf *a, struct buf *b)
{
    assert(a->len <= b->bytes_max && b->len <= a->bytes_max);
    struct buf was = *a;
    *a = *b;
    *b = was;
    b->bytes_max = a->bytes_max;
    a->bytes_max = was.bytes_max;
}

struct span buf_span(const struct buf *b)
{
    return span_from(b->data, b->len);
}
