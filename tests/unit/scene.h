/* Two wires on loopback in one loop, each with an owner that keeps what it
 * saw and does what the test wants it to do when it is called. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/tls.h"
#include "net/wire.h"

enum {
    MEGABYTE = 1024 * 1024,
    LIMIT_MS = 10 * 1000,
    PATIENCE_MS = 5000,
};

/* One end of a connection, and what its owner saw. */
struct side {
    struct wire *wire;
    struct scene *scene;
    struct buf heard;
    struct buf saying; /* what wire_send has not taken yet */
    unsigned opened;
    unsigned secured;
    unsigned drained;
    unsigned closed;
    enum wire_end end;
    struct err why;
    uint64_t handed; /* as it stood last: it must never shrink */
    /* What the owner does when it is called. */
    void (*when_opened)(struct side *s);
    void (*when_secured)(struct side *s);
    void (*when_heard)(struct side *s, struct span bytes);
    void (*when_drained)(struct side *s);
    void (*when_closed)(struct side *s);
};

struct scene {
    struct loop *loop;
    struct loop_timer *limit;
    struct loop_watch *listening;
    int listener;
    struct sockaddr_in address;
    struct side client;
    struct side server;
    bool late;
    bool raw; /* no wire for the server, but the test itself: its end is peer,
                 and the loop stops when it has come */
    int peer;
    bool (*over)(struct scene *s);
    struct tls_server *tls_server;
    struct tls_client *tls_client;
};

static inline bool both_closed(struct scene *s)
{
    return s->client.closed > 0 && s->server.closed > 0;
}

static inline void look(struct scene *s)
{
    if (s->over(s)) {
        loop_stop(s->loop);
    }
}

static inline void say(struct side *s)
{
    if (s->wire && s->saying.len > 0) {
        wire_send(s->wire, &s->saying);
    }
}

static inline void say_text(struct side *s, const char *text)
{
    buf_append(&s->saying, span_of(text));
    say(s);
}

static inline void opened(void *context)
{
    struct side *s = context;
    s->opened++;
    if (s->when_opened) {
        s->when_opened(s);
    }
    look(s->scene);
}

static inline void secured(void *context)
{
    struct side *s = context;
    assert_int_equal(s->heard.len > 0 && s->secured, 0);
    s->secured++;
    if (s->when_secured) {
        s->when_secured(s);
    }
    look(s->scene);
}

static inline void received(void *context, struct span bytes)
{
    struct side *s = context;
    assert_true(bytes.len > 0);
    buf_append(&s->heard, bytes);
    if (s->when_heard) {
        s->when_heard(s, bytes);
    }
    look(s->scene);
}

static inline void drained(void *context)
{
    struct side *s = context;
    s->drained++;
    assert_true(wire_room(s->wire) > 128 * 1024);
    if (s->when_drained) {
        s->when_drained(s);
    }
    say(s);
    look(s->scene);
}

static inline void closed(void *context, enum wire_end end,
                          const struct err *why)
{
    struct side *s = context;
    assert_int_equal(s->closed, 0);
    assert_true(wire_room(s->wire) == 0);
    s->closed++;
    s->end = end;
    s->why = *why;
    assert_true(why->text[0] != '\0');
    s->handed = wire_handed(s->wire);
    if (s->when_closed) {
        s->when_closed(s);
    }
    look(s->scene);
}

static inline struct wire_owner owner_of(struct side *s)
{
    return (struct wire_owner){opened, secured, received, drained, closed, s};
}

static inline void too_late(void *context)
{
    struct scene *s = context;
    s->late = true;
    loop_stop(s->loop);
}

static inline void someone_knocks(void *context, bool readable, bool writable)
{
    (void)readable;
    (void)writable;
    struct scene *s = context;
    int descriptor =
        accept4(s->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    assert_true(descriptor >= 0);
    if (s->raw) {
        s->peer = descriptor;
        loop_stop(s->loop);
        return;
    }
    struct wire_owner owner = owner_of(&s->server);
    s->server.wire = wire_accept(s->loop, descriptor, &owner);
}

static inline void init_side(struct side *s, struct scene *scene)
{
    s->scene = scene;
    buf_init(&s->heard, 16 * MEGABYTE);
    buf_init(&s->saying, 16 * MEGABYTE);
}

static inline void open_listener(struct scene *s)
{
    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    s->address = (struct sockaddr_in){
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof s->address;
    assert_int_equal(bind(s->listener, (struct sockaddr *)&s->address, size),
                     0);
    assert_int_equal(listen(s->listener, 8), 0);
    assert_int_equal(
        getsockname(s->listener, (struct sockaddr *)&s->address, &size), 0);
}

static inline void init_scene(struct scene *s)
{
    *s = (struct scene){.over = both_closed, .peer = -1};
    s->loop = loop_create();
    s->limit = loop_timer_create(s->loop, too_late, s);
    open_listener(s);
    s->listening = loop_watch_create(s->loop, s->listener, someone_knocks, s);
    init_side(&s->client, s);
    init_side(&s->server, s);
}

static inline struct wire_way way_to(const void *address, size_t bytes)
{
    struct wire_way way = {.local.ss_family = AF_UNSPEC};
    memcpy(&way.peer, address, bytes);
    return way;
}

static inline void connect_client(struct scene *s)
{
    struct wire_owner owner = owner_of(&s->client);
    struct wire_way way = way_to(&s->address, sizeof s->address);
    s->client.wire = wire_connect(s->loop, &way, 1, PATIENCE_MS, &owner);
}

static inline void play(struct scene *s)
{
    s->late = false;
    loop_timer_start(s->limit, LIMIT_MS);
    loop_run(s->loop);
    assert_false(s->late);
}

static inline void stop(void *context)
{
    loop_stop(((struct scene *)context)->loop);
}

static inline void run_for(struct scene *s, uint64_t ms)
{
    struct loop_timer *t = loop_timer_create(s->loop, stop, s);
    loop_timer_start(t, ms);
    loop_run(s->loop);
    loop_timer_destroy(t);
}

/* Until the kernel takes no more of what the client says to a peer that does
 * not read. */
static inline uint64_t run_until_stuck(struct scene *s)
{
    uint64_t handed = 0;
    for (int still = 0; still < 20; still++) {
        run_for(s, 5);
        uint64_t now = wire_handed(s->client.wire);
        assert_true(now >= handed);
        still = now > handed ? 0 : still;
        handed = now;
    }
    return handed;
}

static inline void append_noise(struct buf *out, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        buf_append_byte(out, (char)(i * 7 + i / 251));
    }
}

static inline void release_side(struct side *s)
{
    wire_destroy(s->wire);
    buf_release(&s->heard);
    buf_release(&s->saying);
}

static inline void release_scene(struct scene *s)
{
    release_side(&s->client);
    release_side(&s->server);
    loop_watch_destroy(s->listening);
    close(s->listener);
    if (s->peer >= 0) {
        close(s->peer);
    }
    loop_timer_destroy(s->limit);
    loop_destroy(s->loop);
    tls_client_destroy(s->tls_client);
    tls_server_destroy(s->tls_server);
}

static inline void assert_heard(const struct side *s, struct span expected)
{
    assert_int_equal(s->heard.len, expected.len);
    assert_memory_equal(s->heard.data, expected.data, expected.len);
}

static inline void finish(struct side *s)
{
    wire_finish(s->wire);
}
