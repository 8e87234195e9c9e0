/* Which column holds the addresses? Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/span.h"

/* The column named `wanted`, or where that is empty: `email`, else a unique one
 * called so in any case, else a unique one among e-mail, mail, address and
 * "email address" (any case). Without a header (names 1, 2, …) and `wanted`:
 * the only column that is not ignored. EX_DATAERR with a hint where there is
 * none. */
bool column_find_address(const struct span *names, size_t count,
                         struct span wanted, size_t *index_out,
                         struct err *err);

/* Reserved columns (base/reserved.h) are ignored, here and below. */
bool column_find(const struct span *names, size_t count, struct span name,
                 size_t *index_out);

/* The same; false: EX_DATAERR, with the nearest name where one is near. */
bool column_find_named(const struct span *names, size_t count,
                       struct span wanted, size_t *index_out, struct err *err);
