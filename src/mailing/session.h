/* One connection to the relay: a wire, the dialog on it, and the letters
 * under way. It knows its owner only by what it asks of it. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/span.h"
#include "mailing/appetite.h"
#include "mailing/credential.h"
#include "mailing/mailing.h"
#include "mailing/parcel.h"
#include "mailing/plan.h"
#include "mailing/policy.h"
#include "mailing/task.h"
#include "net/loop.h"
#include "net/tls.h"
#include "net/wire.h"

struct session;

/* What the relay has taught us, for all sessions to it. */
struct learned {
    bool stream_unfit; /* it loses step: never stream to it again */
    struct appetite_learned appetite;
    unsigned recipients; /* in a transaction, more are refused; 0: not seen */
    struct logins logins;
};

/* How a session ended. */
struct session_end {
    struct ruling ruling;
    struct err why;
    bool was_ready;
    struct appetite appetite;
};

/* Its owner's part. A task that was taken comes back by one of verdict,
 * put_back and invalid. */
struct session_owner {
    /* A row that can go where that is lacking (of enum task_need); NULL: none
     * now. */
    struct task *(*take)(void *context, unsigned lacks);
    /* Its letter is made, and it should rather go elsewhere: put_back. */
    bool (*unfit)(void *context, const struct task *t, unsigned lacks);
    enum session_news (*verdict)(void *context, const struct session *s,
                                 struct task *t,
                                 const struct dialog_verdict *v);
    void (*put_back)(void *context, struct task *t);
    void (*invalid)(void *context, struct task *t, struct span reason);

    /* Before a letter is said: the group that its intent is in, and whether
     * that group is on disk by now. */
    uint64_t (*intend)(void *context, const struct parcel *p);
    bool (*may_go)(void *context, uint64_t group);

    void (*ready)(void *context, const struct session *s);
    /* All its tasks have come back; the owner destroys it. */
    void (*over)(void *context, struct session *s,
                 const struct session_end *end);
    void *context;
};

/* What is the same for all sessions to one relay. */
struct session_terms {
    const struct settings *settings;
    const struct observer *observer;
    const struct plan *plan;
    struct loop *loop;
    const struct relay *relay;
    struct tls_client *tls; /* NULL: in clear */
    struct parcel_pool *parcels;
    struct learned *learned;
    uint64_t *sessions_opened; /* in this run, so far */
    struct span probe_sender;  /* envelope sender of the streaming probe */
    struct session_owner owner;
};

/* Connects, once the secret is had; everything else follows from events. NULL:
 * no secret was to be had, *err; where a command has it, `over` tells of that.
 * The terms outlive it. */
struct session *session_open(const struct session_terms *terms,
                             const struct wire_way *ways, size_t count,
                             struct err *err);
void session_destroy(struct session *s);

/* There may be rows to take. */
void session_wake(struct session *s);

/* QUIT when all that was begun is settled; one that is still being opened is
 * cut. */
void session_drain(struct session *s);

/* It is not needed: the same, but one that is still being opened says its
 * goodbye, too. Relays log and count what hangs up on them. */
void session_retire(struct session *s);

/* Letters that wait for their intent go back. */
void session_unstage(struct session *s);

/* At once: what is under way is settled as for a lost connection, and the
 * session is over. */
void session_cut(struct session *s);

/* The relay does not hold it as logged in any more: true where another login
 * is worth a try, which it is once. */
bool session_login_renewable(const struct session *s);

/* By which of the ways it went (wire_way_taken). */
bool session_way(const struct session *s, unsigned *tag_out);

struct span session_relay(const struct session *s); /* host:port */
uint64_t session_number(const struct session *s);   /* in this run, from 1 */
const struct tls *session_tls(const struct session *s); /* NULL: none */

bool session_ready(const struct session *s); /* it has been */

/* Once it is ready; and what it lacks of enum task_need. */
const struct capabilities *session_capabilities(const struct session *s);
unsigned session_lacks(const struct session *s);

/* A command is asked for the secret. */
bool session_asks(const struct session *s);
