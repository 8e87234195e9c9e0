/* What does the sink answer to one connection?
 *
 * Pure: bytes in, bytes out. The server's side of RFC 5321 with PIPELINING
 * (2920), CHUNKING (3030), STARTTLS (3207), AUTH (4954), SIZE, 8BITMIME,
 * SMTPUTF8, DSN, LIMITS (9422) and ENHANCEDSTATUSCODES. Strict where a client
 * could hide a fault: a bare LF ends no line, and without PIPELINING a command
 * that comes too early ends the session.
 *
 * The owner calls guest_receive with what came, sends what is in guest_outbox
 * and drops it from the front, and then does what guest_phase says. A
 * transaction is handed to house->take before its reply is in the outbox. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"
#include "sink/counts.h"
#include "sink/faults.h"
#include "sink/limits.h"
#include "sink/throttle.h"

enum {
    GUEST_LINE_BYTES_MAX = 12288, /* RFC 4954 4: of a response */
    GUEST_BINDING_BYTES_MAX = 64,
    GUEST_RECIPIENTS_MAX = 1000,
    /* Replies not yet sent, to a peer that says much and reads nothing; beyond
     * it the connection is cut. */
    GUEST_OUTBOX_BYTES_MAX = 16 << 20,
};

/* A transaction to be taken. Spans live until the call is over. */
struct guest_letter {
    uint64_t number;  /* of all that were taken, from 1: the reply's queue id */
    uint64_t session; /* the connection's number */
    struct span sender;
    struct span recipients; /* each ended by an LF */
    struct span message_id; /* empty: none */
    struct span content;    /* empty unless house->keep */
    uint64_t bytes;         /* of the content */
    const char *tier;       /* "bdat", "data" */
    bool requiretls;        /* asked for (RFC 8689) */
};

/* What became of a recipient, this time. */
struct guest_verdict {
    struct span address;
    unsigned attempt; /* on this address, from 1; faults->counting */
    bool at_content;  /* else at RCPT */
    struct span code; /* of the reply; empty: there was none */
    bool taken;
    uint64_t session;
};

/* Where a client did not keep to the script. */
struct guest_astray {
    uint64_t session;
    unsigned line;
    struct span expected;
    struct span came;
};

/* What all guests share. Borrowed by each for its life. */
struct guest_house {
    struct span hostname;
    unsigned offers;       /* offer bits */
    uint64_t bytes_max;    /* of a message; 0: no limit of its own */
    unsigned messages_max; /* per connection, then 421; 0: no limit */
    struct limits limits;
    struct span user; /* of AUTH */
    struct span secret;
    unsigned mechanisms;     /* login_bit; those of AUTH */
    uint64_t logins_put_off; /* so many get a 454 first */
    bool auth_required;      /* before MAIL */
    bool auth_in_clear;      /* offered outside TLS, too */
    bool keep;               /* contents are wanted by take */
    bool mark;               /* guest_mark is wanted for each final reply */
    bool closing;            /* 421 to the next MAIL */
    struct counts *counts;
    struct faults *faults;
    struct throttle *throttle;   /* or NULL */
    const struct script *script; /* is played instead; or NULL */
    /* False: it could not be stored, and the client is told 452. */
    bool (*take)(void *context, const struct guest_letter *letter);
    /* The last word on a recipient; or NULL. */
    void (*judge)(void *context, const struct guest_verdict *verdict);
    /* A client did not say what the script has there; or NULL. */
    void (*astray)(void *context, const struct guest_astray *how);
    void *context;
};

enum guest_phase {
    GUEST_TALKING,
    GUEST_WANTS_TLS, /* send the outbox, start TLS, then guest_secured */
    GUEST_FINISHING, /* send the outbox, then close in good order */
    GUEST_CUT,       /* send the outbox, then break the connection */
    GUEST_RESETTING, /* the same, with a RST for certain */
    GUEST_MUTE,      /* send the outbox, then nothing, however long */
};

struct guest;

/* Says the greeting. `secure`: TLS stands already. */
struct guest *guest_create(const struct guest_house *house, uint64_t session,
                           bool secure);
/* Says 421 instead, and is finishing. */
struct guest *guest_turn_away(const struct guest_house *house);
void guest_destroy(struct guest *g);
/* What its TLS session has to bind a login to: tls-unique and tls-exporter,
 * or empty. Copied. */
void guest_bind(struct guest *g, struct span unique, struct span exporter);

void guest_receive(struct guest *g, struct span bytes);
struct buf *guest_outbox(struct guest *g);
enum guest_phase guest_phase(const struct guest *g);
void guest_secured(struct guest *g);
/* It was silent for too long: says 421 and is finishing. */
void guest_dismiss(struct guest *g);

/* A place where the outbox may not simply be sent on. */
struct guest_mark {
    uint64_t offset;  /* in all that was ever in the outbox */
    uint64_t wait_ms; /* before what stands there */
    bool final;       /* a final reply stands there (house->mark) */
};

/* The oldest mark not yet passed. False: there is none. guest_pass_mark goes
 * on to the next. */
bool guest_mark(const struct guest *g, struct guest_mark *mark_out);
void guest_pass_mark(struct guest *g);
/* How many bytes were ever in the outbox. */
uint64_t guest_said(const struct guest *g);
