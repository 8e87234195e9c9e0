#include "sink/visit.h"

#include <stdlib.h>

#include "base/mem.h"
#include "net/wire.h"

enum {
    CUT_LOOK_MS = 2, /* how often to see whether all has left before a cut */
    CUT_LOOKS_MAX = 500,
};

struct visit {
    struct visit_house *house;
    struct visit *next;
    struct visit **at; /* what points at us */
    struct wire *wire;
    struct guest *guest; /* NULL: implicit TLS is not there yet */
    uint64_t session;
    struct buf due; /* replies whose time has come, where there is a delay */
    uint64_t given; /* to the wire, since TLS began */
    struct loop_timer *delay; /* runs while a mark waits */
    bool delay_runs;
    struct loop_timer *cut;
    unsigned cut_looks;
    bool leaving; /* closed in good order, or about to be cut */
};

void visit_end(struct visit *v)
{
    *v->at = v->next;
    if (v->next) {
        v->next->at = v->at;
    }
    loop_timer_destroy(v->delay);
    loop_timer_destroy(v->cut);
    wire_destroy(v->wire);
    if (v->guest) {
        guest_destroy(v->guest);
    }
    buf_release(&v->due);
    counts_closed(v->house->guest->counts);
    free(v);
}

static void leave(struct visit *v)
{
    struct visit_house *house = v->house;
    visit_end(v);
    house->left(house->context);
}

/* The wire takes what it has room for. */
static void give(struct visit *v, struct buf *from)
{
    size_t before = from->len;
    wire_send(v->wire, from);
    v->given += before - from->len;
}

/* Of the outbox, what stands before the next delayed reply. */
static size_t bytes_due(const struct visit *v)
{
    struct buf *out = guest_outbox(v->guest);
    uint64_t mark;
    if (!guest_mark(v->guest, &mark)) {
        return out->len;
    }
    return (size_t)(mark - (guest_said(v->guest) - out->len));
}

static bool all_given(struct visit *v)
{
    struct buf *out = guest_outbox(v->guest);
    uint64_t mark;
    if (v->house->delay_ms == 0) {
        give(v, out);
        return out->len == 0;
    }
    size_t due = bytes_due(v);
    buf_append(&v->due, span_slice(buf_span(out), 0, due));
    buf_drop_front(out, due);
    give(v, &v->due);
    bool waits = guest_mark(v->guest, &mark);
    if (waits && !v->delay_runs) {
        v->delay_runs = true;
        loop_timer_start(v->delay, v->house->delay_ms);
    }
    return !waits && v->due.len == 0;
}

static void look_and_cut(void *context)
{
    struct visit *v = context;
    if (wire_handed(v->wire) < v->given && ++v->cut_looks < CUT_LOOKS_MAX) {
        loop_timer_start(v->cut, CUT_LOOK_MS);
        return;
    }
    leave(v);
}

static void push(struct visit *v)
{
    if (v->leaving) {
        return;
    }
    bool given = all_given(v);
    if (v->due.overflowed || guest_outbox(v->guest)->overflowed) {
        v->leaving = true;
        v->cut_looks = CUT_LOOKS_MAX; /* it reads nothing: no use in waiting */
        loop_timer_start(v->cut, 0);
        return;
    }
    if (!given) {
        return;
    }
    switch (guest_phase(v->guest)) {
    case GUEST_TALKING:
        break;
    case GUEST_WANTS_TLS:
        v->given = 0;
        wire_secure_server(v->wire, v->house->tls);
        break;
    case GUEST_FINISHING:
        v->leaving = true;
        wire_finish(v->wire);
        break;
    case GUEST_CUT:
        v->leaving = true;
        loop_timer_start(v->cut, 0);
        break;
    }
}

static void delay_over(void *context)
{
    struct visit *v = context;
    v->delay_runs = false;
    guest_pass_mark(v->guest);
    push(v);
}

static void greet(struct visit *v, bool secure)
{
    v->guest = guest_create(v->house->guest, v->session, secure);
    push(v);
}

static void on_opened(void *context)
{
    struct visit *v = context;
    if (v->house->implicit_tls) {
        wire_secure_server(v->wire, v->house->tls);
    } else {
        greet(v, false);
    }
}

static void on_secured(void *context)
{
    struct visit *v = context;
    v->house->guest->counts->tls_sessions++;
    if (v->guest) {
        guest_secured(v->guest);
    } else {
        greet(v, true);
    }
}

static void on_received(void *context, struct span bytes)
{
    struct visit *v = context;
    if (v->leaving) {
        return;
    }
    guest_receive(v->guest, bytes);
    if (v->house->settle(v->house->context)) {
        push(v);
    }
}

static void on_drained(void *context)
{
    struct visit *v = context;
    if (v->guest) {
        push(v);
    }
}

static void on_closed(void *context, enum wire_end end, const struct err *why)
{
    (void)end;
    (void)why;
    leave(context);
}

void visit_start(struct visit_house *house, int descriptor, uint64_t session)
{
    struct visit *v = mem_alloc_zero(1, sizeof *v);
    v->house = house;
    v->session = session;
    buf_init(&v->due, GUEST_OUTBOX_BYTES_MAX);
    v->delay = loop_timer_create(house->loop, delay_over, v);
    v->cut = loop_timer_create(house->loop, look_and_cut, v);
    v->at = &house->first;
    v->next = house->first;
    if (v->next) {
        v->next->at = &v->next;
    }
    house->first = v;
    const struct wire_owner owner = {
        .opened = on_opened,
        .secured = on_secured,
        .received = on_received,
        .drained = on_drained,
        .closed = on_closed,
        .context = v,
    };
    counts_opened(house->guest->counts);
    v->wire = wire_accept(house->loop, descriptor, &owner);
}
