#include "net/wire.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/dial.h"
#include "net/errand.h"
#include "net/outbox.h"
#include "net/race.h"
#include "net/tls.h"

enum {
    ARRIVED_BYTES = 64 * 1024,
    PLAIN_MAX = 256 * 1024, /* what arrives at once, and a record before it */
    ACCEPTED_TIMEOUT_MS = 60 * 1000, /* of the sink's handshakes */
    FINISH_MS = 2000,
    LISTEN_ON_MS = 10 * 1000, /* after a write has failed */
};

enum phase { CONNECTING, CLEAR, SHAKING, SECURE, OVER };

enum voice {
    SPEAKING,
    ENDING,   /* wire_finish: what was said goes out yet */
    FAREWELL, /* so does close_notify */
    SILENT,   /* all went out, and FIN */
    CHOKED,   /* a write failed: nothing more is written */
};

struct wire {
    struct loop *loop;
    struct errand errand; /* the end of its turn; frees it, too */
    struct loop_watch *watch;
    struct loop_timer *timer;
    struct wire_owner owner;
    struct race *race; /* while connecting */
    bool raced;        /* a way was taken */
    unsigned tag;      /* its tag */
    int descriptor;    /* -1: none */
    enum phase phase;
    enum voice voice;
    bool told;      /* `opened` was called */
    bool blocked;   /* the kernel takes no more until it says so */
    bool full;      /* `drained` is to be called once there is room */
    bool destroyed; /* to be freed at the end of the turn */
    uint64_t timeout_ms;
    struct outbox out;
    struct buf plain;
    struct tls *tls;
    struct err trouble; /* found inside a call by the owner; 0: none */
    enum wire_end trouble_end;
};

/* One thread, and nobody keeps what arrives beyond its turn. */
static _Thread_local char arrived[ARRIVED_BYTES];

/* The end. */

static void hang_up(struct wire *w)
{
    loop_watch_destroy(w->watch);
    loop_timer_destroy(w->timer);
    race_destroy(w->race);
    w->race = NULL;
    w->watch = NULL;
    w->timer = NULL;
    if (w->descriptor >= 0) {
        close(w->descriptor);
        w->descriptor = -1;
    }
}

static void close_with(struct wire *w, enum wire_end end, const struct err *why)
{
    if (w->phase == OVER) {
        return;
    }
    w->phase = OVER;
    hang_up(w);
    if (w->owner.closed) {
        w->owner.closed(w->owner.context, end, why);
    }
}

static void close_because(struct wire *w, enum wire_end end, const char *text)
{
    struct err why;
    err_set(&why, EX_UNAVAILABLE, "%s", text);
    close_with(w, end, &why);
}

/* To be told at the end of the turn. */
static void note_trouble(struct wire *w, enum wire_end end, int error)
{
    err_set(&w->trouble, EX_UNAVAILABLE, "%s", strerror(error));
    w->trouble_end = end;
    errand_queue(w->loop, &w->errand);
}

/* Speaking. */

static void choke(struct wire *w)
{
    w->voice = CHOKED;
    w->blocked = false;
    outbox_discard(&w->out);
    loop_watch_writing(w->watch, false);
    /* Replies that came before the reset are still there to be read. */
    loop_timer_start(w->timer, LISTEN_ON_MS);
}

/* False: the write failed. */
static bool send_ready(struct wire *w)
{
    struct span bytes = outbox_ready(&w->out);
    if (bytes.len == 0) {
        return true;
    }
    ssize_t sent = send(w->descriptor, bytes.data, bytes.len, MSG_NOSIGNAL);
    if (sent >= 0) {
        outbox_sent(&w->out, (size_t)sent);
        return true;
    }
    return errno == EAGAIN || errno == EINTR;
}

static bool all_said(const struct wire *w)
{
    return outbox_ready(&w->out).len == 0 && !outbox_unsealed(&w->out);
}

/* The steps of wire_finish, each once the one before has gone out. */
static void take_leave(struct wire *w)
{
    if (w->voice == ENDING && all_said(w)) {
        w->voice = FAREWELL;
        if (w->phase == SECURE) {
            tls_bye(w->tls);
            errand_queue(w->loop, &w->errand);
        }
    }
    if (w->voice == FAREWELL && all_said(w)) {
        w->voice = SILENT;
        shutdown(w->descriptor, SHUT_WR);
    }
}

static void tell_drained(struct wire *w)
{
    if (w->full && wire_room(w) > OUTBOX_BYTES_MAX / 2) {
        w->full = false;
        if (w->owner.drained) {
            w->owner.drained(w->owner.context);
        }
    }
}

