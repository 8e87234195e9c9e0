/* What became of each row, as a person or a program reads it?
 *
 * CSV (RFC 4180, LF line ends) or JSONL, one line a row as it settles, fields
 * in the order that mailshot(5) gives them. A file is made 0600 and written in
 * place, so that a line is there as soon as its row has settled; one that
 * exists is replaced. On stdout ("-") the CSV header goes out with the first
 * line. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "record/outcome.h"

enum report_format { REPORT_CSV, REPORT_JSONL };

struct report_row {
    uint32_t line;
    struct span address;
    enum outcome status;
    unsigned code; /* 0: empty */
    struct span enhanced;
    const char *scope; /* "recipient", …, "local"; "" for none */
    struct span reply;
    unsigned attempts;
    struct span message_id; /* with its angle brackets */
    struct span relay;      /* host:port */
    struct span tls;        /* "TLS1.3 AES-256-GCM" */
    int64_t time_ms;        /* since 1970; 0: empty */
};

struct report;

/* NULL: EX_CANTCREAT (73) naming the file. */
struct report *report_open(const char *path, enum report_format format,
                           struct err *err);

/* False: EX_IOERR (74); nothing more is to be sent. Lines are gathered and
 * written by report_flush, or when 64 KiB are full. */
bool report_write(struct report *r, const struct report_row *row,
                  struct err *err);
bool report_flush(struct report *r, struct err *err);

/* Flushes, syncs and closes; false as above. NULL is fine. */
bool report_close(struct report *r, struct err *err);
