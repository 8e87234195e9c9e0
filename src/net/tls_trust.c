#include <arpa/inet.h>
#include <gnutls/x509.h>
#include <string.h>

#include "net/tls.h"
#include "net/tls_parts.h"

enum { NAME_BYTES = 256 };

bool tls_trust_address(const char *name, unsigned char bytes_out[16],
                       unsigned *size_out)
{
    if (inet_pton(AF_INET, name, bytes_out) == 1) {
        *size_out = 4;
        return true;
    }
    *size_out = 16;
    return inet_pton(AF_INET6, name, bytes_out) == 1;
}

/* RFC 9525 6.3: a wildcard is the whole of the leftmost label, and stands for
 * one. GnuTLS takes `*a.example`, too. */
static bool name_fits(struct span shown, struct span host)
{
    if (span_starts(shown, SPAN("*."))) {
        size_t label = span_find(host, '.');
        shown = span_rest(shown, 1);
        host = span_rest(host, label);
        return label > 0 && span_equal_nocase(shown, host);
    }
    return span_equal_nocase(shown, host);
}

/* GnuTLS takes the CN where no DNS name stands beside it. RFC 9525 2 does
 * not, and neither do we. */
static bool names_host(gnutls_x509_crt_t leaf, struct span host)
{
    int type = 0;
    for (unsigned index = 0; type >= 0 || type == GNUTLS_E_SHORT_MEMORY_BUFFER;
         index++) {
        char name[NAME_BYTES];
        size_t size = sizeof name;
        type = gnutls_x509_crt_get_subject_alt_name(leaf, index, name, &size,
                                                    NULL);
        if (type == GNUTLS_SAN_DNSNAME &&
            name_fits(span_from(name, size), host)) {
            return true;
        }
    }
    return false;
}

static bool chain_holds(struct tls *t, gnutls_x509_crt_t leaf, unsigned *status)
{
    unsigned char address[16];
    unsigned size;
    bool is_address = tls_trust_address(t->name, address, &size);
    gnutls_typed_vdata_st asked[] = {
        {.type = GNUTLS_DT_KEY_PURPOSE_OID,
         .data = (unsigned char *)GNUTLS_KP_TLS_WWW_SERVER},
        {.type = is_address ? GNUTLS_DT_IP_ADDRESS : GNUTLS_DT_DNS_HOSTNAME,
         .data = is_address ? address : (unsigned char *)t->name,
         .size = is_address ? size : (unsigned)strlen(t->name)},
    };
    int result = gnutls_certificate_verify_peers(
        t->session, asked, sizeof asked / sizeof *asked, status);
    if (result != GNUTLS_E_SUCCESS) {
        *status = GNUTLS_CERT_INVALID;
        return false;
    }
    if (*status == 0 && !is_address && !names_host(leaf, span_of(t->name))) {
        *status = GNUTLS_CERT_INVALID | GNUTLS_CERT_UNEXPECTED_OWNER;
    }
    return *status == 0;
}

static bool print_fits(const struct tls_fingerprint *wanted,
                       gnutls_x509_crt_t leaf)
{
    unsigned char print[TLS_SHA256_BYTES];
    size_t size = sizeof print;
    gnutls_digest_algorithm_t digest = wanted->size == 32   ? GNUTLS_DIG_SHA256
                                       : wanted->size == 20 ? GNUTLS_DIG_SHA1
                                                            : GNUTLS_DIG_MD5;
    return gnutls_x509_crt_get_fingerprint(leaf, digest, print, &size) == 0 &&
           size == wanted->size && memcmp(print, wanted->bytes, size) == 0;
}

bool tls_trust_pin(gnutls_x509_crt_t leaf, struct tls_pin *out)
{
    size_t size = sizeof out->sha256;
    return gnutls_x509_crt_get_key_id(leaf, GNUTLS_KEYID_USE_SHA256,
                                      out->sha256, &size) == 0;
}

static bool pinned(const struct tls_client *c, gnutls_x509_crt_t leaf)
{
    struct tls_pin pin;
    if (!tls_trust_pin(leaf, &pin)) {
        return false;
    }
    for (size_t i = 0; i < c->pin_count; i++) {
        if (memcmp(&c->pins[i], &pin, sizeof pin) == 0) {
            return true;
        }
    }
    return false;
}

static bool trusts(struct tls *t, gnutls_x509_crt_t leaf)
{
    const struct tls_client *c = t->client;
    unsigned status = GNUTLS_CERT_INVALID;
    if (c->fingerprint.size > 0) {
        if (!print_fits(&c->fingerprint, leaf)) {
            tls_refuse_print(t, leaf);
            return false;
        }
    } else if (c->verify && !chain_holds(t, leaf, &status)) {
        tls_refuse_chain(t, status, leaf);
        return false;
    }
    if (c->pin_count > 0 && !pinned(c, leaf)) {
        tls_refuse_key(t, leaf);
        return false;
    }
    return true;
}

int tls_trust_verify(gnutls_session_t session)
{
    struct tls *t = gnutls_session_get_ptr(session);
    unsigned count = 0;
    const gnutls_datum_t *shown = gnutls_certificate_get_peers(session, &count);
    gnutls_x509_crt_t leaf;
    if (!shown || count == 0 || gnutls_x509_crt_init(&leaf) < 0) {
        return GNUTLS_E_NO_CERTIFICATE_FOUND;
    }
    bool good = gnutls_x509_crt_import(leaf, shown, GNUTLS_X509_FMT_DER) == 0;
    if (!good) {
        err_set(&t->refusal, EX_PROTOCOL,
                "the certificate of %s cannot be read", t->name);
    }
    good = good && trusts(t, leaf);
    gnutls_x509_crt_deinit(leaf);
    return good ? 0 : GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR;
}
