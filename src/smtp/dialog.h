/* What is said to the relay, and what became of each letter?
 *
 * Pure: letters in, bytes out; bytes in, verdicts out. No clock, no socket.
 * One dialog is one connection. Two cursors walk the table of steps: what has
 * been said, and what has been answered; between them lies the ring of
 * expectations, each bound to its letter, step and recipient. Replies are
 * matched by counting alone (RFC 2920 3.1).
 *
 * Tiers: stream says `RSET MAIL RCPT… BDAT n LAST` letter after letter (RFC
 * 3030), on a connection where the probe showed that a refused chunk is
 * swallowed; group says the body with its final dot and the next letter's
 * `RSET MAIL RCPT… DATA` in one breath; lockstep says one command at a time.
 * In a stream the RSET is said at once behind the letter before, whose verdict
 * waits for its reply: a relay that is one reply ahead is found out there.
 *
 * The owner: moves bytes from dialog_outbox to the wire and calls dialog_pump
 * when there is room; calls dialog_receive with what came; gives letters
 * while dialog_hungry; takes verdicts with dialog_verdict until there are
 * none; starts TLS when the phase says so; and calls dialog_lost when the
 * connection is gone, which settles what is left. Every recipient of every
 * letter that was given gets exactly one verdict. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"
#include "smtp/auth.h"
#include "smtp/capabilities.h"
#include "smtp/dsn.h"
#include "smtp/reply.h"
#include "smtp/steps.h"

enum dialog_security {
    DIALOG_STARTTLS, /* required: nothing is said without */
    DIALOG_IMPLICIT_TLS,
    DIALOG_CLEAR,
};

enum dialog_tier { DIALOG_LOCKSTEP, DIALOG_GROUP, DIALOG_STREAM };

enum { DIALOG_WINDOW_MAX = 256 };

struct dialog_settings {
    struct span helo; /* or by dialog_name, before the greeting */
    enum dialog_security security;
    enum dialog_tier tier_max; /* the best that may be used */
    unsigned window;           /* letters under way when streaming, 1 to 256 */
    unsigned letters_max;      /* then QUIT; 0: as many as the relay takes */
    const struct login *login; /* NULL: no AUTH. Borrowed until READY */
    struct span probe_sender;  /* envelope sender of the streaming probe */
    struct dsn dsn;            /* asked for where the relay offers it */
    bool verified; /* under TLS the relay has proved who it is: REQUIRETLS may
                      be asked of it */
    /* Hears each line that is said, secrets and content masked; or NULL. */
    void (*trace)(void *context, bool ours, struct span line);
    void *trace_context;
};

/* A mail transaction (RFC 5321 3.3). All borrowed until its last verdict, or
 * until dialog_said tells that no more of it is needed. */
struct transaction {
    struct span sender; /* empty: <> */
    const struct span *recipients;
    unsigned recipient_count;   /* at least 1 */
    const struct span *content; /* canonical CRLF text, no dots doubled, last
                                   line ended; in this order */
    size_t content_count;
    size_t content_bytes;
    bool eight_bit;      /* BODY=8BITMIME */
    bool needs_smtputf8; /* of any path or header */
    bool requires_tls;   /* REQUIRETLS: of the relay, and of all behind it */
    struct span id;      /* ENVID for a DSN: the Message-ID */
    void *tag;           /* the owner's */
};

enum dialog_phase {
    DIALOG_SETTING_UP,
    DIALOG_WANTS_TLS, /* start the handshake, then dialog_secured */
    DIALOG_READY,     /* letters can be given */
    DIALOG_QUITTING,
    DIALOG_OVER, /* close the connection, then dialog_lost */
};

