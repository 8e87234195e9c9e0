/* What does a member of this one-line JSON object say?
 *
 * Pure. Reads what our own JSONL reports hold: one flat object a line, whose
 * values are strings, numbers, true, false or null (RFC 8259). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"

/* The text of the string member of that name, decoded, in the arena. False
 * where the line is no such object, or has no such string. A name may come
 * twice: the first counts. */
bool jsonline_text(struct span line, struct span name, struct arena *arena,
                   struct span *text_out);

/* The number of that name, decimal and of digits alone, at most max. False
 * where there is no such one. */
bool jsonline_number(struct span line, struct span name, uint64_t max,
                     uint64_t *number_out);
