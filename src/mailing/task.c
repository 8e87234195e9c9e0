#include "mailing/task.h"

#include <assert.h>
#include <stdlib.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "mailing/identity.h"

static void copy_row(struct task *t, const struct plan_row *row, size_t columns)
{
    struct arena *a = &t->row_arena;
    struct span *fields = arena_alloc(a, columns * sizeof *fields);
    for (size_t i = 0; i < columns; i++) {
        fields[i] = arena_copy(a, row->csv.fields[i]);
    }
    t->row = *row;
    t->row.csv.fields = fields;
    t->row.csv.raw = SPAN("");
    t->row.reason = SPAN("");
    t->row.address = arena_copy(a, row->address);
    t->row.verdict.text = arena_copy(a, row->verdict.text);
    t->row.verdict.key = arena_copy(a, row->verdict.key);
    t->row.verdict.ascii_domain = SPAN("");
    t->row.verdict.address.local = SPAN("");
    t->row.verdict.address.domain = SPAN("");
}

void task_pool_init(struct task_pool *p)
{
    *p = (struct task_pool){0};
}

void task_pool_release(struct task_pool *p)
{
    while (p->spare) {
        struct task *t = p->spare;
        p->spare = t->next;
        arena_release(&t->row_arena);
        arena_release(&t->word.arena);
        free(t);
    }
    while (p->spare_rooms) {
        struct letter_room *room = p->spare_rooms;
        p->spare_rooms = room->next;
        arena_release(&room->arena);
        free(room);
    }
}

static unsigned needs_of(const struct task *t)
{
    bool utf8 = t->letter.needs_smtputf8 || !t->row.verdict.address.local_ascii;
    return (utf8 ? NEED_SMTPUTF8 : 0u) |
           (t->row.requires_tls ? NEED_REQUIRETLS : 0u);
}

struct task *task_take(struct task_pool *p, const struct plan *plan,
                       const struct plan_row *row, uint32_t contact)
{
    struct task *t = p->spare;
    if (t) {
        p->spare = t->next;
    } else {
        t = mem_alloc_zero(1, sizeof *t);
    }
    t->next = NULL;
    t->pool = p;
    t->contact = contact;
    copy_row(t, row, plan->cleaner.columns);
    t->needs = needs_of(t);
    return t;
}

static struct arena *take_room(struct task *t)
{
    struct task_pool *p = t->pool;
    if (t->room) {
        arena_reset(&t->room->arena);
    } else if (p->spare_rooms) {
        t->room = p->spare_rooms;
        p->spare_rooms = t->room->next;
    } else {
        t->room = mem_alloc_zero(1, sizeof *t->room);
    }
    return &t->room->arena;
}

static void give_room_back(struct task *t)
{
    if (t->room) {
        arena_reset(&t->room->arena);
        t->room->next = t->pool->spare_rooms;
        t->pool->spare_rooms = t->room;
        t->room = NULL;
    }
}

void task_give_back(struct task_pool *p, struct task *t)
{
    give_room_back(t);
    arena_reset(&t->row_arena);
    arena_reset(&t->word.arena);
    *t = (struct task){
        .next = p->spare,
        .row_arena = t->row_arena,
        .word.arena = t->word.arena,
    };
    p->spare = t;
}

static bool fill(struct task *t, const struct plan *plan,
                 struct letter_values *values, struct span *reason_out)
{
    if (!draft_fill(plan->draft, values, &t->room->arena, &t->letter,
                    reason_out)) {
        return false;
    }
    t->needs = needs_of(t);
    return true;
}

/* Of the letter, in place of the row's own: the domain stays. */
static struct span shared_id(struct task *t, const struct plan *plan,
                             struct span own)
{
    char key[2 * sizeof t->print.bytes];
    struct identity who = {
        .campaign = span_of(plan->settings->campaign),
        .address_key = ascii_hex(t->print.bytes, sizeof t->print.bytes, key),
    };
    struct span domain =
        span_slice(own, span_find_last(own, '@') + 1, own.len - 1);
    return identity_message_id(&plan->id_key, &who, domain, &t->room->arena);
}

/* What the letter is but for its Message-ID and its Date: rows with the same
 * print have the same letter, and the id is made from it. */
