/* Credentials of the client's side: its trust, and what it shows itself. */
#include <errno.h>
#include <fcntl.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/tls.h"
#include "net/tls_parts.h"

enum { FILE_BYTES_MAX = 32 * 1024 * 1024 };

static bool read_file(const char *path, struct buf *out)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return false;
    }
    ssize_t got = 1;
    while (got > 0) {
        char *to = buf_reserve(out, 4096);
        if (!to) {
            got = -1;
            errno = EFBIG;
            break;
        }
        got = read(file, to, 4096);
        buf_commit(out, got > 0 ? (size_t)got : 0);
    }
    int saved = errno;
    close(file);
    errno = saved;
    return got == 0;
}

static bool load_file(const char *path, struct buf *out, struct err *err)
{
    buf_init(out, FILE_BYTES_MAX);
    if (read_file(path, out)) {
        return true;
    }
    err_set(err, EX_CONFIG, "%s: cannot be read: %s", path, strerror(errno));
    return false;
}

static gnutls_datum_t datum_of(const struct buf *b)
{
    return (gnutls_datum_t){(unsigned char *)b->data, (unsigned)b->len};
}

static bool trust_file(struct tls_client *c, const char *path, struct err *err)
{
    struct buf pem;
    bool good = load_file(path, &pem, err);
    if (good) {
        gnutls_datum_t datum = datum_of(&pem);
        int count = gnutls_certificate_set_x509_trust_mem(
            c->credentials, &datum, GNUTLS_X509_FMT_PEM);
        good = pem.len > 0 && count > 0;
        if (!good) {
            err_set(err, EX_CONFIG, "%s: holds no certificate (PEM)", path);
        }
    }
    buf_release(&pem);
    return good;
}

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
    if (c->verify || c->fingerprint.size > 0 || c->pin_count > 0) {
        gnutls_certificate_set_verify_function(c->credentials,
                                               tls_trust_verify);
    }
    if (!c->verify || c->fingerprint.size > 0) {
        return true;
    }
    c->ca_file = settings->ca_file != NULL;
    return settings->ca_file ? trust_file(c, settings->ca_file, err)
                             : trust_system(c, err);
}

/* What is wrong with our own certificate, or its key. */
static void explain_own(int code, const char *cert, const char *key,
                        struct err *err)
{
    if (code == GNUTLS_E_CERTIFICATE_KEY_MISMATCH) {
        err_set(err, EX_CONFIG, "%s: is not the key of %s", key, cert);
    } else if (code == GNUTLS_E_DECRYPTION_FAILED) {
        err_set(err, EX_CONFIG,
                "%s: the key has a passphrase, and nobody is asked for one",
                key);
    } else if (cert == key) {
        err_set(err, EX_CONFIG,
                "%s: holds no certificate with its key (PEM): %s", cert,
                gnutls_strerror(code));
    } else {
        err_set(err, EX_CONFIG,
                "%s and %s: no certificate and its key (PEM): %s", cert, key,
                gnutls_strerror(code));
    }
}

static bool take_own(struct tls_client *c,
                     const struct tls_client_settings *settings,
                     struct err *err)
{
    const char *cert = settings->cert_file;
    const char *key = settings->key_file ? settings->key_file : cert;
    if (!cert) {
        return true;
    }
    struct buf cert_pem, key_pem = {0};
    bool good =
        load_file(cert, &cert_pem, err) && load_file(key, &key_pem, err);
    if (good) {
        gnutls_datum_t certs = datum_of(&cert_pem);
        gnutls_datum_t keys = datum_of(&key_pem);
        int code = gnutls_certificate_set_x509_key_mem2(
            c->credentials, &certs, &keys, GNUTLS_X509_FMT_PEM, NULL, 0);
        good = code >= 0;
        if (!good) {
            explain_own(code, cert, key, err);
        }
    }
    c->own = good;
    buf_wipe(&cert_pem);
    buf_wipe(&key_pem);
    return good;
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
    if (!good || !take_trust(c, settings, err) || !take_own(c, settings, err)) {
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
    free(c->pins);
    free(c);
}
