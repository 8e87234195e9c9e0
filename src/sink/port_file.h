/* Which port was bound? Written for whoever started the sink with port 0:
 * the file is there with its whole content, or not at all. */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/* "2525\n", by way of a file beside it. False: EX_CANTCREAT (73). */
bool port_file_write(const char *path, unsigned port, struct err *err);
