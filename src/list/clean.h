/* Is this row a contact to be mailed, or why not?
 *
 * Pure. Rows come in the order of the list, in each of its readings anew; the
 * first reading fills the set of address keys, the later ones find each row's
 * own line there, so all readings judge alike. Precedence: invalid,
 * suppressed, duplicate. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/set.h"
#include "base/span.h"
#include "list/address.h"
#include "list/csv.h"
#include "list/domain.h"
#include "list/key.h"
#include "list/known.h"
#include "list/shard.h"

enum clean_status {
    CLEAN_OK,
    CLEAN_INVALID,
    CLEAN_DUPLICATE,
    CLEAN_SUPPRESSED,
};

const char *clean_status_name(enum clean_status status); /* ok, invalid, … */

struct cleaner {
    size_t address_column;
    size_t columns;
    const struct span *names; /* of the columns, to know which are ignored;
                                 NULL: none is */
    bool dedupe;        /* false: every row is its own, ordinals tell apart */
    enum key_mode mode; /* of dedupe */
    struct shard shard;
    struct siphash_key hash_key; /* random, per run */
    struct set seen;             /* address keys, with the first line of each */
    struct set suppressed;       /* keys of fold or wider, and domains */
    struct set refused;          /* domains, their verdicts in place of lines */
    uint32_t *times_seen;        /* without dedupe: by index in seen */
    uint32_t times_seen_cap;
    struct known known; /* IDN domains of late */
    struct buf scratch;
};

/* What the row is. Spans live until the next call, or as long as the row. */
struct clean_verdict {
    enum clean_status status;
    struct span text;         /* the address as it stood, blanks round it
                                 dropped */
    struct address address;   /* of CLEAN_INVALID perhaps empty */
    struct span ascii_domain; /* empty where it has none */
    struct span key;          /* of fold, always: it knows a row for ever */
    uint32_t ordinal;         /* among equal keys; 0 with dedupe */
    uint32_t first_line;      /* of CLEAN_DUPLICATE */
    const char *reason;       /* of CLEAN_INVALID, else NULL */
    size_t reason_column;     /* the column that the reason is about: that of
                                 the address, or one that is not UTF-8 */
};

/* With dedupe in the mode of fold, and all of the list. The owner sets the
 * columns, dedupe, mode and shard before the first of the calls below. */
void cleaner_init(struct cleaner *c, const struct siphash_key *hash_key);
void cleaner_release(struct cleaner *c);

/* To be called before each reading but the first. */
void cleaner_rewind(struct cleaner *c);

/* False: the row is another shard's. Rows with one mailbox, by the key of fold
 * or of the wider mode of dedupe, are in one shard; what is no address is
 * there by its text. */
bool cleaner_judge(struct cleaner *c, const struct csv_row *row,
                   struct clean_verdict *out);

/* The domain in A-labels of a row whose address is one; it lives until the
 * next call. False: the address is none, or the row another shard's. */
bool cleaner_domain(struct cleaner *c, const struct csv_row *row,
                    struct span *ascii_domain_out);

/* Rows of this domain are invalid from now on. */
void cleaner_refuse_domain(struct cleaner *c, struct span ascii_domain,
                           enum domain_verdict verdict);

/* An address or "@domain" never to mail. Compared by the key of fold, or of
 * the wider mode of dedupe. False where it is neither. */
bool cleaner_suppress(struct cleaner *c, struct span text);
