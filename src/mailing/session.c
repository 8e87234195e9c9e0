#include "mailing/session.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mailing/credential.h"
#include "mailing/ending.h"
#include "mailing/opening.h"
#include "mailing/parcel.h"
#include "mailing/patience.h"
#include "mailing/relay_name.h"
#include "mailing/staging.h"
#include "net/local.h"
#include "net/wire.h"
#include "smtp/dialog.h"

enum { QUIT_WAIT_MS = 2000 };

struct session {
    const struct session_terms *terms;
    uint64_t number;
    struct wire *wire; /* NULL: the secret is waited for */
    struct dialog *dialog;
    struct patience patience;
    uint64_t said; /* to the wire, since it was secured */
    struct credential credential;
    struct buf relay; /* host:port */
    struct buf hello;
    struct staging staged;
    bool ready; /* has been */
    struct appetite appetite;
    bool securing; /* within the handshake */
    bool draining;
    bool finishing; /* QUIT is answered, or no longer waited for */
    struct wire_way ways[WIRE_WAYS_MAX]; /* until there is a wire */
    size_t way_count;
};

bool session_way(const struct session *s, unsigned *tag_out)
{
    return s->wire && wire_way_taken(s->wire, tag_out);
}

struct span session_relay(const struct session *s)
{
    return buf_span(&s->relay);
}

uint64_t session_number(const struct session *s)
{
    return s->number;
}

const struct tls *session_tls(const struct session *s)
{
    return s->wire ? wire_tls(s->wire) : NULL;
}

/* --- its end --- */

void session_destroy(struct session *s)
{
    assert(dialog_letters(s->dialog) == 0);
    wire_destroy(s->wire);
    dialog_destroy(s->dialog);
    patience_release(&s->patience);
    credential_wipe(&s->credential);
    buf_release(&s->relay);
    buf_release(&s->hello);
    free(s);
}

static void take_verdicts(struct session *s)
{
    struct dialog_verdict v;
    while (dialog_verdict(s->dialog, &v)) {
        struct parcel *p = v.tag;
        const struct session_owner *o = &s->terms->owner;
        enum session_news news =
            o->verdict(o->context, s, p->tasks[v.recipient], &v);
        appetite_verdict(&s->appetite, news, v.letter_done);
        if (v.kind == VERDICT_SENT) {
            credential_held(&s->credential, &s->terms->learned->logins);
        }
        if (v.letter_done) {
            parcel_give_back(s->terms->parcels, p);
        }
    }
}

/* What is left is settled by what was handed to the kernel. */
static void end(struct session *s, struct ruling ruling, const struct err *why)
{
    s->terms->learned->stream_unfit |= dialog_stream_unfit(s->dialog);
    appetite_end(&s->appetite, s->dialog);
    struct session_end told = {.ruling = ruling, .was_ready = s->ready};
    if (why) {
        told.why = *why;
    }
    dialog_lost(s->dialog, s->wire ? wire_handed(s->wire) : 0);
    take_verdicts(s);
    staging_let_go(&s->staged, s->terms);
    told.appetite = s->appetite;
    const struct session_owner *o = &s->terms->owner;
    o->over(o->context, s, &told);
}

void session_cut(struct session *s)
{
    end(s, policy_of_loss(LOSS_OF_OURS), NULL);
}

/* Refused, and another may do better: the next session fetches it. */
static bool token_renewable(const struct session *s)
{
    return dialog_end(s->dialog) == DIALOG_END_TOKEN &&
           credential_token_renewable(&s->credential, s->terms->settings,
                                      &s->terms->learned->logins);
}

bool session_login_renewable(const struct session *s)
{
    return credential_lapse_renewable(&s->credential, s->terms->settings,
                                      &s->terms->learned->logins);
}

static void end_by_dialog(struct session *s)
{
    struct ruling ruling =
        policy_of_end(dialog_end(s->dialog), s->ready,
                      dialog_end_step(s->dialog), dialog_end_reply(s->dialog));
    if (ruling.line == LINE_STOPS && token_renewable(s)) {
        ruling = policy_of_loss(LOSS_OF_OURS);
    }
    struct err why = {0};
    ending_describe(s->dialog, buf_span(&s->relay),
                    ruling.status ? ruling.status : EX_UNAVAILABLE, &why);
    end(s, ruling, &why);
}

static enum loss kind_of_loss(const struct session *s)
{
    bool at_the_door =
        s->securing || dialog_waits_for(s->dialog) == STEP_STARTTLS;
    return at_the_door ? LOSS_AT_THE_DOOR : LOSS_BY_CHANCE;
}

static void end_as_wished(struct session *s)
{
    struct err why = {0};
    err_set(&why, EX_UNAVAILABLE, "%.*s: the relay takes no more in a session",
            (int)s->relay.len, s->relay.data);
    bool sated = s->appetite.full && !s->appetite.lapsed;
    end(s, policy_of_loss(sated ? LOSS_BY_CHANCE : LOSS_OF_OURS), &why);
}

