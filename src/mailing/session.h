/* One connection to the relay: a wire, the dialog on it, and the letters
 * under way. */
#pragma once

#include <netdb.h>

#include "base/span.h"

struct campaign;
struct session;

/* Connects; everything else follows from events. */
struct session *session_open(struct campaign *c, const struct addrinfo *peer);

/* There may be rows to take. */
void session_wake(struct session *s);

/* QUIT when all that was begun is settled. */
void session_drain(struct session *s);

/* At once: what is under way is settled as for a lost connection, and the
 * session is gone. */
void session_cut(struct session *s);

struct session *session_next(const struct session *s);
void session_link(struct session *s, struct session *next);

/* The connection and everything on it; no task is left (asserted). */
void session_destroy(struct session *s);

struct span session_relay(const struct session *s); /* host:port */
struct span session_tls(const struct session *s);
