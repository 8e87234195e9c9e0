/* Does this row, of a list without names, come from a file of --failed?
 *
 * Pure. Such a file has no header that could say so, and its last four fields
 * do: the status of a row that failed, its code, its enhanced code, and why.
 * Each but the status can be empty, but not all of them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

bool returned(const struct span *fields, size_t count);
