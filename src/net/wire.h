/* How do bytes get across? Over a wire: a TCP connection, plain first, then
 * (wire_secure) TLS through memory BIOs.
 *
 * One recv and one send a turn. Reading never waits for writing; after a
 * write has failed nothing more is written, but what the peer had said is
 * read to its end before `closed` is called: replies that came before a reset
 * can still be read after it. Ciphertext offsets are kept a record, so that
 * wire_handed tells exactly which plaintext was handed to the kernel whole.
 *
 * A wire calls its owner back, never from inside a call by its owner. After
 * `closed` it calls no more; the owner then destroys it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "net/loop.h"

struct tls;
struct tls_client;
struct tls_server;
struct wire;

enum wire_end {
    WIRE_END_EOF,     /* the peer closed (over TLS: with close_notify), or
                         wire_finish is through */
    WIRE_END_CUT,     /* reset, EOF without close_notify or within the
                         handshake, or a TLS error after it */
    WIRE_END_REFUSED, /* no connection was made */
    WIRE_END_TIMEOUT, /* none in time, or no handshake in time */
    WIRE_END_TLS,     /* the handshake failed, the peer's first word behind it
                         included, or the policy was not met */
};

/* Any of them may be NULL. wire_destroy may be called from all of them. */
struct wire_owner {
    void (*opened)(void *context);  /* the connection stands */
    void (*secured)(void *context); /* the handshake is done */
    void (*received)(void *context, struct span bytes); /* plaintext */
    void (*drained)(void *context); /* wire_room is more than half again */
    /* *why always has a text; its status is EX_PROTOCOL (76) for
     * WIRE_END_TLS, else EX_UNAVAILABLE (69). */
    void (*closed)(void *context, enum wire_end end, const struct err *why);
    void *context;
};

/* An address of the peer, and from which of ours it is to be reached. */
struct wire_way {
    struct sockaddr_storage peer;
    struct sockaddr_storage local; /* AF_UNSPEC: whichever the system takes */
    unsigned tag;                  /* the owner's */
};

enum { WIRE_WAYS_MAX = 16 };

/* By the first of these ways that stands (net/race.h); they are copied. Never
 * fails at once: `closed` tells. The time limit is of the connection and then
 * anew of the handshake. */
struct wire *wire_connect(struct loop *l, const struct wire_way *ways,
                          size_t count, uint64_t timeout_ms,
                          const struct wire_owner *owner);

/* The tag of the way that was taken. False: none was. */
bool wire_way_taken(const struct wire *w, unsigned *tag_out);

/* Our own address on it, once it stands. */
void wire_local(const struct wire *w, struct sockaddr_storage *out);

/* A connection that was accepted (the sink's side); takes the descriptor.
 * `opened` is called for it, too. */
struct wire *wire_accept(struct loop *l, int descriptor,
                         const struct wire_owner *owner);

/* The handshake, as client or as server, once in the clear; may be called from
 * `opened`, and from `received`, whose bytes are all that came: what a peer
 * sends in clear behind its 220 is in the same span, and the owner has to
 * refuse it (RFC 3207 4.2; dialog_receive does). What was said before still
 * goes out in clear; what is said from now on waits for the handshake. `name`
 * is copied: whom the certificate must name. The credentials outlive the
 * wire. */
void wire_secure(struct wire *w, struct tls_client *client, const char *name);
void wire_secure_server(struct wire *w, struct tls_server *server);

size_t wire_room(const struct wire *w); /* bytes that wire_send would take */

/* Takes up to wire_room bytes off the front of *plain. They go out at the end
 * of the turn; whole records are sealed at once, while the cache has them. */
void wire_send(struct wire *w, struct buf *plain);

/* Of all plaintext given to wire_send since the last wire_secure: how much
 * was handed to the kernel (over TLS: in whole records). */
uint64_t wire_handed(const struct wire *w);

/* What is being said goes out, then close_notify and FIN; `closed` comes with
 * WIRE_END_EOF, after 2 s at the latest (WIRE_END_CUT where it did not all go
 * out). Nothing more can be said. */
void wire_finish(struct wire *w);

/* No more calls; the descriptor is closed. NULL is fine. */
void wire_destroy(struct wire *w);

/* For what net/tls.h tells of a session; NULL in clear. Lives as long as the
 * wire. */
const struct tls *wire_tls(const struct wire *w);
