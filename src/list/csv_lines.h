/* Where does each physical line of the list end?
 *
 * LF, CRLF and a lone CR end a line, inside quotes as well as outside: what is
 * a row is list/csv's to say. A window over the file holds at least the bytes
 * of the row under way, up to the most that a row may have. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "list/spool.h"

enum { CSV_ROW_BYTES_MAX = 4 << 20 }; /* its line end not counted */

struct csv_lines {
    struct spool spool;
    char *data; /* the window */
    size_t cap;
    size_t kept; /* the row under way begins here */
    size_t at;   /* the next line begins here */
    size_t to;   /* the bytes end here */
    size_t lf;   /* no LF between at and here */
    size_t cr;   /* no CR between at and here */
    bool ended;  /* no bytes come behind these */
};

enum csv_lines_result {
    CSV_LINES_LINE,
    CSV_LINES_END,
    CSV_LINES_TOO_LONG, /* the row under way passes CSV_ROW_BYTES_MAX */
    CSV_LINES_ERROR,
};

bool csv_lines_open(struct csv_lines *l, const char *path, struct err *err);
void csv_lines_close(struct csv_lines *l);

/* The next line with its line end (the last may have none). It lives, as all
 * since csv_lines_keep, until the next call. */
enum csv_lines_result csv_lines_next(struct csv_lines *l, struct span *line_out,
                                     struct err *err);

/* The bytes before the next line are needed no more. */
void csv_lines_keep(struct csv_lines *l);
/* The bytes since csv_lines_keep, up to the next line. */
struct span csv_lines_kept(const struct csv_lines *l);

/* What lies ahead, as far as one read reaches: the whole rest of the file
 * where it is short. */
bool csv_lines_peek(struct csv_lines *l, struct span *ahead_out,
                    struct err *err);

/* Where in the file the next line begins, and going (back) to such a place. */
uint64_t csv_lines_offset(const struct csv_lines *l);
void csv_lines_seek(struct csv_lines *l, uint64_t offset);
