#include "mailing/patience.h"

static void set_timer(struct patience *p, uint64_t now_ms)
{
    if (p->deadline_ms < p->fires_ms) {
        p->fires_ms = p->deadline_ms;
        loop_timer_start(p->timer, p->deadline_ms - now_ms);
    }
}

void patience_renew(struct patience *p, uint64_t limit_ms, bool heard)
{
    bool speaking;
    uint64_t handed = p->handed_now(p->context, &speaking);
    bool waited = p->deadline_ms != UINT64_MAX;
    if (limit_ms > 0 && waited && !heard && handed == p->handed) {
        return;
    }
    uint64_t now = loop_now_ms(p->loop);
    p->handed = handed;
    p->limit_ms = limit_ms;
    p->deadline_ms = limit_ms > 0 ? now + limit_ms : UINT64_MAX;
    set_timer(p, now);
}

static void timer_fires(void *context)
{
    struct patience *p = context;
    bool speaking;
    uint64_t handed = p->handed_now(p->context, &speaking);
    uint64_t now = loop_now_ms(p->loop);
    p->fires_ms = UINT64_MAX;
    /* What was said is not yet all gone, and moves: the peer is there. */
    if (speaking && handed != p->handed && p->deadline_ms != UINT64_MAX) {
        p->handed = handed;
        p->deadline_ms = now + p->limit_ms;
    }
    if (now >= p->deadline_ms) {
        p->ended(p->context);
    } else {
        set_timer(p, now);
    }
}

void patience_init(struct patience *p, struct loop *loop,
                   uint64_t (*handed_now)(void *context, bool *speaking_out),
                   void (*ended)(void *context), void *context)
{
    *p = (struct patience){
        .loop = loop,
        .fires_ms = UINT64_MAX,
        .deadline_ms = UINT64_MAX,
        .handed_now = handed_now,
        .ended = ended,
        .context = context,
    };
    p->timer = loop_timer_create(loop, timer_fires, p);
}

void patience_release(struct patience *p)
{
    loop_timer_destroy(p->timer);
}
