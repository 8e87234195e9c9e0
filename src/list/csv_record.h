/* Which fields has the next record, and on which lines does it stand?
 *
 * libcsv pushes, this pulls: it is given one physical line at a time, so that
 * raw bytes and line numbers are exact. Header and rows are records alike. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <csv.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "list/csv.h"
#include "list/csv_lines.h"

enum { CSV_FIELD_BYTES_MAX = 1 << 20, CSV_COLUMNS_MAX = 1024 };

struct csv_record {
    struct csv_lines lines;
    struct csv_parser parser;
    char delimiter;
    uint32_t line; /* lines read so far: the number of the last one */

    /* The record, until the next call. */
    uint32_t first_line;
    size_t count;      /* fields; counted on beyond CSV_COLUMNS_MAX */
    size_t long_field; /* the first too long one, from 1; 0: none */
    struct span fields[CSV_COLUMNS_MAX];

    /* private */
    struct buf values; /* what libcsv unquoted, field after field */
    bool open;         /* begun, and not ended with the last line */
    bool done;
    uint32_t quote_line; /* where the field that is still open was opened */
};

/* Opens the list's bytes; the delimiter is set by the owner, who then calls
 * csv_record_go. False: as spool_open. */
bool csv_record_open(struct csv_record *r, const char *path, struct err *err);
void csv_record_close(struct csv_record *r);

/* To this offset of the file, before which that many lines lie. */
void csv_record_go(struct csv_record *r, uint64_t offset, uint32_t line);

/* The next record. EX_DATAERR names the line. */
enum csv_result csv_record_next(struct csv_record *r, struct err *err);

/* The record as it stood, its line end included; until the next call. */
struct span csv_record_raw(const struct csv_record *r);

const char *csv_record_name(const struct csv_record *r); /* the list's */
