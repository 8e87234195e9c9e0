#include "mailing/ledger.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"

enum { CHUNK_CONTACTS = 1 << 16 };

void ledger_init(struct ledger *l)
{
    *l = (struct ledger){0};
}

void ledger_release(struct ledger *l)
{
    for (uint32_t i = 0; i < l->chunk_count; i++) {
        free(l->chunks[i]);
    }
    free(l->chunks);
    ledger_init(l);
}

/* A byte holds the outcome and one; these two are not settled. */
enum { UNTOUCHED = 0, TAKEN = 255 };

static unsigned char *entry(struct ledger *l, uint32_t contact)
{
    uint32_t chunk = contact / CHUNK_CONTACTS;
    while (l->chunk_count <= chunk) {
        l->chunks =
            mem_resize(l->chunks, l->chunk_count + 1, sizeof *l->chunks);
        l->chunks[l->chunk_count++] = mem_alloc_zero(CHUNK_CONTACTS, 1);
    }
    return &l->chunks[chunk][contact % CHUNK_CONTACTS];
}

static unsigned char value(const struct ledger *l, uint32_t contact)
{
    uint32_t chunk = contact / CHUNK_CONTACTS;
    return chunk < l->chunk_count ? l->chunks[chunk][contact % CHUNK_CONTACTS]
                                  : UNTOUCHED;
}

bool ledger_untouched(const struct ledger *l, uint32_t contact)
{
    return value(l, contact) == UNTOUCHED;
}

void ledger_take(struct ledger *l, uint32_t contact)
{
    unsigned char *e = entry(l, contact);
    assert(*e == UNTOUCHED);
    *e = TAKEN;
}

void ledger_untake(struct ledger *l, uint32_t contact)
{
    unsigned char *e = entry(l, contact);
    assert(*e == TAKEN);
    *e = UNTOUCHED;
}

void ledger_settle(struct ledger *l, uint32_t contact, enum outcome outcome)
{
    unsigned char *e = entry(l, contact);
    assert(*e == UNTOUCHED || *e == TAKEN);
    *e = (unsigned char)(outcome + 1);
    l->by_outcome[outcome]++;
}

bool ledger_get(const struct ledger *l, uint32_t contact,
                enum outcome *outcome_out)
{
    unsigned char e = value(l, contact);
    bool settled = e != UNTOUCHED && e != TAKEN;
    *outcome_out = settled ? (enum outcome)(e - 1) : OUTCOME_PENDING;
    return settled;
}

void ledger_count(struct ledger *l, enum outcome outcome, uint64_t rows)
{
    l->by_outcome[outcome] += rows;
}

uint64_t ledger_total(const struct ledger *l)
{
    uint64_t total = 0;
    for (int i = 0; i < OUTCOMES; i++) {
        total += l->by_outcome[i];
    }
    return total;
}
