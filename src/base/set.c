#include "base/set.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { CHUNK_MEMBERS = 1 << 14, TABLE_SIZE_MIN = 1 << 10 };
static const uint32_t table_size_max = UINT32_C(1) << 31;

struct set_chunk {
    struct siphash_print print[CHUNK_MEMBERS];
    uint32_t line[CHUNK_MEMBERS];
};

void set_init(struct set *s)
{
    *s = (struct set){0};
}

static uint32_t chunk_count(const struct set *s)
{
    return s->count / CHUNK_MEMBERS + (s->count % CHUNK_MEMBERS ? 1 : 0);
}

void set_release(struct set *s)
{
    for (uint32_t i = 0; i < chunk_count(s); i++) {
        free(s->chunks[i]);
    }
    free(s->chunks);
    free(s->table);
    set_init(s);
}

static const struct siphash_print *print_at(const struct set *s, uint32_t index)
{
    return &s->chunks[index / CHUNK_MEMBERS]->print[index % CHUNK_MEMBERS];
}

uint32_t set_line(const struct set *s, uint32_t index)
{
    assert(index < s->count);
    return s->chunks[index / CHUNK_MEMBERS]->line[index % CHUNK_MEMBERS];
}

static uint32_t index_mask(const struct set *s)
{
    return s->table_size - 1;
}

/* The prints are keyed hashes already: any part of one is a good slot. */
static uint32_t first_slot(const struct set *s, const struct siphash_print *p)
{
    uint32_t word;
    memcpy(&word, p->bytes, sizeof word);
    return word & index_mask(s);
}

/* What stands in the table for a print; of index + 1 all bits are in the mask,
 * since a quarter of the table is free. */
static uint32_t entry_of(const struct set *s, const struct siphash_print *p,
                         uint32_t index)
{
    uint32_t word;
    memcpy(&word, p->bytes + sizeof word, sizeof word);
    return (word & ~index_mask(s)) | (index + 1);
}

static uint32_t index_at(const struct set *s, uint32_t slot)
{
    return (s->table[slot] & index_mask(s)) - 1;
}

/* The slot of that print, or the free one where it belongs. */
static uint32_t slot_of(const struct set *s, const struct siphash_print *p)
{
    uint32_t slot = first_slot(s, p);
    uint32_t like = entry_of(s, p, 0);
    while (s->table[slot] != 0 &&
           (((s->table[slot] ^ like) & ~index_mask(s)) != 0 ||
            memcmp(print_at(s, index_at(s, slot)), p, sizeof *p) != 0)) {
        slot = (slot + 1) & index_mask(s);
    }
    return slot;
}

/* The old table goes first, so that both never need memory at once. */
static void rebuild_table(struct set *s)
{
    uint32_t size = s->table_size ? s->table_size : TABLE_SIZE_MIN / 2;
    if (size >= table_size_max) {
        mem_exhausted();
    }
    free(s->table);
    s->table_size = size * 2;
    s->table = mem_alloc_zero(s->table_size, sizeof *s->table);
    for (uint32_t i = 0; i < s->count; i++) {
        const struct siphash_print *print = print_at(s, i);
        uint32_t slot = first_slot(s, print);
        while (s->table[slot] != 0) {
            slot = (slot + 1) & index_mask(s);
        }
        s->table[slot] = entry_of(s, print, i);
    }
}

static void append_member(struct set *s, const struct siphash_print *print,
                          uint32_t line)
{
    uint32_t chunk = s->count / CHUNK_MEMBERS;
    uint32_t at = s->count % CHUNK_MEMBERS;
    if (at == 0) {
        s->chunks =
            mem_resize(s->chunks, chunk + 1, sizeof(struct set_chunk *));
        s->chunks[chunk] = mem_alloc(sizeof(struct set_chunk));
    }
    s->chunks[chunk]->print[at] = *print;
    s->chunks[chunk]->line[at] = line;
    s->count++;
    s->due = s->count;
}

static bool as_due(struct set *s, const struct siphash_print *print)
{
    bool same = s->due < s->count &&
                memcmp(print_at(s, s->due), print, sizeof *print) == 0;
    s->due += same;
    return same;
}

uint32_t set_put(struct set *s, const struct siphash_print *print,
                 uint32_t line, bool *added_out)
{
    *added_out = false;
    if (as_due(s, print)) {
        return s->due - 1;
    }
    if (s->count >= s->table_size - s->table_size / 4) {
        rebuild_table(s);
    }
    uint32_t slot = slot_of(s, print);
    *added_out = s->table[slot] == 0;
    if (*added_out) {
        s->table[slot] = entry_of(s, print, s->count);
        append_member(s, print, line);
    }
    return index_at(s, slot);
}

void set_rewind(struct set *s)
{
    s->due = 0;
}

bool set_find(const struct set *s, const struct siphash_print *print,
              uint32_t *index_out)
{
    if (s->count == 0) {
        return false;
    }
    uint32_t slot = slot_of(s, print);
    if (s->table[slot] == 0) {
        return false;
    }
    *index_out = index_at(s, slot);
    return true;
}
