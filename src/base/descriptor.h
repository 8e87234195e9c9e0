/* How do bytes get through a descriptor, all of them, whatever interrupts? */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/span.h"

/* All of them, also where somebody made it non-blocking. False: errno. */
bool descriptor_write(int fd, struct span bytes);

/* read(2), which no signal cuts short. */
ssize_t descriptor_read(int fd, char *to, size_t bytes);

/* Appends what is left of it. False: errno, EFBIG where that is more than the
 * ceiling allows. What was reserved before is used first: of a secret that
 * fits in there nothing is left elsewhere. */
bool descriptor_read_all(int fd, struct buf *out);
