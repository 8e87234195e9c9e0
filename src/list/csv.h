/* Which rows does the contact list hold, and where does each one begin?
 *
 * RFC 4180 in UTF-8, strictly: libcsv pushes, this pulls. A BOM is skipped, and
 * so is a first line `sep=C`, as spreadsheets have it; LF, CRLF and CR end
 * lines; quoted fields may hold them; an empty line is no row. The list is read
 * more than once, always through one descriptor; what cannot be read twice
 * (stdin, a FIFO, /dev/fd) is spooled to an unlinked file first. Fields keep
 * their blanks. A field that is no UTF-8 is handed on as it is: that row is
 * invalid, not the file. Names are trimmed; those that begin with `_` may be
 * there twice, and keep their places.
 *
 * Limits: field 1 MiB, row 4 MiB, 1,024 columns, 2^32 - 2 lines. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

struct csv_dialect {
    char delimiter; /* 0: as a first line `sep=C` says, else found among
                       , ; TAB | by the first records */
    bool header;    /* false: the columns are named 1, 2, …, but for those of
                       --failed (list/returned.h) */
    const char *no_names_hint; /* what to do about addresses where names are
                                  expected; NULL: to say --no-header */
};

struct csv_row {
    uint32_t number;           /* rows count from 1, the header is none */
    uint32_t line;             /* of LIST, on which the row begins; from 1 */
    const struct span *fields; /* as many as there are columns */
    struct span raw;           /* as it stood, its line end included */
};

enum csv_result { CSV_RESULT_ROW, CSV_RESULT_END, CSV_RESULT_ERROR };

struct csv_reader;

/* PATH may be "-" for stdin. NULL: *err says why; EX_NOINPUT (66) where it
 * cannot be read, EX_DATAERR (65) with the line for a bad header (UTF-16,
 * NUL, quotes, a name twice, an empty name, an address where names are
 * expected, no columns at all), EX_CANTCREAT or EX_IOERR for a spool that
 * fails, EX_USAGE for a delimiter that is none. PATH is borrowed. */
struct csv_reader *csv_reader_open(const char *path,
                                   const struct csv_dialect *dialect,
                                   struct err *err);
void csv_reader_close(struct csv_reader *reader); /* NULL is fine */

const char *csv_reader_name(const struct csv_reader *reader); /* for messages */
char csv_reader_delimiter(const struct csv_reader *reader);
size_t csv_reader_columns(const struct csv_reader *reader, /* names, trimmed; */
                          const struct span **names_out);  /* the reader owns */
struct span csv_reader_header(const struct csv_reader *reader); /* raw bytes,
                                  line end included, BOM not; empty without */

/* The line on which the header begins, or without one the first row. */
uint32_t csv_reader_first_line(const struct csv_reader *reader);

/* What stands in front of all that: a BOM, a line `sep=C`. */
struct span csv_reader_preamble(const struct csv_reader *reader);

/* The next row; its spans live until the next call. On an error the reader
 * stays at it. EX_DATAERR names the line: an unterminated quote (the line
 * where it opened), a stray quote, NUL, ragged row, a limit passed; or a file
 * that has changed since it was opened (noticed within 256 rows, and at the
 * end). EX_NOINPUT where it cannot be read any more. */
enum csv_result csv_reader_next(struct csv_reader *reader, struct csv_row *row,
                                struct err *err);

/* Back to the first row. EX_DATAERR where the file has changed since it was
 * opened (size or time of change). */
bool csv_reader_rewind(struct csv_reader *reader, struct err *err);
