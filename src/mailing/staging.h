/* Which letters of a session wait for their intent to be on disk? First come,
 * first to go. */
#pragma once

#include <stdint.h>

#include "mailing/parcel.h"

struct staging {
    struct parcel *first, *last;
    unsigned count;
};

void staging_add(struct staging *s, struct parcel *p);
struct parcel *staging_take(struct staging *s); /* NULL: none */

/* All of them go back to where they came from. */
void staging_let_go(struct staging *s, struct parcel_pool *pool,
                    void (*put_back)(void *context, struct task *t),
                    void *context);
