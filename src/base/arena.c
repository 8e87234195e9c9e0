#include "base/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { BLOCK_BYTES_MIN = 512 - 32 };

struct arena_block {
    struct arena_block *older;
    alignas(max_align_t) char data[];
};

struct arena_held {
    struct arena_held *before;
    void (*release)(void *thing);
    void *thing;
};

void arena_init(struct arena *a)
{
    *a = (struct arena){0};
}

static void let_go(struct arena *a)
{
    while (a->held) {
        struct arena_held *held = a->held;
        a->held = held->before;
        held->release(held->thing);
    }
}

static void free_blocks(struct arena *a)
{
    while (a->newest) {
        struct arena_block *older = a->newest->older;
        free(a->newest);
        a->newest = older;
    }
    a->used = 0;
    a->room = 0;
    a->older = 0;
}

void arena_release(struct arena *a)
{
    let_go(a);
    free_blocks(a);
}

/* A block that is alone is not even looked at. */
void arena_reset(struct arena *a)
{
    let_go(a);
    a->used = 0;
    if (a->older > 0) {
        a->first = a->older + a->room;
        free_blocks(a);
    }
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static void add_block(struct arena *a, size_t bytes)
{
    size_t usual = a->newest ? 2 * a->room : a->first;
    size_t size = larger(bytes, larger(usual, BLOCK_BYTES_MIN));
    struct arena_block *block = mem_alloc(sizeof *block + size);
    block->older = a->newest;
    a->newest = block;
    a->older += a->room;
    a->room = size;
    a->used = 0;
}

void *arena_alloc(struct arena *a, size_t bytes)
{
    size_t align = alignof(max_align_t);
    size_t rounded = (bytes + align - 1) / align * align;
    if (!a->newest || a->room - a->used < rounded) {
        add_block(a, rounded);
    }
    void *piece = a->newest->data + a->used;
    a->used += rounded;
    return piece;
}

struct span arena_copy(struct arena *a, struct span s)
{
    char *copy = arena_alloc(a, s.len);
    if (s.len > 0) {
        memcpy(copy, s.data, s.len);
    }
    return span_from(copy, s.len);
}

void arena_hold(struct arena *a, void (*release)(void *thing), void *thing)
{
    struct arena_held *held = arena_alloc(a, sizeof *held);
    *held = (struct arena_held){a->held, release, thing};
    a->held = held;
}
