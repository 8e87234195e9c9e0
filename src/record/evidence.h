/* How was each session secured, and what did the relay promise on it?
 *
 * JSONL: a line for each session, and one for each message that the relay
 * took, which names its session. A file is made 0600 and written in place;
 * one that exists is replaced, or goes on: sessions are then numbered anew. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

struct evidence_session {
    uint64_t number;
    int64_t time_ms;
    struct span relay;        /* host:port */
    const char *version;      /* "TLS1.3", "none" in clear */
    const char *key_exchange; /* "X25519" */
    const char *cipher;
    const char *peer;    /* the name that was asked for */
    const char *verdict; /* "verified", "unverified", "refused", "clear" */
    const char *trust;   /* "system", "ca-file", "fingerprint", "pin", "none" */
    bool pinned;
    bool resumed;
    struct span certificate_sha256; /* 32 bytes; empty: none was shown */
    struct span key_sha256;         /* of its SubjectPublicKeyInfo */
    struct span end; /* why no message could be sent on it; empty: they can */
};

struct evidence_message {
    uint64_t session;
    int64_t time_ms;
    uint32_t line; /* in the list */
    struct span address;
    struct span message_id;
    unsigned code;
    struct span reply; /* the relay's word, without the code */
};

struct evidence;

/* `goes_on`: behind what earlier runs wrote. NULL: EX_CANTCREAT (73) naming
 * the file. */
struct evidence *evidence_open(const char *path, bool goes_on, struct err *err);

/* False: EX_IOERR (74); nothing more is to be sent. Lines are gathered and
 * written by evidence_flush, or when 64 KiB are full. */
bool evidence_add_session(struct evidence *e, const struct evidence_session *s,
                          struct err *err);
bool evidence_add_message(struct evidence *e, const struct evidence_message *m,
                          struct err *err);
bool evidence_flush(struct evidence *e, struct err *err);

/* Flushes, syncs and closes; false as above. NULL is fine. */
bool evidence_close(struct evidence *e, struct err *err);
