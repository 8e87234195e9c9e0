#include "mailing/deal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "list/address.h"

enum { TABLE_SIZE = 1024 };

struct file_of {
    struct task *first, *last;
    unsigned count;
};

struct deal_lane {
    struct deal_lane *chain; /* in the table; of those to spare */
    struct deal_lane *next;  /* in turn */
    char *domain;
    size_t domain_bytes;
    struct file_of fresh, returned;
    unsigned room; /* for fresh ones, where it has a rate; else 0 */
    bool closed;
    struct rate rate;
};

/* --- rows one behind the other --- */

static void append(struct file_of *f, struct task *t)
{
    t->next = NULL;
    if (f->last) {
        f->last->next = t;
    } else {
        f->first = t;
    }
    f->last = t;
    f->count++;
}

static bool fits(const struct task *t, unsigned unfit)
{
    return (unfit >> t->needs & 1) == 0;
}

/* The first that fits, and the one before it; NULL: none. */
static struct task *find(const struct file_of *f, unsigned unfit,
                         struct task **before_out)
{
    struct task *t = f->first;
    *before_out = NULL;
    while (t && !fits(t, unfit)) {
        *before_out = t;
        t = t->next;
    }
    return t;
}

static bool any(const struct file_of *f, unsigned unfit)
{
    struct task *before;
    return find(f, unfit, &before) != NULL;
}

/* There is one (asserted). */
static struct task *shift(struct file_of *f, unsigned unfit)
{
    struct task *before;
    struct task *t = find(f, unfit, &before);
    assert(t);
    if (before) {
        before->next = t->next;
    } else {
        f->first = t->next;
    }
    f->last = f->last == t ? before : f->last;
    f->count--;
    t->next = NULL;
    return t;
}

/* --- lanes --- */

static struct span domain_of(const struct deal_lane *l)
{
    return span_from(l->domain, l->domain_bytes);
}

/* Where it stands, or would stand. */
static struct deal_lane **slot_of(const struct deal *d, struct span domain)
{
    struct siphash_print print = siphash(d->key, domain);
    unsigned at = print.bytes[0] | (unsigned)print.bytes[1] << 8;
    struct deal_lane **slot = &d->table[at % TABLE_SIZE];
    while (*slot && !span_equal(domain_of(*slot), domain)) {
        slot = &(*slot)->chain;
    }
    return slot;
}

static struct deal_lane *add_lane(struct deal *d, struct deal_lane **slot,
                                  struct span domain)
{
    struct deal_lane *l = d->spare;
    if (l) {
        d->spare = l->chain;
    } else {
        l = mem_alloc(sizeof *l);
    }
    *l = (struct deal_lane){.domain_bytes = domain.len};
    l->domain = mem_copy_text(domain.data, domain.len);
    *slot = l;
    return l;
}

/* In order, all that has no rate goes into one. Lists are often sorted by
 * domain, or of one. */
static struct deal_lane *lane_for(struct deal *d, struct span domain)
{
    if (d->last && span_equal(domain_of(d->last), domain)) {
        return d->last;
    }
    struct deal_lane **slot = slot_of(d, domain);
    if (!*slot && d->in_order) {
        domain = SPAN("");
        slot = slot_of(d, domain);
    }
    return *slot ? *slot : add_lane(d, slot, domain);
}

static void drop_lane(struct deal *d, struct deal_lane *l)
{
    struct deal_lane **slot = slot_of(d, domain_of(l));
    assert(*slot == l);
    *slot = l->chain;
    free(l->domain);
    l->chain = d->spare;
    d->spare = l;
}

static unsigned rows_in(const struct deal_lane *l)
{
    return l->fresh.count + l->returned.count;
}

static void queue_lane(struct deal *d, struct deal_lane *l)
{
    l->next = NULL;
    if (d->last) {
        d->last->next = l;
    } else {
        d->first = l;
    }
    d->last = l;
}

/* --- in --- */