static void end_by_wire(struct session *s, enum wire_end how,
                        const struct err *reason)
{
    struct err why = {0};
    err_set(&why, reason->status, "%.*s: %s", (int)s->relay.len, s->relay.data,
            reason->text);
    enum loss loss = how == WIRE_END_TLS ? LOSS_OF_TRUST : kind_of_loss(s);
    end(s, policy_of_loss(loss), &why);
}

/* --- time limits --- */

static uint64_t limit_ms(const struct session *s)
{
    enum step step = dialog_waits_for(s->dialog);
    if (step == STEP_NONE || step == STEP_QUIT) {
        return step == STEP_QUIT ? QUIT_WAIT_MS : 0;
    }
    uint64_t asked = s->terms->settings->timeout_ms;
    return asked ? asked : (uint64_t)step_rule(step)->timeout_s * 1000;
}

static uint64_t handed_now(void *context, bool *speaking_out)
{
    const struct session *s = context;
    uint64_t handed = wire_handed(s->wire);
    *speaking_out = handed < s->said;
    return handed;
}

static void time_is_up(void *context)
{
    struct session *s = context;
    enum step step = dialog_waits_for(s->dialog);
    if (step == STEP_QUIT) {
        end_as_wished(s);
        return;
    }
    struct err why = {0};
    bool silent = step == STEP_GREETING && !s->terms->relay->implicit_tls;
    err_set(&why, EX_UNAVAILABLE, "%.*s: no reply to %s in time%s",
            (int)s->relay.len, s->relay.data, step_name(step),
            silent ? " (smtps:// is for a relay that waits for TLS)" : "");
    end(s, policy_of_loss(kind_of_loss(s)), &why);
}

/* --- letters --- */

/* One contact's way: a row of the list is filled in, written down as begun,
 * said, and carried; what became of it is written down by take_verdicts.
 * False: no row is left. */
static bool stage(struct session *s)
{
    const struct session_owner *o = &s->terms->owner;
    struct parcel *p = staging_pack(&s->staged, s->terms, s->dialog);
    if (p) {
        p->group = o->intend(o->context, p);
        staging_add(&s->staged, p);
    }
    return p != NULL;
}

/* From the outbox of the dialog to that of the wire. False: it has no room. */
static bool hand_over(struct session *s)
{
    struct buf *outbox = dialog_outbox(s->dialog);
    size_t before = outbox->len;
    wire_send(s->wire, outbox);
    s->said += before - outbox->len;
    return outbox->len < before;
}

/* Letter by letter, while the cache has it. What was said whole is not needed
 * any more, and the next letter is made in its room. */
static void say(struct session *s, struct parcel *p)
{
    dialog_pump(s->dialog);
    if (dialog_outbox(s->dialog)->len >= TLS_RECORD_BYTES) {
        (void)hand_over(s);
    }
    if (dialog_said(s->dialog)) {
        parcel_shed_letters(p);
    }
}

/* Those whose intent is on disk. */
static void give(struct session *s)
{
    const struct session_owner *o = &s->terms->owner;
    while (s->staged.count > 0 && dialog_hungry(s->dialog) > 0 &&
           o->may_go(o->context, s->staged.first->group)) {
        struct parcel *p = staging_take(&s->staged);
        struct transaction letter;
        parcel_transaction(p, &letter);
        dialog_give(s->dialog, &letter);
        say(s, p);
        take_verdicts(s); /* of what was refused here, unasked */
    }
}

static void feed(struct session *s)
{
    give(s);
    while (!s->draining &&
           staging_hungry(&s->staged, s->terms->settings, s->dialog) &&
           stage(s)) {
        give(s);
    }
}

static void speak(struct session *s)
{
    do {
        dialog_pump(s->dialog);
    } while (hand_over(s));
}

static void secure(struct session *s)
{
    const struct settings *settings = s->terms->settings;
    s->securing = true;
    s->said = 0;
    wire_secure(s->wire, s->terms->tls,
                settings->tls_name ? settings->tls_name
                                   : s->terms->relay->host);
}

/* What was not begun goes to others. */
static void take_leave(struct session *s)
{
    dialog_quit(s->dialog);
    take_verdicts(s);
    staging_let_go(&s->staged, s->terms);
}

static void note_ready(struct session *s)
{
    if (dialog_phase(s->dialog) == DIALOG_READY && !s->ready) {
        s->ready = true;
        credential_wipe(&s->credential);
        s->terms->learned->logins.refused = 0;
        s->terms->owner.ready(s->terms->owner.context, s);
    }
}

/* The last thing that is done in a turn: the session may be gone then. */
static void follow_phase(struct session *s)
{
    enum dialog_phase phase = dialog_phase(s->dialog);
    if (phase == DIALOG_WANTS_TLS && !s->securing) {
        secure(s);
    } else if (phase == DIALOG_OVER && !s->finishing) {
        if (dialog_end(s->dialog) == DIALOG_END_QUIT) {
            s->finishing = true;
            wire_finish(s->wire);
        } else {
            end_by_dialog(s);
        }
    }
}

