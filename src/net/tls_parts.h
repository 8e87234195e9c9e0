/* What do the TLS files of this room share? For net/tls*.c alone. */
#pragma once

#include <gnutls/gnutls.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

struct tls_client {
    gnutls_certificate_credentials_t credentials;
    gnutls_priority_t priority;
};

struct tls_server {
    gnutls_certificate_credentials_t credentials;
    gnutls_priority_t priority;
    gnutls_datum_t ticket_key;
    gnutls_datum_t pem; /* of the certificate */
};

struct tls {
    gnutls_session_t session;
    struct span in; /* fed and not yet pulled */
    struct buf *out;
    bool dry; /* GnuTLS asked for more than was fed */
    char *name;
    struct err refusal; /* of the peer's certificate; status 0: none */
    char description[64];
};

/* GnuTLS's own NORMAL still speaks TLS 1.0 and 1.1. */
#define TLS_PRIORITY "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

/* GnuTLS calls it when the peer's certificate has come. Refuses all but one
 * of good standing, for this name and for servers; says why in refusal. */
int tls_trust_verify(gnutls_session_t session);

/* Is the name an IP address? Its bytes are for an iPAddress name then. */
bool tls_trust_address(const char *name, unsigned char bytes_out[16],
                       unsigned *size_out);