enum deal_room deal_room(struct deal *d, struct span domain)
{
    const struct deal_lane *l = d->rated_count > 0 ? *slot_of(d, domain) : NULL;
    if (!l || l->room == 0) {
        return DEAL_ROOM;
    }
    if (l->closed) {
        return DEAL_CLOSED;
    }
    return l->fresh.count < l->room ? DEAL_ROOM : DEAL_FULL;
}

bool deal_hungry(const struct deal *d)
{
    return d->ahead < DEAL_AHEAD;
}

bool deal_roomy(const struct deal *d)
{
    for (unsigned i = 0; i < d->rated_count; i++) {
        const struct deal_lane *l = d->rated[i];
        if (!l->closed && l->fresh.count > l->room / 2) {
            return false;
        }
    }
    return true;
}

/* The lane that it goes into, which is then one of those to be dealt from. */
static struct deal_lane *enter(struct deal *d, const struct task *t)
{
    struct deal_lane *l = lane_for(d, address_domain(t->row.address));
    if (l->room == 0 && rows_in(l) == 0) {
        queue_lane(d, l);
    }
    return l;
}

void deal_add(struct deal *d, struct task *t)
{
    struct deal_lane *l = enter(d, t);
    assert(!l->closed && (l->room == 0 || l->fresh.count < l->room));
    append(&l->fresh, t);
    d->choosy += t->needs != 0;
    d->ahead += l->room == 0;
    d->waiting += l->room > 0;
}

void deal_return(struct deal *d, struct task *t)
{
    append(&enter(d, t)->returned, t);
    d->choosy += t->needs != 0;
    d->returned++;
}

void deal_end_unsaid(struct deal *d, const struct task *t)
{
    struct deal_lane *l = *slot_of(d, address_domain(t->row.address));
    if (l && l->room > 0) {
        rate_end_unsaid(&l->rate);
    }
}

/* --- out --- */

static struct task *take_from(struct deal *d, struct deal_lane *l,
                              unsigned unfit)
{
    bool again = any(&l->returned, unfit);
    struct task *t = shift(again ? &l->returned : &l->fresh, unfit);
    d->choosy -= t->needs != 0;
    d->returned -= again;
    d->ahead -= !again && l->room == 0;
    d->waiting -= !again && l->room > 0;
    return t;
}

static bool holds(const struct deal_lane *l, struct deal_wish wish)
{
    return any(&l->returned, wish.unfit) ||
           (wish.fresh && any(&l->fresh, wish.unfit));
}

/* Its rate lets the next one begin; a budget that is used up closes it. */
static bool open_now(struct deal_lane *l, uint64_t now_ms)
{
    uint64_t when = rate_when_ms(&l->rate, now_ms);
    l->closed |= when == UINT64_MAX;
    return when <= now_ms;
}

/* The rates see to it that these do not crowd out the others. */
static struct deal_lane *rated_ready(struct deal *d, uint64_t now_ms,
                                     struct deal_wish wish)
{
    for (unsigned i = 0; i < d->rated_count; i++) {
        unsigned at = (d->rated_next + i) % d->rated_count;
        struct deal_lane *l = d->rated[at];
        if (holds(l, wish) && !l->closed && open_now(l, now_ms)) {
            d->rated_next = at;
            return l;
        }
    }
    return NULL;
}

bool deal_ready(struct deal *d, uint64_t now_ms, struct deal_wish wish)
{
    /* All that was returned may wait: then a lane is looked for in earnest. */
    for (const struct deal_lane *l = d->first; l; l = l->next) {
        if (holds(l, wish)) {
            return true;
        }
    }
    return rated_ready(d, now_ms, wish) != NULL;
}

/* The first lane in turn that has such a row, taken out of turn. */
static struct deal_lane *unqueue_ready(struct deal *d, struct deal_wish wish)
{
    struct deal_lane *before = NULL;
    struct deal_lane *l = d->first;
    while (l && !holds(l, wish)) {
        before = l;
        l = l->next;
    }
    if (l && before) {
        before->next = l->next;
    } else if (l) {
        d->first = l->next;
    }
    if (l && d->last == l) {
        d->last = before;
    }
    return l;
}