/* Why a dialog is over. */
enum dialog_end {
    DIALOG_END_NONE,
    DIALOG_END_QUIT,      /* as we wished */
    DIALOG_END_CLOSING,   /* 421 */
    DIALOG_END_REFUSED,   /* greeting, EHLO, STARTTLS or RSET refused */
    DIALOG_END_NO_TLS,    /* STARTTLS is not offered */
    DIALOG_END_INJECTED,  /* bytes in clear behind STARTTLS's 220 */
    DIALOG_END_NO_AUTH,   /* no AUTH, or none of our mechanisms */
    DIALOG_END_LOGIN,     /* the login was refused */
    DIALOG_END_TOKEN,     /* the same, of a token: it may have run out */
    DIALOG_END_CHALLENGE, /* the login was asked what makes no sense */
    DIALOG_END_UNPROVEN,  /* the relay did not prove what the login asks */
    DIALOG_END_DESYNC,    /* a reply that nothing asked for, or of a kind that
                             does not fit */
    DIALOG_END_MALFORMED, /* no reply at all */
    DIALOG_END_LOST,      /* the connection was */
};

enum verdict_kind {
    VERDICT_SENT,    /* 2xx to MAIL, RCPT and content */
    VERDICT_REFUSED, /* `reply` at `step`: the transaction's first refusal */
    VERDICT_PENDING, /* certainly not taken: may be given again */
    VERDICT_UNKNOWN, /* the content may have arrived */
};

struct dialog_verdict {
    void *tag;
    unsigned recipient; /* its index in the transaction */
    enum verdict_kind kind;
    enum step step;
    struct reply reply; /* of SENT and REFUSED; code 0: decided here, without
                           asking (5.3.4, 5.6.7, 5.7.30). Of PENDING: the
                           421 that cut it off, if one did. Lives until the
                           next call */
    bool tried;         /* MAIL was said for it */
    bool letter_done;   /* the last verdict of its transaction */
};

struct dialog;

struct dialog *dialog_create(const struct dialog_settings *settings);
void dialog_destroy(struct dialog *d);
void dialog_name(struct dialog *d, struct span helo); /* borrowed */

enum dialog_phase dialog_phase(const struct dialog *d);
void dialog_secured(struct dialog *d);

/* `handed` of the bytes said since dialog_secured (or the start) were handed
 * to the kernel: a reply to what was not is premature. True: a whole reply, or
 * more, was among them. */
bool dialog_receive(struct dialog *d, struct span bytes, uint64_t handed);

/* The bytes to be sent; the owner drops them from the front. */
struct buf *dialog_outbox(struct dialog *d);
/* Says what may be said, until the outbox holds 64 KiB or more. */
void dialog_pump(struct dialog *d);

/* How many letters it would take now. */
unsigned dialog_hungry(const struct dialog *d);
/* Only while dialog_hungry (asserted). The struct is copied. */
void dialog_give(struct dialog *d, const struct transaction *letter);
/* It will take no more, and all that it took was begun: its error budget, or
 * the relay's limit, is used up. Time to open another connection, and to
 * dialog_quit this one. */
bool dialog_spent(const struct dialog *d);
unsigned dialog_letters(const struct dialog *d); /* given, not yet settled */
/* All that was given was said whole, or is settled. */
bool dialog_said(const struct dialog *d);

bool dialog_verdict(struct dialog *d, struct dialog_verdict *out);

/* QUIT, once what was given is settled; letters not yet begun come back as
 * pending at once. */
void dialog_quit(struct dialog *d);

/* The connection is gone, with that much handed to the kernel: what was not
 * cannot have arrived. */
void dialog_lost(struct dialog *d, uint64_t handed);

/* The oldest thing said and not answered; STEP_NONE: nothing. Its rule has
 * the time limit. */
enum step dialog_waits_for(const struct dialog *d);

enum dialog_end dialog_end(const struct dialog *d);
enum step dialog_end_step(const struct dialog *d);
const struct reply *dialog_end_reply(const struct dialog *d); /* NULL: none */

const struct capabilities *dialog_capabilities(const struct dialog *d);
/* It can be asked for REQUIRETLS (RFC 8689 4.2.1): it offers that, and has
 * proved under TLS who it is. */
bool dialog_keeps_tls(const struct dialog *d);
enum dialog_tier dialog_tier(const struct dialog *d);
/* True where the probe, or a reply that did not fit, showed that this relay
 * is not to be streamed to. */
bool dialog_stream_unfit(const struct dialog *d);
