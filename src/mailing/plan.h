/* What would be sent to whom, and is all of it in order? The first reading.
 *
 * Opens list and template, compiles the draft, reads the whole list once, and
 * counts. What is wrong is found here, before anything is sent. The rooms
 * that it opened stay open for the readings that follow. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/siphash.h"
#include "letter/letter.h"
#include "list/clean.h"
#include "list/csv.h"
#include "mailing/attached.h"
#include "mailing/refusals.h"
#include "mailing/settings.h"

struct plan {
    const struct settings *settings;
    struct csv_reader *reader;
    struct cleaner cleaner;
    struct draft *draft;      /* NULL: check without a template */
    struct attached attached; /* the files that go with letters */
    size_t address_column;
    size_t requiretls_column;    /* SIZE_MAX: none */
    uint64_t rows;               /* these four are of the first reading */
    uint64_t by_status[4];       /* of enum clean_status */
    uint32_t first_invalid_line; /* 0: none */
    struct buf first_invalid_reason;
    struct siphash_key id_key;         /* of the Message-IDs */
    struct siphash_print letter_print; /* of all that makes the letter */
    struct siphash_print list_print;   /* of how the list is read */
    struct siphash_key hash_key;       /* of the set */
    struct arena arena;                /* of the row under way */

    /* Private. */
    bool keyed;   /* id_key was given */
    bool counted; /* the first reading has come to its end */
    struct refusals refusals;
};

/* One row, judged: what the list says and, with a draft, what the letter room
 * says of its fields. Lives until the next row. */
struct plan_row {
    struct csv_row csv;
    struct clean_verdict verdict;
    struct span reason;  /* why it is not CLEAN_OK; empty where it is */
    struct span address; /* of CLEAN_OK: local@a-label-domain */
    bool requires_tls;   /* the relay has to keep TLS (RFC 8689) */
};

/* id_key: of the campaign; NULL: it has none yet, and one is drawn. */
bool plan_open(struct plan *p, const struct settings *settings,
               const struct siphash_key *id_key, struct err *err);
void plan_close(struct plan *p);

/* The next row of the reading under way. The first reading, up to its
 * CSV_RESULT_END, also counts. */
enum csv_result plan_next(struct plan *p, struct plan_row *row,
                          struct err *err);

/* The first reading as a whole, for who does not look at its rows: then
 * plan_verdict, then back to the start. */
bool plan_count(struct plan *p, struct err *err);

/* After the first reading. False where --max-invalid is passed: EX_DATAERR
 * naming the first invalid row. */
bool plan_verdict(const struct plan *p, struct err *err);

/* Back to the first row, for another reading. */
bool plan_rewind(struct plan *p, struct err *err);

/* Values to fill the draft with; spans of the row, and of the arena. With the
 * letter's Message-ID: `<keyed-hash@sender-domain>`, the same for ever for
 * this campaign, address key and ordinal. eight_bit is false; who has a relay
 * with 8BITMIME sets it. */
void plan_values(const struct plan *p, const struct plan_row *row,
                 int64_t date_s, struct arena *arena,
                 struct letter_values *out);

/* The Date of a letter that is made now, or SOURCE_DATE_EPOCH's. */
int64_t plan_date(const struct plan *p);