static void speak(struct wire *w)
{
    if (w->voice == CHOKED || w->voice == SILENT) {
        /* Whatever TLS has to answer (a key update): nobody listens. */
        outbox_discard(&w->out);
        return;
    }
    if (w->blocked) {
        /* What gathers meanwhile is sealed later, in fuller records. */
        return;
    }
    if (!outbox_seal(&w->out) || !send_ready(w)) {
        choke(w);
        return;
    }
    w->blocked = outbox_ready(&w->out).len > 0;
    loop_watch_writing(w->watch, w->blocked);
    if (!w->blocked && w->phase == SECURE && outbox_unsealed(&w->out)) {
        errand_queue(w->loop, &w->errand);
    }
    take_leave(w);
    tell_drained(w);
}

/* Hearing. */

static void deliver(struct wire *w, struct span bytes)
{
    if (bytes.len > 0 && w->owner.received) {
        w->owner.received(w->owner.context, bytes);
    }
}

static void unseal(struct wire *w)
{
    struct err why;
    buf_clear(&w->plain);
    enum tls_result result = tls_read(w->tls, &w->plain, &why);
    errand_queue(w->loop, &w->errand); /* TLS may have had to answer */
    deliver(w, buf_span(&w->plain));
    if (w->phase != OVER && result == TLS_CLOSED) {
        /* What was answered to its last words may still be welcome. */
        speak(w);
        close_because(w, WIRE_END_EOF, "the other side closed the connection");
    } else if (result == TLS_FAILED) {
        enum wire_end cut = w->voice == SILENT ? WIRE_END_EOF : WIRE_END_CUT;
        close_with(w, why.status == EX_PROTOCOL ? WIRE_END_TLS : cut, &why);
    }
}

static void shake(struct wire *w)
{
    struct err why;
    enum tls_result result = tls_handshake(w->tls, &why);
    errand_queue(w->loop, &w->errand);
    if (result == TLS_AGAIN) {
        return;
    }
    if (result != TLS_DONE) {
        (void)send_ready(w); /* the alert; it is over anyway */
        close_with(w, why.status == EX_PROTOCOL ? WIRE_END_TLS : WIRE_END_CUT,
                   &why);
        return;
    }
    w->phase = SECURE;
    outbox_open(&w->out, w->tls);
    if (w->voice == SPEAKING) {
        loop_timer_stop(w->timer);
    }
    if (w->owner.secured) {
        w->owner.secured(w->owner.context);
    }
    if (w->phase != OVER) {
        unseal(w);
    }
}

static void take(struct wire *w, struct span bytes)
{
    if (w->phase == CLEAR) {
        deliver(w, bytes);
        return;
    }
    tls_feed(w->tls, bytes);
    (w->phase == SHAKING ? shake : unseal)(w);
}

static void hear_end(struct wire *w)
{
    if (w->voice == SILENT || (w->voice == SPEAKING && w->phase == CLEAR)) {
        close_because(w, WIRE_END_EOF, "the other side closed the connection");
    } else if (w->voice == CHOKED || w->phase == CLEAR) {
        close_because(w, WIRE_END_CUT, "the connection broke");
    } else {
        close_because(w, WIRE_END_CUT,
                      w->phase == SHAKING
                          ? "the connection was closed during the handshake"
                          : "the connection was cut (no TLS close_notify)");
    }
}

static void hear(struct wire *w)
{
    ssize_t got = recv(w->descriptor, arrived, sizeof arrived, 0);
    if (got > 0) {
        take(w, span_from(arrived, (size_t)got));
    } else if (got == 0) {
        hear_end(w);
    } else if (errno != EAGAIN && errno != EINTR) {
        close_because(w, w->voice == SILENT ? WIRE_END_EOF : WIRE_END_CUT,
                      strerror(errno));
    }
}

/* Events. */

static void tell_opened(struct wire *w)
{
    if (!w->told && w->phase != CONNECTING && w->phase != OVER) {
        w->told = true;
        if (w->owner.opened) {
            w->owner.opened(w->owner.context);
        }
    }
}

static void ready(void *context, bool readable, bool writable)
{
    struct wire *w = context;
    if (writable) {
        w->blocked = false;
        errand_queue(w->loop, &w->errand);
    }
    tell_opened(w);
    if (readable && w->phase != OVER) {
        hear(w);
    }
}

static void late(void *context)
{
    struct wire *w = context;
    if (w->voice == CHOKED) {
        close_because(w, WIRE_END_CUT, "the connection broke");
    } else if (w->voice == SILENT) {
        close_because(w, WIRE_END_EOF, "the connection was closed");
    } else if (w->voice != SPEAKING) {
        close_because(w, WIRE_END_CUT, "the other side no longer reads");
    } else if (w->phase == CONNECTING) {
        close_because(w, WIRE_END_TIMEOUT, "no connection in time");
    } else {
        close_because(w, WIRE_END_TIMEOUT, "no TLS handshake in time");
    }
}

static void end_turn(void *context)
{
    struct wire *w = context;
    if (w->destroyed) {
        tls_destroy(w->tls);
        outbox_release(&w->out);
        buf_release(&w->plain);
        free(w);
        return;
    }
    if (w->trouble.status && w->phase != OVER) {
        struct err why = w->trouble;
        close_with(w, w->trouble_end, &why);
    }
    tell_opened(w);
    if (w->phase != CONNECTING && w->phase != OVER) {
        speak(w);
    }
}

