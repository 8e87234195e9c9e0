/* With what does a session log in, and is it worth another try? */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "mailing/mailing.h"
#include "net/tls.h"
#include "smtp/auth.h"

struct credential {
    struct login login; /* its spans are the settings' and `secret`'s */
    struct buf secret;
    struct buf binding;
    unsigned refusals; /* of tokens, when this one was fetched */
};

/* The secret is fetched for each login. `refusals` is how many tokens were
 * refused since one was last accepted. False: *err. Release it in any case. */
bool credential_fetch(struct credential *c, const struct settings *settings,
                      const struct relay *relay,
                      const struct observer *observer, unsigned refusals,
                      struct err *err);

/* Binds the login to this TLS session, where that can be. */
void credential_bind(struct credential *c, const struct tls *t);

/* Used, or no longer wanted: the secret is gone. */
void credential_wipe(struct credential *c);

/* Its token was refused, and may have run out: true where it is worth asking
 * for another one, which it is once. *refusals counts. */
bool credential_renewable(const struct credential *c,
                          const struct settings *settings, unsigned *refusals);
