#include "mailing/staging.h"

#include <stddef.h>

void staging_add(struct staging *s, struct parcel *p)
{
    p->next = NULL;
    if (s->last) {
        s->last->next = p;
    } else {
        s->first = p;
    }
    s->last = p;
    s->count++;
}

struct parcel *staging_take(struct staging *s)
{
    struct parcel *p = s->first;
    if (p) {
        s->first = p->next;
        s->last = s->first ? s->last : NULL;
        p->next = NULL;
        s->count--;
    }
    return p;
}

bool staging_hungry(const struct staging *s, const struct dialog *d,
                    unsigned window)
{
    enum { AHEAD = 2 };
    bool ahead = dialog_tier(d) != DIALOG_STREAM &&
                 dialog_phase(d) == DIALOG_READY && s->count < AHEAD &&
                 dialog_letters(d) + s->count < window;
    return dialog_hungry(d) > s->count || ahead;
}

void staging_let_go(struct staging *s, struct parcel_pool *pool,
                    void (*put_back)(void *context, struct task *t),
                    void *context)
{
    struct parcel *p;
    while ((p = staging_take(s))) {
        for (unsigned i = 0; i < p->count; i++) {
            put_back(context, p->tasks[i]);
        }
        parcel_give_back(pool, p);
    }
}
