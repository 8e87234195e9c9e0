/* Which columns of a list are not the user's?
 *
 * Those whose names begin with `_`: a --failed file, which is a list again,
 * has some more than the list that it comes from. Nothing else looks at
 * them. */
#pragma once

#include "base/span.h"

static inline bool reserved(struct span name)
{
    return name.len > 0 && name.data[0] == '_';
}

/* What became of the row: the last of a --failed file, in this order. */
enum { RESERVED_COLUMNS = 4 };
extern const struct span reserved_columns[RESERVED_COLUMNS];
