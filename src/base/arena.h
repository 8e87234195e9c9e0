/* Where does the memory of one contact live? In an arena: many small pieces,
 * given back all at once.
 *
 * Pieces stay where they are until arena_reset or arena_release, and are
 * aligned for any type. A reset keeps one block for the next contact, as large
 * as this one needed: letters are much alike, and many are under way at once.
 * What the pieces point at and somebody else owns can be held as long as
 * they. */
#pragma once

#include <stddef.h>

#include "base/span.h"

struct arena {
    struct arena_block *newest;
    size_t used;  /* bytes of the newest block */
    size_t room;  /* and all that it has */
    size_t older; /* bytes of the blocks before it */
    size_t first; /* bytes for the first block, once there was a reset */
    struct arena_held *held;
};

void arena_init(struct arena *a);
void arena_release(struct arena *a);
void arena_reset(struct arena *a);

void *arena_alloc(struct arena *a, size_t bytes); /* not cleared */
struct span arena_copy(struct arena *a, struct span s);

/* Calls release(thing) at the next arena_reset or arena_release; the last held
 * first. */
void arena_hold(struct arena *a, void (*release)(void *thing), void *thing);
