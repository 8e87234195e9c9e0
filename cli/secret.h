/* Where is the secret of the login, and who else could read it?
 *
 * The first line of what the source holds, without its line end. A file that
 * its group or others can read is refused, but for those of
 * $CREDENTIALS_DIRECTORY, which the service manager guards. Files are asked
 * anew for each login (and commands, by mailing/credential.h, which waits for
 * them while mail goes on); a descriptor, a FIFO and a person only once, and
 * what they said is kept until the end of the run. So is the password of an
 * account file that is none. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "mailing/settings.h"

enum { SECRET_BYTES_MAX = 16 * 1024 };

struct secrets {
    struct buf kept; /* wiped at the end */
    const char *user;
    const char *host;
    uint64_t timeout_ms; /* of an account file's commands */
    const char *account; /* of SECRET_ACCOUNT */
};

void secrets_init(struct secrets *s, const char *user, const char *host);
void secrets_release(struct secrets *s);

/* The secret itself, from an account file; asked for no more. */
void secrets_keep(struct secrets *s, struct span secret);

/* $CREDENTIALS_DIRECTORY/NAME where that is a file, else NULL; the caller's
 * to free. */
char *secrets_credential(const char *name);

bool secrets_can_prompt(void);

/* A key is a secret, too: the file, where it is there, must be its owner's
 * alone. False: EX_CONFIG. */
bool secrets_key_is_private(const char *path, struct err *err);

/* Finds out early what can be known without running a command: a file that
 * is refused, a descriptor that is closed, a word that a person mistypes. */
bool secrets_prepare(struct secrets *s, const struct secret_source *source,
                     struct err *err);

/* Appends the secret, of all but SECRET_COMMAND (asserted). False: EX_NOINPUT
 * where it cannot be read, EX_CONFIG where it must not be used. */
bool secrets_fetch(struct secrets *s, const struct secret_source *source,
                   struct buf *out, struct err *err);
