/* Which relay does the account file name, and how is it to be talked to?
 *
 * The syntax of msmtp's configuration file (version 1.8): a command a line,
 * `defaults`, `account NAME [: NAME…]`, an argument perhaps in double quotes.
 * Commands that mean nothing to a mailing are passed over and named in
 * `passed_over`; those that mailshot cannot follow are refused with the line;
 * so is a command that no manual knows. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* What an account says of TLS. */
enum account_switch { ACCOUNT_UNSAID, ACCOUNT_ON, ACCOUNT_OFF };

enum account_text {
    ACCOUNT_HOST,
    ACCOUNT_PORT,
    ACCOUNT_FROM,
    ACCOUNT_DOMAIN, /* the EHLO name */
    ACCOUNT_USER,
    ACCOUNT_PASSWORD,
    ACCOUNT_PASSWORDEVAL,
    ACCOUNT_TRUST_FILE,
    ACCOUNT_TLS_NAME,
    ACCOUNT_TEXTS,
};

struct account {
    char *name;
    char *texts[ACCOUNT_TEXTS]; /* NULL: unsaid, or said to be nothing */
    enum account_switch tls;
    enum account_switch starttls;
    enum account_switch certcheck;
    enum account_switch auth;
    char *mechanism;     /* of auth, where it names one */
    uint64_t timeout_ms; /* 0: none */
};

struct accounts {
    struct account *list;
    size_t count;
    struct buf passed_over; /* "FILE:LINE: command", each with a NUL behind */
    bool readable_by_others;
};

/* False: EX_NOINPUT where it cannot be read, EX_CONFIG with the line where it
 * is wrong. Release it in either case. */
bool accounts_read(struct accounts *a, const char *path, struct err *err);
void accounts_release(struct accounts *a); /* secrets wiped */

/* NULL where there is none of that name. */
const struct account *accounts_find(const struct accounts *a, const char *name);
