/* What do the TLS files of this room share? For net/tls*.c alone. */
#pragma once

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdbool.h>
#include <time.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "net/tls_settings.h"

struct tls_client {
    gnutls_certificate_credentials_t credentials;
    gnutls_priority_t priority;
    enum tls_version version_min;
    bool verify;
    bool ca_file; /* the trust is not the system's */
    bool own;     /* there is a certificate of ours */
    struct tls_fingerprint fingerprint;
    struct tls_pin *pins;
    size_t pin_count;
    struct tls_ticket *tickets; /* one a name and place */
};

struct tls_server {
    gnutls_certificate_credentials_t credentials;
    gnutls_priority_t priority;
    gnutls_datum_t ticket_key; /* NULL: no session is resumed */
    gnutls_datum_t pem;        /* of the certificate that was made */
    bool asks;                 /* for a certificate of the client */
};

struct tls {
    gnutls_session_t session;
    struct tls_client *client; /* NULL: we are the server */
    struct span in;            /* fed and not yet pulled */
    struct buf *out;
    bool dry;                   /* GnuTLS asked for more than was fed */
    struct tls_ticket *offered; /* to be resumed; NULL: none */
    bool kept;                  /* this one, to be resumed */
    bool heard;                 /* something was read */
    time_t offered_until; /* of the one offered: its certificates' validity */
    char *name;
    char *where;        /* of a client: the place of its peer */
    struct err refusal; /* of the peer's certificate; status 0: none */
    char description[64];
};

/* GnuTLS's own NORMAL still speaks TLS 1.0 and 1.1. */
#define TLS_PRIORITY "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"
#define TLS_PRIORITY_OLDEST "NORMAL:-VERS-ALL:+VERS-TLS1.2"
#define TLS_PRIORITY_NEWEST "NORMAL:-VERS-ALL:+VERS-TLS1.3"

/* --- tls_client.c --- */

/* Is anything asked of the peer's certificate? */
bool tls_client_asks(const struct tls_client *c);

/* --- tls_files.c: the file is named by EX_NOINPUT (66) where it cannot be
 * read, by EX_CONFIG (78) where it is wrong --- */

bool tls_file_trust(gnutls_certificate_credentials_t to, const char *path,
                    struct err *err);
/* key NULL: it is in the file of the certificate. */
bool tls_file_show(gnutls_certificate_credentials_t to, const char *cert,
                   const char *key, struct err *err);

/* --- tls_tickets.c --- */

void tls_ticket_offer(struct tls *t);  /* of a client, before its handshake */
void tls_ticket_keep(struct tls *t);   /* once, as soon as there is one */
void tls_ticket_forget(struct tls *t); /* that was offered */
void tls_tickets_drop(struct tls_client *c);

/* --- tls_facts.c --- */

void tls_describe(struct tls *t); /* fills its description */

/* --- tls_trust.c --- */

/* GnuTLS calls it when the peer's certificate has come. Refuses all but one
 * that the client's settings accept; says why in refusal. */
int tls_trust_verify(gnutls_session_t session);

/* The pin of its key. False: it has none that can be read. */
bool tls_trust_pin(gnutls_x509_crt_t leaf, struct tls_pin *out);

/* Is the name an IP address? Its bytes are for an iPAddress name then. */
bool tls_trust_address(const char *name, unsigned char bytes_out[16],
                       unsigned *size_out);

/* --- tls_refusal.c: sets t->refusal --- */

/* `status`: what GnuTLS found wrong with chain, name or purpose. */
void tls_refuse_chain(struct tls *t, unsigned status, gnutls_x509_crt_t leaf);
void tls_refuse_key(struct tls *t, gnutls_x509_crt_t leaf);
void tls_refuse_print(struct tls *t, gnutls_x509_crt_t leaf);
