/* How does the relay learn who we are? (RFC 4954)
 *
 * Pure, over GNU SASL; XOAUTH2 and OAUTHBEARER, which it lacks, are in
 * bearer.h. The strongest mechanism that is offered, allowed, and possible
 * with this secret. The login is borrowed for the life of the exchange; what
 * is copied of it is wiped at its end. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/span.h"

/* What both ends of one TLS session, and nobody else, can tell (RFC 5929,
 * RFC 9266). Without data there is none, and no -PLUS mechanism is used. */
struct auth_binding {
    enum auth_binding_kind { AUTH_TLS_EXPORTER, AUTH_TLS_UNIQUE } kind;
    struct span data;
};

struct login {
    struct span user;
    struct span secret;  /* a password, or a bearer token */
    unsigned mechanisms; /* capabilities_auth bits that may be used */
    struct span host;    /* of the relay, as OAUTHBEARER says it; or empty */
    struct span port;
    struct auth_binding binding;
};

struct auth;

/* The strongest mechanism of both. NULL: none that this secret can be used
 * with. */
struct auth *auth_create(const struct login *login, unsigned offered);
void auth_destroy(struct auth *a); /* NULL is fine */

/* Appends the AUTH command line, with the initial response where the
 * mechanism has one that fits on it. False: the mechanism failed. */
bool auth_begin(struct auth *a, struct buf *out);

enum auth_turn {
    AUTH_SPOKEN,
    AUTH_GARBLED,  /* the challenge makes no sense, or asks for too much */
    AUTH_UNPROVEN, /* it should have proved that the relay knows us, too */
};

/* Appends the line that answers a 334 challenge (base64 text). But for
 * AUTH_SPOKEN nothing is to be said to this relay any more. */
enum auth_turn auth_answer(struct auth *a, struct span challenge,
                           struct buf *out);

/* What a 235 is worth: AUTH_SPOKEN, once the mechanism has nothing more to say
 * and has heard what proves the relay, where that belongs to it. */
enum auth_turn auth_accepted(const struct auth *a);
const char *auth_mechanism(const struct auth *a); /* "PLAIN" */
bool auth_by_token(const struct auth *a);         /* which may run out */

/* Appends a reply's text, with *** where it repeats what we said or the
 * secret itself, and behind it what a refused token was told, in brackets. */
void auth_append_reply(const struct auth *a, struct span text, struct buf *out);

/* "plain", "login", …, with the -PLUS form where there is one; 0: unknown. */
unsigned auth_bits(struct span name);
