/* Did the client log in with the right name and password?
 *
 * Pure. The server's side of AUTH PLAIN (RFC 4616) and LOGIN, in the frame of
 * RFC 4954. What the client said is wiped when the exchange is over. */
#pragma once

#include <stdbool.h>

#include "base/span.h"

enum {
    LOGIN_PART_BYTES = 256, /* of a name or a password */
    LOGIN_LINE_BYTES = 1024,
};

enum login_result {
    LOGIN_ASK_EMPTY,    /* 334 without text */
    LOGIN_ASK_USER,     /* 334 Username: */
    LOGIN_ASK_PASSWORD, /* 334 Password: */
    LOGIN_RIGHT,
    LOGIN_WRONG,
    LOGIN_MALFORMED, /* no base64, or not what the mechanism says */
    LOGIN_CANCELLED,
    LOGIN_NO_MECHANISM,
};

struct login_server {
    enum { LOGIN_IDLE, LOGIN_PLAIN, LOGIN_USER, LOGIN_PASSWORD } waits;
    struct span user; /* what is right; borrowed */
    struct span secret;
    char said_user[LOGIN_PART_BYTES];
    size_t said_user_bytes;
};

/* `arguments` is what stands behind AUTH: mechanism and initial response. */
enum login_result login_start(struct login_server *l, struct span arguments);

/* A line that answers a 334. */
enum login_result login_go_on(struct login_server *l, struct span line);
