/* How is memory had? It always is: where the system has none left, these end
 * the process at once with EX_OSERR (71) and a line on stderr. To a state
 * file that is the same as a kill. */
#pragma once

#include <stddef.h>

void *mem_alloc(size_t bytes); /* not cleared; never NULL */
void *mem_alloc_zero(size_t count, size_t bytes_each);
void *mem_resize(void *old, size_t count, size_t bytes_each);
char *mem_copy_text(const char *text, size_t len); /* NUL-terminated */

/* For who learns from a library that there is none left. */
_Noreturn void mem_exhausted(void);

/* Clears secrets in a way that no optimizer drops. */
void mem_wipe(void *data, size_t bytes);
