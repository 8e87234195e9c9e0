/* What of a text is the secret? Its first line, without the line end. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/* Of the text from `from` on; what stands behind the line is wiped. False:
 * EX_CONFIG naming `name`: the line is empty, or holds a NUL. */
bool secret_keep_line(struct buf *text, size_t from, const char *name,
                      struct err *err);
