/* Has this been seen before, and on which line?
 *
 * A set of 16-byte fingerprints, each with a 4-byte line, kept in the order
 * in which they came. They lie in chunks that never move; beside them is a
 * table of 4-byte indices that is rebuilt from them when it grows. What an
 * index leaves of its 4 bytes is filled from the fingerprint, so that a member
 * is looked at only where it is most likely the one. A member costs 25 to 31
 * bytes. There is no removing. At most 1,610,612,736 members (three quarters
 * of the largest table); beyond that, and without memory, the process ends
 * (71). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/siphash.h"

struct set {
    struct set_chunk **chunks;
    uint32_t *table; /* 0: free; else the low bits are index + 1 of a member,
                        as many as table_size has, the others its own */
    uint32_t count;
    uint32_t due;        /* the member that is looked at before the table */
    uint32_t table_size; /* a power of two, or 0 */
};

void set_init(struct set *s);
void set_release(struct set *s);

/* The member's index, counted from 0 in order of coming. An absent one is
 * added with this line and *added_out becomes true; a present one keeps the
 * line that it has. */
uint32_t set_put(struct set *s, const struct siphash_print *print,
                 uint32_t line, bool *added_out);

/* The members are about to be put once more, most of them in the order of
 * coming: those are found without the table, whose every slot is elsewhere in
 * memory. Any other order is as right, and slower. */
void set_rewind(struct set *s);

/* False where it is absent. */
bool set_find(const struct set *s, const struct siphash_print *print,
              uint32_t *index_out);

uint32_t set_line(const struct set *s, uint32_t index);
