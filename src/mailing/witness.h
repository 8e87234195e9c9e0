/* What is kept as evidence (--tls-evidence), and when? A session's line once
 * it can take letters, or when it ends before; a message's with its outcome.
 * Without --tls-evidence nothing is. What cannot be written stops the run. */
#pragma once

struct campaign;
struct session;
struct task;

/* why: it is over before it could take letters; NULL: it can. */
void witness_session(struct campaign *c, const struct session *s,
                     const char *why);
void witness_sent(struct campaign *c, const struct session *s,
                  const struct task *t);
