/* Bytes that end at the last byte of a readable page: reading one too far is
 * a fault, seen even without a sanitizer. */
#pragma once

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/span.h"

struct edge {
    char *pages;
    size_t bytes;
    struct span span;
};

static inline struct edge edge_copy(struct span s)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t readable = (s.len + page) / page * page;
    struct edge e = {.bytes = readable + page};
    e.pages = mmap(NULL, e.bytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (e.pages == MAP_FAILED ||
        mprotect(e.pages + readable, page, PROT_NONE)) {
        abort();
    }
    e.span = span_from(e.pages + readable - s.len, s.len);
    if (s.len > 0) {
        memcpy(e.pages + readable - s.len, s.data, s.len);
    }
    return e;
}

static inline void edge_release(struct edge *e)
{
    munmap(e->pages, e->bytes);
}