static struct task *take_in_turn(struct deal *d, struct deal_wish wish)
{
    struct deal_lane *l = unqueue_ready(d, wish);
    if (!l) {
        return NULL;
    }
    struct task *t = take_from(d, l, wish.unfit);
    if (rows_in(l) > 0) {
        queue_lane(d, l);
    } else {
        drop_lane(d, l);
    }
    return t;
}

struct task *deal_take(struct deal *d, uint64_t now_ms, struct deal_wish wish)
{
    struct deal_lane *l = rated_ready(d, now_ms, wish);
    if (l) {
        rate_begin_letter(&l->rate);
        d->rated_next = (d->rated_next + 1) % d->rated_count;
        return take_from(d, l, wish.unfit);
    }
    return take_in_turn(d, wish);
}

struct task *deal_take_any(struct deal *d, unsigned unfit)
{
    const struct deal_wish wish = {.fresh = true, .unfit = unfit};
    for (unsigned i = 0; i < d->rated_count; i++) {
        if (holds(d->rated[i], wish)) {
            return take_from(d, d->rated[i], unfit);
        }
    }
    return take_in_turn(d, wish);
}

uint64_t deal_when_ms(struct deal *d, uint64_t now_ms)
{
    uint64_t at = UINT64_MAX;
    for (unsigned i = 0; i < d->rated_count; i++) {
        struct deal_lane *l = d->rated[i];
        if (rows_in(l) > 0 && !l->closed) {
            uint64_t when = rate_when_ms(&l->rate, now_ms);
            at = when < at ? when : at;
        }
    }
    return at;
}

struct task *deal_take_closed(struct deal *d, uint64_t now_ms,
                              struct span *domain_out, uint64_t *opens_ms_out)
{
    for (unsigned i = 0; i < d->rated_count; i++) {
        struct deal_lane *l = d->rated[i];
        if (l->closed && rows_in(l) > 0) {
            *domain_out = domain_of(l);
            *opens_ms_out = rate_opens_ms(&l->rate, now_ms);
            return take_from(d, l, 0);
        }
    }
    return NULL;
}

struct task *deal_peek(const struct deal *d)
{
    const struct deal_lane *l = d->first;
    for (unsigned i = 0; i < d->rated_count && !l; i++) {
        l = rows_in(d->rated[i]) > 0 ? d->rated[i] : NULL;
    }
    return !l ? NULL : l->returned.first ? l->returned.first : l->fresh.first;
}

/* --- its beginning and its end --- */

void deal_init(struct deal *d, const struct settings *settings,
               const struct siphash_key *key, uint64_t now_ms)
{
    size_t count = settings->domain_rate_count;
    *d = (struct deal){.key = key, .in_order = settings->batch > 1};
    d->table = mem_alloc_zero(TABLE_SIZE, sizeof *d->table);
    d->rated = mem_alloc_zero(count + 1, sizeof *d->rated);
    for (size_t i = 0; i < count; i++) {
        const struct domain_rate *of = &settings->domain_rates[i];
        struct deal_lane *l = add_lane(d, slot_of(d, of->domain), of->domain);
        l->room = DEAL_WAITING_MAX / (unsigned)count;
        rate_init(&l->rate, of->limits, of->limit_count, now_ms);
        d->rated[d->rated_count++] = l;
    }
}

void deal_release(struct deal *d)
{
    assert(d->ahead + d->waiting + d->returned == 0 && !d->first);
    for (unsigned i = 0; i < d->rated_count; i++) {
        drop_lane(d, d->rated[i]);
    }
    while (d->spare) {
        struct deal_lane *l = d->spare;
        d->spare = l->chain;
        free(l);
    }
    free(d->table);
    free(d->rated);
}
