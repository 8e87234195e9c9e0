#include "mailing/staging.h"

#include <stddef.h>

#include "mailing/session.h"

/* --- packing --- */

unsigned staging_lacks(const struct dialog *d)
{
    return (dialog_capabilities(d)->smtputf8 ? 0u : NEED_SMTPUTF8) |
           (dialog_keeps_tls(d) ? 0u : NEED_REQUIRETLS);
}

static struct task *next_task(struct staging *s,
                              const struct session_terms *terms, unsigned lacks)
{
    const struct session_owner *o = &terms->owner;
    struct task *t = s->held ? s->held : o->take(o->context, lacks);
    s->held = NULL;
    return t;
}

static unsigned batch_max(const struct session_terms *terms,
                          const struct dialog *d)
{
    uint64_t most = terms->settings->batch;
    uint64_t relay = dialog_capabilities(d)->recipients_max;
    uint64_t learned = terms->learned->recipients;
    most = relay > 0 && relay < most ? relay : most;
    return (unsigned)(learned > 0 && learned < most ? learned : most);
}

/* Until the first with another letter, which is held. */
static void fill(struct staging *s, struct parcel *p,
                 const struct session_terms *terms, const struct dialog *d)
{
    const struct session_owner *o = &terms->owner;
    unsigned lacks = staging_lacks(d);
    struct task *t;
    while (p->count < batch_max(terms, d) && (t = next_task(s, terms, lacks))) {
        struct task_style style = {
            .eight_bit = dialog_capabilities(d)->eight_bit,
            .shared = terms->settings->batch > 1,
            .date_s = p->count > 0 ? p->tasks[0]->date_s : 0,
        };
        struct span reason;
        if (!task_write_letter(t, terms->plan, &style, &reason)) {
            o->invalid(o->context, t, reason);
        } else if (t->needs & lacks && o->unfit(o->context, t, lacks)) {
            o->put_back(o->context, t);
        } else if (!parcel_add(p, t)) {
            s->held = t;
            return;
        }
    }
}

struct parcel *staging_pack(struct staging *s,
                            const struct session_terms *terms,
                            const struct dialog *d)
{
    struct parcel *p = parcel_take(terms->parcels);
    fill(s, p, terms, d);
    if (p->count == 0) {
        parcel_give_back(terms->parcels, p);
        return NULL;
    }
    return p;
}

/* --- waiting --- */

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

bool staging_hungry(const struct staging *s, const struct settings *settings,
                    const struct dialog *d)
{
    enum { AHEAD = 2 };
    unsigned window = settings->campaign ? settings->window : 0;
    bool ahead = dialog_tier(d) != DIALOG_STREAM &&
                 dialog_phase(d) == DIALOG_READY && s->count < AHEAD &&
                 dialog_letters(d) + s->count < window;
    return dialog_hungry(d) > s->count || ahead;
}

void staging_let_go(struct staging *s, const struct session_terms *terms)
{
    const struct session_owner *o = &terms->owner;
    struct parcel *p;
    while ((p = staging_take(s))) {
        for (unsigned i = 0; i < p->count; i++) {
            o->put_back(o->context, p->tasks[i]);
        }
        parcel_give_back(terms->parcels, p);
    }
    if (s->held) {
        o->put_back(o->context, s->held);
        s->held = NULL;
    }
}
