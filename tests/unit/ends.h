/* Two ends of TLS in memory: what one says is carried to the other, in pieces
 * of any size. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <gnutls/gnutls.h>

#include "net/tls.h"
#include "net/tls_parts.h"

#define ALL (SIZE_MAX / 2) /* in one piece */

enum { OUT_MAX = 1024 * 1024 };

static inline void ok(int code)
{
    if (code < 0) {
        fail_msg("GnuTLS: %s", gnutls_strerror(code));
    }
}

struct end {
    struct tls *tls;
    struct buf out;
    struct buf heard;
    bool shaken;
    enum tls_result result; /* of the last call */
    struct err why;
};

static inline void init_end(struct end *e)
{
    *e = (struct end){0};
    buf_init(&e->out, OUT_MAX);
    buf_init(&e->heard, OUT_MAX);
}

static inline void release_end(struct end *e)
{
    tls_destroy(e->tls);
    buf_release(&e->out);
    buf_release(&e->heard);
}

static inline bool stopped(const struct end *e)
{
    return e->result == TLS_FAILED || e->result == TLS_CLOSED;
}

static inline void hear(struct end *e, struct span bytes)
{
    if (stopped(e)) {
        return;
    }
    tls_feed(e->tls, bytes);
    if (!e->shaken) {
        e->result = tls_handshake(e->tls, &e->why);
        e->shaken = e->result == TLS_DONE;
    }
    if (e->shaken) {
        e->result = tls_read(e->tls, &e->heard, &e->why);
    }
}

/* What `from` has said goes to `to`, in pieces of so many bytes. */
static inline bool carry(struct end *from, struct end *to, size_t piece)
{
    struct buf moved = from->out;
    buf_init(&from->out, OUT_MAX);
    for (size_t at = 0; at < moved.len; at += piece) {
        size_t end = at + piece < moved.len ? at + piece : moved.len;
        hear(to, span_slice(buf_span(&moved), at, end));
    }
    bool any = moved.len > 0;
    buf_release(&moved);
    return any;
}

static inline void converse(struct end *a, struct end *b, size_t piece)
{
    bool any = true;
    while (any) {
        any = carry(a, b, piece);
        any = carry(b, a, piece) || any;
    }
}

static inline void meet(struct end *client, struct end *server,
                        struct tls_client *c, struct tls_server *s,
                        const char *host)
{
    struct err err;
    init_end(client);
    init_end(server);
    const struct tls_host called = {.name = host, .where = "here"};
    client->tls = tls_start_client(c, &called, &client->out, &err);
    server->tls = tls_start_server(s, &server->out, &err);
    assert_non_null(client->tls);
    assert_non_null(server->tls);
    client->result = tls_handshake(client->tls, &err);
    assert_int_equal(client->result, TLS_AGAIN);
}
