/* Who is at the other end, and does nobody else read along?
 *
 * GnuTLS through memory BIOs: no sockets here. TLS 1.2 and 1.3 only; chain,
 * name (subject alternative names, never the CN) and key purpose serverAuth
 * are verified inside the handshake, of a resumed session at its end. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "net/tls_settings.h"

/* Credentials, shared by all sessions. NULL: EX_NOINPUT (66) or
 * EX_CONFIG (78), naming the file. */
struct tls_client *tls_client_create(const struct tls_client_settings *settings,
                                     struct err *err);
void tls_client_destroy(struct tls_client *c); /* NULL is fine */

/* A server. The certificate that it makes is signed by itself, and valid from
 * an hour ago for a day. NULL: EX_SOFTWARE, or EX_NOINPUT or EX_CONFIG naming a
 * file. */
struct tls_server *tls_server_create(const struct tls_server_settings *settings,
                                     struct err *err);
void tls_server_destroy(struct tls_server *s); /* NULL is fine */
/* Writes the certificate that was made as PEM, so that --tls-ca can trust it.
 * False: EX_CANTCREAT or EX_IOERR naming the file. */
bool tls_server_write_certificate(const struct tls_server *s, const char *path,
                                  struct err *err);

/* One session's TLS. Ciphertext goes in by tls_feed and comes out at the end
 * of *out, which is the owner's and outlives it. Credentials outlive their
 * sessions. Texts are copied. NULL: *err. */
struct tls;

/* Who is called: by what name, and where that is ("127.0.0.1 25"). What is
 * resumed is best of the same place, else of another with the same name. */
struct tls_host {
    const char *name; /* a DNS name in ASCII, or an IP address */
    const char *where;
};

struct tls *tls_start_client(struct tls_client *c, const struct tls_host *host,
                             struct buf *out, struct err *err);
struct tls *tls_start_server(struct tls_server *s, struct buf *out,
                             struct err *err);
void tls_destroy(struct tls *t); /* NULL is fine */

enum tls_result {
    TLS_DONE,
    TLS_AGAIN,  /* more ciphertext is needed: what was fed is used up */
    TLS_CLOSED, /* close_notify came */
    TLS_FAILED, /* *err says why: EX_PROTOCOL (76), or EX_UNAVAILABLE where
                   another try would not begin with an old session */
};

/* Borrowed until tls_handshake or tls_read says something other than
 * TLS_DONE; what was fed before is used up by then (asserted). */
void tls_feed(struct tls *t, struct span ciphertext);

enum tls_result tls_handshake(struct tls *t, struct err *err);

/* Appends all plaintext there is; never TLS_DONE. Fails with EX_PROTOCOL where
 * the other side's first word was that it refuses us. */
enum tls_result tls_read(struct tls *t, struct buf *plain, struct err *err);

enum { TLS_RECORD_BYTES = 16384 }; /* of plaintext (RFC 8446 5.1) */

/* One record, of as many bytes from the front of `plain` as go into it, fewer
 * where the peer asked for less. False: *err. */
bool tls_write(struct tls *t, struct span plain, size_t *taken_out,
               struct err *err);
void tls_bye(struct tls *t); /* close_notify */

/* "TLS1.3 AES-256-GCM", after the handshake; empty before, and for NULL. */
struct span tls_description(const struct tls *t);

struct tls_facts {
    const char *version; /* "TLS1.3" */
    const char *cipher;  /* "AES-256-GCM" */
    const char *group;   /* of the key exchange: "X25519", "SECP256R1" */
    const char *name;    /* that was asked for; "" of a client */
    /* How the peer came to be trusted: "system", "ca-file", "fingerprint",
     * "pin" or "unverified". */
    const char *trust;
    bool asked;  /* anything of it at all */
    bool pinned; /* its key is one of those that were asked for, too */
    bool resumed;
    bool shown; /* there is a certificate, and these two are of it */
    unsigned char certificate_sha256[TLS_SHA256_BYTES];
    struct tls_pin key;
    int64_t until_s; /* it is good until then, in seconds since 1970 */
};

/* As far as the handshake has come. Texts live as long as the session. */
void tls_facts(const struct tls *t, struct tls_facts *out);

/* What binds a login to this very session (RFC 5056), once it is secured:
 * tls-exporter (RFC 9266) or tls-unique (RFC 5929, of TLS 1.2 alone). Both
 * only where nobody can make two sessions share them: TLS 1.3, or 1.2 with an
 * extended master secret (RFC 7627). Appends the bytes; false: this session
 * has no such thing. */
enum tls_binding { TLS_BINDING_UNIQUE, TLS_BINDING_EXPORTER };
bool tls_bind(const struct tls *t, enum tls_binding kind, struct buf *out);
