/* Credentials of the client's side: whom it trusts, what it shows itself. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/tls.h"
#include "net/tls_parts.h"

static bool trust_system(struct tls_client *c, struct err *err)
{
    if (gnutls_certificate_set_x509_system_trust(c->credentials) > 0) {
        return true;
    }
    err_set(err, EX_CONFIG,
            "this system trusts no certificates (package ca-certificates; "
            "--tls-ca FILE names another trust)");
    return false;
}

bool tls_client_asks(const struct tls_client *c)
{
    return c->verify || c->fingerprint.size > 0 || c->pin_count > 0;
}

/* Trust is loaded only where it is asked. */
static bool take_trust(struct tls_client *c,
                       const struct tls_client_settings *settings,
                       struct err *err)
{
    c->verify = settings->verify;
    c->fingerprint = settings->fingerprint;
    c->pin_count = settings->pin_count;
    if (c->pin_count > 0) {
        c->pins = mem_alloc_zero(c->pin_count, sizeof *c->pins);
        memcpy(c->pins, settings->pins, c->pin_count * sizeof *c->pins);
    }
    if (tls_client_asks(c)) {
        gnutls_certificate_set_verify_function(c->credentials,
                                               tls_trust_verify);
    }
    if (!c->verify || c->fingerprint.size > 0) {
        return true;
    }
    c->ca_file = settings->ca_file != NULL;
    return settings->ca_file
               ? tls_file_trust(c->credentials, settings->ca_file, err)
               : trust_system(c, err);
}

struct tls_client *tls_client_create(const struct tls_client_settings *settings,
                                     struct err *err)
{
    /* 112 bits, as OpenSSL asks on the same systems: RSA of 2048. */
    static const char *const priorities[] = {
        [TLS_1_2] = TLS_PRIORITY ":%PROFILE_MEDIUM",
        [TLS_1_3] = TLS_PRIORITY_NEWEST ":%PROFILE_MEDIUM",
    };
    struct tls_client *c = mem_alloc_zero(1, sizeof *c);
    c->version_min = settings->version_min;
    bool good = gnutls_certificate_allocate_credentials(&c->credentials) == 0 &&
                gnutls_priority_init(&c->priority, priorities[c->version_min],
                                     NULL) == 0;
    if (!good) {
        err_set(err, EX_CONFIG,
                "TLS: the system's policy allows no version that is asked for");
    }
    c->own = settings->cert_file != NULL;
    if (!good || !take_trust(c, settings, err) ||
        (c->own && !tls_file_show(c->credentials, settings->cert_file,
                                  settings->key_file, err))) {
        tls_client_destroy(c);
        return NULL;
    }
    return c;
}

void tls_client_destroy(struct tls_client *c)
{
    if (!c) {
        return;
    }
    if (c->credentials) {
        gnutls_certificate_free_credentials(c->credentials);
    }
    if (c->priority) {
        gnutls_priority_deinit(c->priority);
    }
    tls_tickets_drop(c);
    free(c->pins);
    free(c);
}
