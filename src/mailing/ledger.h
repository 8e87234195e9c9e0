/* Do the books balance? One byte for each contact: what became of it.
 *
 * A contact is a row that passed the cleaning, numbered from 0 in the order
 * of the list. It is settled once (asserted). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "record/outcome.h"

struct ledger {
    unsigned char **chunks;
    uint32_t chunk_count;
    uint64_t by_outcome[OUTCOMES]; /* of settled contacts, and of other rows */
};

void ledger_init(struct ledger *l);
void ledger_release(struct ledger *l);

/* Neither taken nor settled. */
bool ledger_untouched(const struct ledger *l, uint32_t contact);
/* It is on its way to be settled, or no longer. */
void ledger_take(struct ledger *l, uint32_t contact);
void ledger_untake(struct ledger *l, uint32_t contact);

void ledger_settle(struct ledger *l, uint32_t contact, enum outcome outcome);

/* False: not settled. */
bool ledger_get(const struct ledger *l, uint32_t contact,
                enum outcome *outcome_out);

/* A row that was never to be mailed. */
void ledger_count(struct ledger *l, enum outcome outcome, uint64_t rows);

uint64_t ledger_total(const struct ledger *l);
