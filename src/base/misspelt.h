/* Which name did a misspelt one mean?
 *
 * The nearest by edits: letters put in, left out, changed, or swapped with the
 * next, each of them one; case is none. A third of the text and one more are
 * near, as long as a letter of the name is left. Names are tried one by one,
 * and of equals the first is meant. A text or a name of more than 64 bytes is
 * near to nothing. Pure. */
#pragma once

#include "base/span.h"

struct misspelt {
    struct span text;
    struct span meant; /* borrowed; empty: none was near */
    size_t edits;      /* as many are too many */
};

void misspelt_init(struct misspelt *m, struct span text);
void misspelt_try(struct misspelt *m, struct span name);
