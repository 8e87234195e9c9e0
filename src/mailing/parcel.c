#include "mailing/parcel.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void parcel_pool_release(struct parcel_pool *pool)
{
    while (pool->spare) {
        struct parcel *p = pool->spare;
        pool->spare = p->next;
        free(p->tasks);
        free(p->recipients);
        free(p);
    }
}

struct parcel *parcel_take(struct parcel_pool *pool)
{
    struct parcel *p = pool->spare;
    if (!p) {
        return mem_alloc_zero(1, sizeof *p);
    }
    pool->spare = p->next;
    p->next = NULL;
    return p;
}

void parcel_give_back(struct parcel_pool *pool, struct parcel *p)
{
    p->count = 0;
    p->next = pool->spare;
    pool->spare = p;
}

static bool same_letter(const struct task *a, const struct task *b)
{
    return memcmp(&a->print, &b->print, sizeof a->print) == 0 &&
           span_equal(a->letter.sender, b->letter.sender) &&
           a->needs == b->needs;
}

bool parcel_add(struct parcel *p, struct task *t)
{
    if (p->count > 0 && !same_letter(p->tasks[0], t)) {
        return false;
    }
    if (p->count == p->cap) {
        p->cap = p->cap ? p->cap * 2 : 1;
        p->tasks = mem_resize(p->tasks, p->cap, sizeof(struct task *));
        p->recipients =
            mem_resize(p->recipients, p->cap, sizeof *p->recipients);
    }
    p->tasks[p->count] = t;
    p->recipients[p->count] = t->row.address;
    p->count++;
    return true;
}

void parcel_transaction(struct parcel *p, struct transaction *out)
{
    assert(p->count > 0);
    const struct task *first = p->tasks[0];
    *out = (struct transaction){
        .sender = first->letter.sender,
        .recipients = p->recipients,
        .recipient_count = p->count,
        .content = first->letter.parts,
        .content_count = first->letter.part_count,
        .content_bytes = first->letter.bytes,
        .eight_bit = first->letter.has_eight_bit,
        .needs_smtputf8 = first->needs & NEED_SMTPUTF8,
        .requires_tls = first->needs & NEED_REQUIRETLS,
        .id = first->letter.message_id,
        .tag = p,
    };
}

void parcel_shed_letters(struct parcel *p)
{
    for (unsigned i = 0; i < p->count; i++) {
        task_shed_letter(p->tasks[i]);
    }
}