/* One contact's way, as far as it can be gone now:
 *
 *     list ──► letter ──► smtp ⇄ net ──► record
 *
 * `heard`: the relay has just given a whole reply. */
static void carry_on(struct session *s, bool heard)
{
    take_verdicts(s); /* to record: what became of letters */
    note_ready(s);
    if ((s->draining && s->staged.count == 0) || s->appetite.full) {
        take_leave(s);
    }
    feed(s);  /* from list through letter to smtp: rows, filled in, given */
    speak(s); /* from smtp to net: the words */
    if (dialog_spent(s->dialog)) {
        take_leave(s);
        speak(s);
    }
    patience_renew(&s->patience, limit_ms(s), heard);
    follow_phase(s);
}

void session_wake(struct session *s)
{
    if (s->ready && !s->finishing && dialog_hungry(s->dialog) > 0) {
        carry_on(s, false);
    }
}

void session_unstage(struct session *s)
{
    staging_let_go(&s->staged, s->terms);
}

void session_drain(struct session *s)
{
    if (!s->ready) {
        session_cut(s);
    } else if (s->draining) {
        session_wake(s);
    } else {
        s->draining = true;
        if (!s->finishing) {
            carry_on(s, false);
        }
    }
}

void session_retire(struct session *s)
{
    if (s->ready) {
        session_drain(s);
    } else {
        s->draining = true;
    }
}

/* --- events of the wire --- */

static void opened(void *context)
{
    struct session *s = context;
    struct sockaddr_storage ours;
    wire_local(s->wire, &ours);
    local_name(s->terms->settings->helo, &ours, &s->hello);
    dialog_name(s->dialog, buf_span(&s->hello));
    if (s->terms->tls && s->terms->relay->implicit_tls) {
        secure(s);
    }
    patience_renew(&s->patience, limit_ms(s), true);
}

static void secured(void *context)
{
    struct session *s = context;
    s->securing = false;
    credential_bind(&s->credential, wire_tls(s->wire));
    dialog_secured(s->dialog);
    carry_on(s, true);
}

static void received(void *context, struct span bytes)
{
    struct session *s = context;
    carry_on(s, dialog_receive(s->dialog, bytes, wire_handed(s->wire)));
}

static void drained(void *context)
{
    carry_on(context, false);
}

static void closed(void *context, enum wire_end how, const struct err *why)
{
    struct session *s = context;
    if (s->finishing) {
        end_as_wished(s);
    } else {
        end_by_wire(s, how, why);
    }
}

/* --- its beginning --- */

static void trace(void *context, bool ours, struct span line)
{
    const struct session *s = context;
    opening_show(s->terms, buf_span(&s->relay), ours, line);
}

static void create_dialog(struct session *s)
{
    struct dialog_settings how = opening_of(s->terms);
    const struct settings *settings = s->terms->settings;
    how.login = settings->user ? &s->credential.login : NULL;
    how.trace = settings->debug ? trace : NULL;
    how.trace_context = s;
    s->dialog = dialog_create(&how);
}

static void connect_wire(struct session *s)
{
    struct wire_owner owner = {opened, secured, received, drained, closed, s};
    s->wire = wire_connect(s->terms->loop, s->ways, s->way_count,
                           s->terms->settings->connect_timeout_ms, &owner);
}

static void take_secret(void *context, const struct err *why)
{
    struct session *s = context;
    if (why->status == 0) {
        connect_wire(s);
    } else {
        end(s, policy_of_loss(LOSS_OF_SECRET), why);
    }
}

struct session *session_open(const struct session_terms *terms,
                             const struct wire_way *ways, size_t count,
                             struct err *err)
{
    struct session *s = mem_alloc_zero(1, sizeof *s);
    s->terms = terms;
    s->number = ++*terms->sessions_opened;
    if (!credential_fetch(&s->credential, terms, take_secret, s, err)) {
        credential_wipe(&s->credential);
        free(s);
        return NULL;
    }
    buf_init(&s->hello, 1024);
    buf_init(&s->relay, 1024);
    relay_name_append(&s->relay, terms->relay);
    create_dialog(s);
    patience_init(&s->patience, terms->loop, handed_now, time_is_up, s);
    memcpy(s->ways, ways, count * sizeof *ways);
    s->way_count = count;
    if (!s->credential.command) {
        connect_wire(s);
    }
    return s;
}

const struct capabilities *session_capabilities(const struct session *s)
{
    return dialog_capabilities(s->dialog);
}

bool session_ready(const struct session *s)
{
    return s->ready;
}

unsigned session_lacks(const struct session *s)
{
    return staging_lacks(s->dialog);
}

bool session_asks(const struct session *s)
{
    return s->credential.command != NULL;
}