/* The beginning. */

static struct wire *create(struct loop *l, const struct wire_owner *owner)
{
    struct wire *w = mem_alloc_zero(1, sizeof *w);
    w->loop = l;
    w->owner = *owner;
    w->errand = (struct errand){.run = end_turn, .context = w};
    w->timer = loop_timer_create(l, late, w);
    w->descriptor = -1;
    outbox_init(&w->out);
    buf_init(&w->plain, PLAIN_MAX);
    return w;
}

static void stand(struct wire *w, int descriptor)
{
    w->descriptor = descriptor;
    w->phase = CLEAR;
    w->watch = loop_watch_create(w->loop, descriptor, ready, w);
    if (!w->watch) {
        note_trouble(w, WIRE_END_REFUSED, errno);
    }
    errand_queue(w->loop, &w->errand);
}

static void raced(void *context, int descriptor, unsigned tag, int error)
{
    struct wire *w = context;
    if (descriptor < 0) {
        close_because(w, WIRE_END_REFUSED, strerror(error));
        return;
    }
    race_destroy(w->race);
    w->race = NULL;
    w->raced = true;
    w->tag = tag;
    loop_timer_stop(w->timer);
    stand(w, descriptor);
}

struct wire *wire_connect(struct loop *l, const struct wire_way *ways,
                          size_t count, uint64_t timeout_ms,
                          const struct wire_owner *owner)
{
    struct wire *w = create(l, owner);
    w->timeout_ms = timeout_ms;
    loop_timer_start(w->timer, timeout_ms);
    w->race = race_begin(l, ways, count, raced, w);
    return w;
}

bool wire_way_taken(const struct wire *w, unsigned *tag_out)
{
    *tag_out = w->tag;
    return w->raced;
}

void wire_local(const struct wire *w, struct sockaddr_storage *out)
{
    socklen_t size = sizeof *out;
    *out = (struct sockaddr_storage){.ss_family = AF_UNSPEC};
    (void)getsockname(w->descriptor, (struct sockaddr *)out, &size);
}

struct wire *wire_accept(struct loop *l, int descriptor,
                         const struct wire_owner *owner)
{
    struct wire *w = create(l, owner);
    w->timeout_ms = ACCEPTED_TIMEOUT_MS;
    dial_set_no_delay(descriptor);
    stand(w, descriptor);
    return w;
}

/* What the owner asks for. */

static void start_tls(struct wire *w, struct tls *tls, struct err *why)
{
    assert(w->phase == CLEAR);
    w->tls = tls;
    w->phase = SHAKING;
    outbox_secure(&w->out);
    loop_timer_start(w->timer, w->timeout_ms);
    /* A client has something to say at once; nothing can come of it yet. */
    if (!tls || tls_handshake(tls, why) != TLS_AGAIN) {
        w->trouble = *why;
        w->trouble_end = WIRE_END_TLS;
    }
    errand_queue(w->loop, &w->errand);
}

void wire_secure(struct wire *w, struct tls_client *client, const char *name)
{
    if (w->phase != OVER) {
        struct err why;
        struct dial_peer at = dial_peer(w->descriptor);
        struct tls_host to = {name, at.text};
        start_tls(w, tls_start_client(client, &to, &w->out.ready, &why), &why);
    }
}

void wire_secure_server(struct wire *w, struct tls_server *server)
{
    if (w->phase != OVER) {
        struct err why;
        start_tls(w, tls_start_server(server, &w->out.ready, &why), &why);
    }
}

size_t wire_room(const struct wire *w)
{
    return w->phase != OVER && w->voice == SPEAKING ? outbox_room(&w->out) : 0;
}

void wire_send(struct wire *w, struct buf *plain)
{
    if (wire_room(w) == 0) {
        w->full = true;
        return;
    }
    if (!outbox_say(&w->out, plain)) {
        choke(w);
    }
    w->full = outbox_room(&w->out) <= OUTBOX_BYTES_MAX / 2;
    errand_queue(w->loop, &w->errand);
}

uint64_t wire_handed(const struct wire *w)
{
    return outbox_handed(&w->out);
}

void wire_finish(struct wire *w)
{
    if (w->phase == OVER) {
        return;
    }
    if (w->phase == CONNECTING || w->phase == SHAKING) {
        note_trouble(w, WIRE_END_EOF, ECANCELED);
        return;
    }
    if (w->voice == SPEAKING) {
        w->voice = ENDING;
    }
    loop_timer_start(w->timer, FINISH_MS);
    errand_queue(w->loop, &w->errand);
}

void wire_destroy(struct wire *w)
{
    if (w) {
        w->phase = OVER;
        w->owner = (struct wire_owner){0};
        w->destroyed = true;
        hang_up(w);
        errand_queue(w->loop, &w->errand);
    }
}

const struct tls *wire_tls(const struct wire *w)
{
    return w->tls;
}
