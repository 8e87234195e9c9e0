/* Which of a host's addresses answers first? For this room alone.
 *
 * RFC 8305, section 5: connections are begun one after another, 250 ms apart,
 * or at once where the one before has failed; the first that stands is taken,
 * and the others are given up. */
#pragma once

#include <stddef.h>

#include "net/wire.h"

struct race;

/* `over` is called once, never from inside this call: with a connected
 * descriptor, the callee's, and its way's tag; or with -1 and the errno of the
 * last that failed. The ways are copied. */
struct race *
race_begin(struct loop *l, const struct wire_way *ways, size_t count,
           void (*over)(void *context, int descriptor, unsigned tag, int error),
           void *context);

/* No more calls; what was begun is given up. NULL is fine. It is also to be
 * called after `over`, or from it. */
void race_destroy(struct race *r);
