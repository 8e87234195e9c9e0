/* Which relay does the account file name, and how is it to be talked to?
 *
 * The syntax of msmtp's configuration file (version 1.8): a command a line,
 * `defaults`, `account NAME [: NAME…]`, `eval COMMAND`, an argument perhaps in
 * double quotes; lines before the first `account` are of the account
 * `default`. Which commands there are is in cli/account_commands.h. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum account_text {
    ACCOUNT_HOST,
    ACCOUNT_PORT,
    ACCOUNT_SOURCE_IP,
    ACCOUNT_TIMEOUT, /* in milliseconds */
    ACCOUNT_FROM,
    ACCOUNT_AUTO_FROM,
    ACCOUNT_MAILDOMAIN,
    ACCOUNT_DOMAIN, /* the EHLO name */
    ACCOUNT_AUTH,   /* on, off or a mechanism */
    ACCOUNT_USER,
    ACCOUNT_PASSWORD,
    ACCOUNT_PASSWORDEVAL,
    ACCOUNT_TLS, /* this and the next two: on or off */
    ACCOUNT_STARTTLS,
    ACCOUNT_CERTCHECK,
    ACCOUNT_TRUST_FILE, /* NULL: the system's */
    ACCOUNT_FINGERPRINT,
    ACCOUNT_CERT_FILE,
    ACCOUNT_KEY_FILE,
    ACCOUNT_TLS_NAME,
    ACCOUNT_DSN_NOTIFY, /* this and the next: as --dsn-… have it */
    ACCOUNT_DSN_RETURN,
    ACCOUNT_TEXTS,
};

#define ACCOUNT_NO_TRUST "none" /* instead of ACCOUNT_TRUST_FILE */

struct account {
    char *name;
    char *texts[ACCOUNT_TEXTS]; /* NULL: unsaid, or said to be nothing */
    bool said[ACCOUNT_TEXTS];   /* by its own lines, or those it builds on */
};

struct accounts {
    struct account *list; /* the first is `defaults`, with an empty name */
    size_t count;
    struct buf passed_over; /* "FILE:LINE: command", each with a NUL behind */
    bool readable_by_others;
    uint64_t timeout_ms; /* of a command of `eval` */
};

/* False: EX_NOINPUT where it cannot be read, EX_CONFIG with the line where it
 * is wrong. Release it in either case. */
bool accounts_read(struct accounts *a, const char *path, uint64_t timeout_ms,
                   struct err *err);
void accounts_release(struct accounts *a); /* secrets wiped */

/* All passwords are wiped; the rest stays. */
void accounts_forget_passwords(struct accounts *a);

/* NULL where there is none of that name. */
const struct account *accounts_find(const struct accounts *a, const char *name);

/* It says `on`, or `off`. */
bool account_says(const struct account *a, enum account_text text,
                  const char *word);
