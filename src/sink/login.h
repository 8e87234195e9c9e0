/* Did the client log in with the right name and password?
 *
 * Pure, over GNU SASL. The server's side of all mechanisms that the client
 * has, in the frame of RFC 4954; XOAUTH2 and OAUTHBEARER take the password for
 * a token. What the client said is wiped when the exchange is over. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/span.h"

/* For struct login_server's `mechanisms`; 0: none of that name. */
unsigned login_bit(struct span name);

enum { LOGIN_ALL_MECHANISMS = (1 << 9) - 1 };

enum login_result {
    LOGIN_ASK, /* 334 with login_challenge */
    LOGIN_RIGHT,
    LOGIN_WRONG,
    LOGIN_MALFORMED, /* no base64, or not what the mechanism says */
    LOGIN_CANCELLED,
    LOGIN_NO_MECHANISM,
};

struct login_mechanism;

struct login_server {
    /* Set by the owner, and borrowed. */
    struct span user; /* what is right */
    struct span secret;
    unsigned mechanisms;  /* login_bit */
    struct span unique;   /* tls-unique and tls-exporter of this session; */
    struct span exporter; /* empty: none, and no -PLUS mechanism without both */

    const struct login_mechanism *mechanism; /* NULL: no exchange is open */
    void *library; /* Gsasl and Gsasl_session, of a mechanism that has them */
    void *session;
    bool judged;  /* nothing is left but an empty line */
    bool refused; /* the client has still to answer why */
    struct buf challenge;
};

void login_init(struct login_server *l);
void login_release(struct login_server *l); /* whatever state it is in */

/* "PLAIN LOGIN …": what can be used here and now. */
void login_append_offers(const struct login_server *l, struct buf *out);

/* `arguments` is what stands behind AUTH: mechanism and initial response. */
enum login_result login_start(struct login_server *l, struct span arguments);

/* A line that answers a 334. */
enum login_result login_go_on(struct login_server *l, struct span line);

bool login_open(const struct login_server *l); /* a line is waited for */
/* In base64, behind LOGIN_ASK; until the next call. */
struct span login_challenge(const struct login_server *l);
