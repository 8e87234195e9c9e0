#include "sink/visit.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "net/tls.h"
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
    int descriptor;      /* the wire's */
    struct guest *guest; /* NULL: implicit TLS is not there yet */
    uint64_t session;
    bool turned_away;
    struct buf due; /* replies whose time has come, where others wait */
    uint64_t given; /* to the wire, since TLS began */
    struct loop_timer *delay; /* runs while a mark waits */
    bool delay_runs;
    struct loop_timer *idle; /* NULL: silence is not limited */
    uint64_t heard_ms;       /* when something came last */
    struct loop_timer *cut;
    unsigned cut_looks;
    bool leaving; /* closed in good order, or about to be cut */
};

/* From here on it is no session any more, although its client may still have
 * to close. */
static void set_leaving(struct visit *v)
{
    if (!v->leaving && !v->turned_away) {
        counts_closed(v->house->guest->counts);
    }
    v->leaving = true;
}

void visit_end(struct visit *v)
{
    *v->at = v->next;
    if (v->next) {
        v->next->at = v->at;
    }
    loop_timer_destroy(v->delay);
    loop_timer_destroy(v->idle);
    loop_timer_destroy(v->cut);
    wire_destroy(v->wire);
    if (v->guest) {
        guest_destroy(v->guest);
    }
    buf_release(&v->due);
    set_leaving(v);
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

static uint64_t wait_ms(struct visit *v, const struct guest_mark *mark)
{
    const struct visit_house *house = v->house;
    uint64_t wait = mark->wait_ms;
    if (mark->final && service_takes_time(house->service)) {
        wait += service_wait_ms(house->service, loop_now_ms(house->loop),
                                house->guest->counts->open);
    }
    return wait;
}

/* What stands before the next mark is due. False: none is left. */
static bool wait_at_mark(struct visit *v)
{
    struct buf *out = guest_outbox(v->guest);
    struct guest_mark mark;
    while (guest_mark(v->guest, &mark)) {
        uint64_t begins = guest_said(v->guest) - out->len;
        size_t due = (size_t)(mark.offset - begins);
        buf_append(&v->due, span_slice(buf_span(out), 0, due));
        buf_drop_front(out, due);
        uint64_t wait = v->delay_runs ? 0 : wait_ms(v, &mark);
        if (wait > 0) {
            v->delay_runs = true;
            loop_timer_start(v->delay, wait);
        }
        if (v->delay_runs) {
            return true;
        }
        guest_pass_mark(v->guest);
    }
    return false;
}

static bool all_given(struct visit *v)
{
    struct buf *out = guest_outbox(v->guest);
    bool waits = wait_at_mark(v);
    give(v, &v->due);
    if (!waits && v->due.len == 0) {
        give(v, out);
        return out->len == 0;
    }
    return false;
}

static void look_and_cut(void *context)
{
    struct visit *v = context;
    if (wire_handed(v->wire) < v->given && ++v->cut_looks < CUT_LOOKS_MAX) {
        loop_timer_start(v->cut, CUT_LOOK_MS);
        return;
    }
    if (v->guest && guest_phase(v->guest) == GUEST_RESETTING) {
        const struct linger none = {.l_onoff = 1};
        setsockopt(v->descriptor, SOL_SOCKET, SO_LINGER, &none, sizeof none);
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
        set_leaving(v);
        v->cut_looks = CUT_LOOKS_MAX; /* it reads nothing: no use in waiting */
        loop_timer_start(v->cut, 0);
        return;
    }
    if (!given) {
        return;
    }
    switch (guest_phase(v->guest)) {
    case GUEST_TALKING:
    case GUEST_MUTE:
        break;
    case GUEST_WANTS_TLS:
        v->given = 0;
        wire_secure_server(v->wire, v->house->tls);
        break;
    case GUEST_FINISHING:
        set_leaving(v);
        wire_finish(v->wire);
        break;
    case GUEST_CUT:
    case GUEST_RESETTING:
        set_leaving(v);
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

/* Looks again when it fires: what comes does not set it anew. Silence is the
 * client's only where it has all its answers. */
static void idle_over(void *context)
{
    struct visit *v = context;
    uint64_t now = loop_now_ms(v->house->loop);
    struct guest_mark mark;
    if (v->leaving || guest_phase(v->guest) != GUEST_TALKING) {
        return;
    }
    if (guest_mark(v->guest, &mark)) {
        v->heard_ms = now;
    }
    uint64_t silent = now - v->heard_ms;
    if (silent < v->house->idle_ms) {
        loop_timer_start(v->idle, v->house->idle_ms - silent);
        return;
    }
    guest_dismiss(v->guest);
    push(v);
}

static void watch_silence(struct visit *v)
{
    struct visit_house *house = v->house;
    if (house->idle_ms > 0) {
        v->heard_ms = loop_now_ms(house->loop);
        v->idle = loop_timer_create(house->loop, idle_over, v);
        loop_timer_start(v->idle, house->idle_ms);
    }
}

static void bind_logins(struct visit *v)
{
    struct buf unique;
    struct buf exporter;
    buf_init(&unique, GUEST_BINDING_BYTES_MAX);
    buf_init(&exporter, GUEST_BINDING_BYTES_MAX);
    tls_bind(wire_tls(v->wire), TLS_BINDING_UNIQUE, &unique);
    tls_bind(wire_tls(v->wire), TLS_BINDING_EXPORTER, &exporter);
    guest_bind(v->guest, buf_span(&unique), buf_span(&exporter));
    buf_release(&unique);
    buf_release(&exporter);
}

static void greet(struct visit *v, bool secure)
{
    const struct guest_house *house = v->house->guest;
    v->guest = v->turned_away ? guest_turn_away(house)
                              : guest_create(house, v->session, secure);
    if (secure) {
        bind_logins(v);
    }
    watch_silence(v);
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
    struct tls_facts facts;
    tls_facts(wire_tls(v->wire), &facts);
    v->house->guest->counts->tls_sessions++;
    v->house->guest->counts->tls_resumed += facts.resumed;
    if (v->guest) {
        guest_secured(v->guest);
        bind_logins(v);
        push(v);
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
    v->heard_ms = loop_now_ms(v->house->loop);
    if (v->house->guest->throttle) {
        v->house->guest->throttle->now_ms = v->heard_ms;
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

/* Counted, or turned away. */
static void enter(struct visit *v)
{
    struct counts *counts = v->house->guest->counts;
    uint64_t max = v->house->sessions_max;
    v->turned_away = max > 0 && counts->open >= max;
    if (v->turned_away) {
        counts_turned_away(counts);
    } else {
        counts_opened(counts);
    }
}

void visit_start(struct visit_house *house, int descriptor, uint64_t session)
{
    struct visit *v = mem_alloc_zero(1, sizeof *v);
    v->house = house;
    v->session = session;
    v->descriptor = descriptor;
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
    enter(v);
    v->wire = wire_accept(house->loop, descriptor, &owner);
}
