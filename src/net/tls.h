/* Who is at the other end, and does nobody else read along?
 *
 * GnuTLS through memory BIOs: no sockets here. TLS 1.2 and 1.3 only; chain,
 * name (subject alternative names, never the CN) and key purpose serverAuth
 * are verified inside the handshake. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

struct tls_client_settings {
    bool verify;         /* false: --tls unverified */
    const char *ca_file; /* NULL: the system's trust */
};

/* Credentials, shared by all sessions. NULL: EX_CONFIG (78) naming the file. */
struct tls_client *tls_client_create(const struct tls_client_settings *settings,
                                     struct err *err);
void tls_client_destroy(struct tls_client *c);

/* A server with a certificate made now for these DNS names and IP addresses,
 * signed by itself, valid for a day. */
struct tls_server *tls_server_create(const char *const *names, size_t count,
                                     struct err *err);
void tls_server_destroy(struct tls_server *s);
/* Writes the certificate as PEM, so that --tls-ca can trust it. */
bool tls_server_write_certificate(const struct tls_server *s, const char *path,
                                  struct err *err);

/* One session's TLS. Ciphertext goes in by tls_feed and comes out in
 * tls_outbox; the owner moves it and drops it from the front. */
struct tls;

struct tls *tls_start_client(struct tls_client *c, const char *name);
struct tls *tls_start_server(struct tls_server *s);
void tls_destroy(struct tls *t);

enum tls_result {
    TLS_DONE,
    TLS_AGAIN,  /* more ciphertext is needed */
    TLS_CLOSED, /* close_notify came */
    TLS_FAILED, /* *err says why: EX_PROTOCOL (76) */
};

void tls_feed(struct tls *t, struct span ciphertext);
enum tls_result tls_handshake(struct tls *t, struct err *err);

/* Appends all plaintext there is. TLS_AGAIN when the input is used up. */
enum tls_result tls_read(struct tls *t, struct buf *plain, struct err *err);

/* One record: at most 16,384 bytes. */
bool tls_write(struct tls *t, struct span plain, struct err *err);
void tls_bye(struct tls *t);
struct buf *tls_outbox(struct tls *t);

struct span tls_description(const struct tls *t); /* after the handshake */
