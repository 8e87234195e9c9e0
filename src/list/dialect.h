/* How is this list written: in which encoding, and its fields parted by what?
 *
 * Both are told from the file's first bytes. */
#pragma once

#include <stddef.h>

#include "base/span.h"

/* What iconv calls the encoding of a file that begins so, where it is none
 * that a list can be in (UTF-16 and UTF-32); else NULL. */
const char *dialect_wrong_encoding(struct span start);

/* Bytes of the UTF-8 byte order mark at the start: 3 or 0. */
size_t dialect_bom_bytes(struct span start);

/* Bytes of a first line `sep=C`, its line end included, by which spreadsheets
 * are told the delimiter; 0: it is none. */
size_t dialect_sep_line(struct span start, char *delimiter_out);

/* Of , ; TAB | that stand in the first record, outside quotes, the one that
 * parts most of the next 64 records into as many fields; of several the most
 * frequent in the first record, then the first in this order; a comma where
 * there is none. */
char dialect_find_delimiter(struct span ahead);
