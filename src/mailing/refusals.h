/* Which rows can be no letter, and who is mailed in their place?
 *
 * The first reading finds out which rows the letter room refuses; the later
 * ones ask here instead of trying each letter again. A refused row may be the
 * first of several with one address: then the next that can be a letter
 * inherits, and is the one that is mailed. 8 to 16 bytes a refused row. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct refusal {
    uint32_t line; /* of the refused row */
    uint32_t heir; /* line of the row mailed in its place; 0: none so far */
};

struct refusals {
    struct refusal *rows; /* by line, ascending */
    size_t count;
    size_t cap;
};

void refusals_init(struct refusals *r);
void refusals_release(struct refusals *r);

/* Lines come in ascending order (asserted). */
void refusals_add(struct refusals *r, uint32_t line);

/* NULL: that row was not refused. Valid until the next refusals_add. */
struct refusal *refusals_find(const struct refusals *r, uint32_t line);
