/* Which row is under way, and what has been said of it so far?
 *
 * A task owns a copy of its row, and the letter until that was said. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "letter/letter.h"
#include "mailing/plan.h"
#include "smtp/classify.h"
#include "smtp/dialog.h"

/* Where something was said of it: the relay, as host:port, and how it was
 * secured. Empty: nowhere. */
struct task_place {
    struct span relay, tls;
};

/* Where a letter is made. */
struct letter_room {
    struct letter_room *next; /* spare ones */
    struct arena arena;
};

/* What not every relay offers. */
enum task_need {
    NEED_SMTPUTF8 = 1 << 0,
    NEED_REQUIRETLS = 1 << 1,
    TASK_NEEDS = 2, /* how many there are */
};

struct task {
    struct task *next;   /* in a queue */
    uint32_t contact;    /* its number in the ledger */
    struct plan_row row; /* spans are in row_arena */
    struct arena row_arena;
    struct task_pool *pool;
    struct letter_room *room; /* NULL: of the letter, the Message-ID at most is
                                 left */
    struct letter letter;
    unsigned needs; /* of enum task_need: its row's, and its letter's, once that
                       was made */
    struct siphash_print print; /* of the letter, where it may be shared */
    int64_t date_s;             /* of its first letter; 0: not yet made */
    unsigned attempts;     /* refusals that were its own, and its success */
    unsigned losses;       /* sessions that ended before it was settled */
    bool doubtful;         /* its content may have arrived before */
    uint64_t record;       /* its id in the state; 0: none, or none yet */
    bool intended;         /* the state has it as begun */
    uint64_t first_try_ms; /* 0: not tried */
    uint64_t due_ms;       /* when it goes again */
    struct {               /* the last word on it; code 0: none */
        unsigned code;
        struct span enhanced, text; /* in the arena */
        enum scope scope;
        struct task_place place; /* the same */
        struct arena arena;
    } word;
};

/* Tasks that are done with are used again; so are the rooms of letters, first
 * the one given back last, which the cache still has. */
struct task_pool {
    struct task *spare;
    struct letter_room *spare_rooms;
};

void task_pool_init(struct task_pool *p);
void task_pool_release(struct task_pool *p);

struct task *task_take(struct task_pool *p, const struct plan *plan,
                       const struct plan_row *row, uint32_t contact);
void task_give_back(struct task_pool *p, struct task *t);

/* How a letter is to be made. */
struct task_style {
    bool eight_bit; /* the relay has 8BITMIME */
    bool shared;    /* --batch: letters that are the same share an id */
    int64_t date_s; /* that of the parcel it may go into; 0: its own */
};

/* Makes the letter. False: the row cannot be one, *reason_out says why. */
bool task_write_letter(struct task *t, const struct plan *plan,
                       const struct task_style *style, struct span *reason_out);

/* Its content is not needed any more: it was said, or has to wait and is made
 * anew then. */
void task_shed_letter(struct task *t);

/* Keeps the last word; all of it is copied. */
void task_note(struct task *t, const struct reply *reply, enum scope scope,
               struct task_place place);

/* --- rows that go again --- */

/* Ripe ones in order of coming, others by time. At most 10,000 wait, and
 * without their letters: what is left of these is the Message-ID. */
struct task_queue {
    struct task *ripe_first, *ripe_last;
    struct task **heap; /* by due_ms */
    unsigned heap_count, heap_cap;
    unsigned count; /* of both */
};

enum { TASK_QUEUE_MAX = 10000 };

void task_queue_init(struct task_queue *q);
void task_queue_release(struct task_queue *q); /* empty (asserted) */
void task_queue_add(struct task_queue *q, struct task *t, uint64_t due_ms);
/* The next ripe one; NULL: none is ripe at that time. */
struct task *task_queue_take(struct task_queue *q, uint64_t now_ms);
/* Any, ripe or not; NULL: empty. */
struct task *task_queue_drain(struct task_queue *q);
/* When the next one is ripe; UINT64_MAX: never. */
uint64_t task_queue_due_ms(const struct task_queue *q);