static bool take_print(struct task *t, const struct plan *plan,
                       struct letter_values *values, struct span *reason_out)
{
    if (!draft_print(plan->draft, values, &t->room->arena, &t->print,
                     reason_out)) {
        return false;
    }
    values->message_id = shared_id(t, plan, values->message_id);
    return true;
}

bool task_write_letter(struct task *t, const struct plan *plan,
                       const struct task_style *style, struct span *reason_out)
{
    struct arena *arena = take_room(t);
    if (t->date_s == 0) {
        t->date_s = style->date_s ? style->date_s : plan_date(plan);
    }
    struct letter_values values;
    plan_values(plan, &t->row, t->date_s, arena, &values);
    values.eight_bit = style->eight_bit;
    if (style->shared && !take_print(t, plan, &values, reason_out)) {
        return false;
    }
    return fill(t, plan, &values, reason_out);
}

void task_shed_letter(struct task *t)
{
    if (t->room) {
        t->letter.message_id = arena_copy(&t->row_arena, t->letter.message_id);
        t->letter.sender = SPAN("");
        t->letter.parts = NULL;
        t->letter.part_count = 0;
        give_room_back(t);
    }
}

void task_note(struct task *t, const struct reply *reply, enum scope scope,
               struct task_place place)
{
    arena_reset(&t->word.arena);
    t->word.place.relay = arena_copy(&t->word.arena, place.relay);
    t->word.place.tls = arena_copy(&t->word.arena, place.tls);
    t->word.code = reply->code;
    t->word.enhanced = arena_copy(&t->word.arena, reply->enhanced);
    t->word.text = arena_copy(&t->word.arena, reply->text);
    t->word.scope = scope;
}

/* --- rows that go again --- */

void task_queue_init(struct task_queue *q)
{
    *q = (struct task_queue){0};
}

void task_queue_release(struct task_queue *q)
{
    assert(q->count == 0);
    free(q->heap);
    task_queue_init(q);
}

static void swap(struct task_queue *q, unsigned a, unsigned b)
{
    struct task *t = q->heap[a];
    q->heap[a] = q->heap[b];
    q->heap[b] = t;
}

static bool before(const struct task_queue *q, unsigned a, unsigned b)
{
    return q->heap[a]->due_ms < q->heap[b]->due_ms;
}

static void push(struct task_queue *q, struct task *t)
{
    if (q->heap_count == q->heap_cap) {
        q->heap_cap = q->heap_cap ? q->heap_cap * 2 : 64;
        q->heap = mem_resize(q->heap, q->heap_cap, sizeof(struct task *));
    }
    unsigned at = q->heap_count++;
    q->heap[at] = t;
    while (at > 0 && before(q, at, (at - 1) / 2)) {
        swap(q, at, (at - 1) / 2);
        at = (at - 1) / 2;
    }
}

static struct task *pop(struct task_queue *q)
{
    struct task *top = q->heap[0];
    q->heap[0] = q->heap[--q->heap_count];
    unsigned at = 0;
    for (;;) {
        unsigned least = at;
        for (unsigned child = 2 * at + 1; child <= 2 * at + 2; child++) {
            if (child < q->heap_count && before(q, child, least)) {
                least = child;
            }
        }
        if (least == at) {
            return top;
        }
        swap(q, at, least);
        at = least;
    }
}

void task_queue_add(struct task_queue *q, struct task *t, uint64_t due_ms)
{
    task_shed_letter(t);
    t->due_ms = due_ms;
    t->next = NULL;
    q->count++;
    if (due_ms > 0) {
        push(q, t);
    } else if (q->ripe_last) {
        q->ripe_last->next = t;
        q->ripe_last = t;
    } else {
        q->ripe_first = q->ripe_last = t;
    }
}

struct task *task_queue_take(struct task_queue *q, uint64_t now_ms)
{
    struct task *t = q->ripe_first;
    if (t) {
        q->ripe_first = t->next;
        q->ripe_last = t->next ? q->ripe_last : NULL;
    } else if (q->heap_count > 0 && q->heap[0]->due_ms <= now_ms) {
        t = pop(q);
    } else {
        return NULL;
    }
    q->count--;
    return t;
}

struct task *task_queue_drain(struct task_queue *q)
{
    return task_queue_take(q, UINT64_MAX);
}

uint64_t task_queue_due_ms(const struct task_queue *q)
{
    if (q->ripe_first) {
        return 0;
    }
    return q->heap_count > 0 ? q->heap[0]->due_ms : UINT64_MAX;
}
