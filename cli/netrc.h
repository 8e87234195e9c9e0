/* What password does ~/.netrc hold?
 *
 * The file of ftp(1), read as msmtp 1.8 reads it: words parted by blanks and
 * line ends, a word perhaps in double or single quotes, comments behind #,
 * macros passed over up to an empty line. The first entry of that machine and
 * that login; an entry without a login is none, and `default` is of no
 * machine. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

/* Appends the password in the file at `path`. False: there is none, nor in a
 * file that is not there; with err->status set: EX_NOINPUT, it cannot be
 * read. */
bool netrc_fetch(const char *path, struct span machine, struct span login,
                 struct buf *out, struct err *err);
