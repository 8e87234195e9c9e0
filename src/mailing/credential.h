/* With what does a session log in, and is it worth another try? */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "mailing/mailing.h"
#include "net/child.h"
#include "net/tls.h"
#include "smtp/auth.h"

struct session_terms;

/* How a relay held its logins so far, over all its sessions; zero at first.
 * Each time that it holds one no longer, the secret is had anew: that makes
 * another generation of them. */
struct logins {
    unsigned refused; /* tokens, since one was last accepted */
    unsigned lapsed;  /* generations that it held no longer */
    unsigned held;    /* the last one under which it took a letter */
};

struct credential {
    struct login login; /* its spans are the settings' and `secret`'s */
    struct buf secret;
    struct buf binding;
    struct logins before; /* when this one was fetched */

    struct child *command; /* while it is waited for; NULL: it is not */
    void (*had)(void *context, const struct err *why);
    void *context;
};

/* The secret is fetched for each login. Where a command has it, this is waited
 * for (c->command), and `had` is called in a later turn; *why has status 0, or
 * says why there is none. False: *err. Release it in any case. */
bool credential_fetch(struct credential *c, const struct session_terms *terms,
                      void (*had)(void *context, const struct err *why),
                      void *context, struct err *err);

/* Binds the login to this TLS session, where that can be. */
void credential_bind(struct credential *c, const struct tls *t);

/* Used, or no longer wanted: the secret is gone, and who was asked for it. */
void credential_wipe(struct credential *c);

/* Its token was refused, and may have run out; or its login was accepted once,
 * and does not hold any more: true where it is worth asking for another one.
 * That is so once, and of a lapsed one again when a letter was taken since.
 * *logins counts. */
bool credential_token_renewable(const struct credential *c,
                                const struct settings *settings,
                                struct logins *logins);
bool credential_lapse_renewable(const struct credential *c,
                                const struct settings *settings,
                                struct logins *logins);

/* A letter was taken under it: it held until now. */
void credential_held(const struct credential *c, struct logins *logins);
