#include <errno.h>
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "base/mem.h"
#include "net/tls.h"
#include "net/tls_parts.h"

enum { HOUR_S = 3600, SERIAL_BYTES = 16 };

/* Each step of making a certificate gives a GnuTLS code; the first that fails
 * is kept, and the steps behind it do nothing that matters. */
struct making {
    gnutls_x509_crt_t certificate;
    gnutls_x509_privkey_t key;
    int code;
};

static void step(struct making *m, int code)
{
    if (m->code >= 0 && code < 0) {
        m->code = code;
    }
}

static void set_names(struct making *m, const char *const *names, size_t count)
{
    step(m, gnutls_x509_crt_set_dn_by_oid(
                m->certificate, GNUTLS_OID_X520_COMMON_NAME, 0, "mailshot sink",
                strlen("mailshot sink")));
    for (size_t i = 0; i < count; i++) {
        unsigned char address[16];
        unsigned size;
        bool is_address = tls_trust_address(names[i], address, &size);
        const void *name = is_address ? (const void *)address : names[i];
        step(m, gnutls_x509_crt_set_subject_alt_name(
                    m->certificate,
                    is_address ? GNUTLS_SAN_IPADDRESS : GNUTLS_SAN_DNSNAME,
                    name, is_address ? size : (unsigned)strlen(names[i]),
                    GNUTLS_FSAN_APPEND));
    }
}

static void set_serial(struct making *m)
{
    unsigned char serial[SERIAL_BYTES];
    step(m, gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof serial));
    /* RFC 5280 4.1.2.2: positive, and not zero. */
    serial[0] = (unsigned char)((serial[0] & 0x3f) | 0x40);
    step(m, gnutls_x509_crt_set_serial(m->certificate, serial, sizeof serial));
}

static void set_uses(struct making *m)
{
    unsigned char id[64];
    size_t size = sizeof id;
    step(m, gnutls_x509_crt_get_key_id(m->certificate, GNUTLS_KEYID_USE_SHA256,
                                       id, &size));
    step(m, gnutls_x509_crt_set_subject_key_id(m->certificate, id, size));
    step(m, gnutls_x509_crt_set_authority_key_id(m->certificate, id, size));
    /* It is its own issuer, and strict verifiers want that to be one. */
    step(m, gnutls_x509_crt_set_basic_constraints(m->certificate, 1, 0));
    step(m, gnutls_x509_crt_set_key_usage(m->certificate,
                                          GNUTLS_KEY_DIGITAL_SIGNATURE |
                                              GNUTLS_KEY_KEY_CERT_SIGN));
    step(m, gnutls_x509_crt_set_key_purpose_oid(m->certificate,
                                                GNUTLS_KP_TLS_WWW_SERVER, 0));
}

static void make(struct making *m, const char *const *names, size_t count)
{
    step(m, gnutls_x509_privkey_generate(
                m->key, GNUTLS_PK_ECDSA,
                GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0));
    time_t start = time(NULL) - HOUR_S;
    step(m, gnutls_x509_crt_set_version(m->certificate, 3));
    step(m, gnutls_x509_crt_set_key(m->certificate, m->key));
    step(m, gnutls_x509_crt_set_activation_time(m->certificate, start));
    step(m, gnutls_x509_crt_set_expiration_time(m->certificate,
                                                start + 24 * HOUR_S));
    set_names(m, names, count);
    set_serial(m);
    set_uses(m);
    step(m, gnutls_x509_crt_sign2(m->certificate, m->certificate, m->key,
                                  GNUTLS_DIG_SHA256, 0));
}

/* A certificate of our own making is shown. */
static void make_own(struct tls_server *s, const char *const *names,
                     size_t count, struct err *err)
{
    struct making m = {0};
    step(&m, gnutls_x509_crt_init(&m.certificate));
    step(&m, gnutls_x509_privkey_init(&m.key));
    if (m.code >= 0) {
        make(&m, names, count);
    }
    if (m.code >= 0) {
        step(&m, gnutls_certificate_set_x509_key(s->credentials, &m.certificate,
                                                 1, m.key));
        step(&m, gnutls_x509_crt_export2(m.certificate, GNUTLS_X509_FMT_PEM,
                                         &s->pem));
    }
    gnutls_x509_crt_deinit(m.certificate);
    gnutls_x509_privkey_deinit(m.key);
    if (m.code < 0) {
        err_set(err, EX_SOFTWARE, "the certificate cannot be made: %s",
                gnutls_strerror(m.code));
    }
}

static bool equip(struct tls_server *s,
                  const struct tls_server_settings *settings, struct err *err)
{
    static const char *const priorities[] = {
        [TLS_1_2] = TLS_PRIORITY_OLDEST,
        [TLS_1_3] = TLS_PRIORITY,
    };
    if (gnutls_certificate_allocate_credentials(&s->credentials) < 0 ||
        gnutls_priority_init(&s->priority, priorities[settings->version_max],
                             NULL) < 0 ||
        (settings->resumes &&
         gnutls_session_ticket_key_generate(&s->ticket_key) < 0)) {
        err_set(err, EX_SOFTWARE, "TLS cannot be had");
        return false;
    }
    s->asks = settings->client_ca_file != NULL;
    if (s->asks &&
        !tls_file_trust(s->credentials, settings->client_ca_file, err)) {
        return false;
    }
    if (settings->cert_file) {
        return tls_file_show(s->credentials, settings->cert_file,
                             settings->key_file, err);
    }
    make_own(s, settings->names, settings->name_count, err);
    return s->pem.data != NULL;
}

struct tls_server *tls_server_create(const struct tls_server_settings *settings,
                                     struct err *err)
{
    struct tls_server *s = mem_alloc_zero(1, sizeof *s);
    if (!equip(s, settings, err)) {
        tls_server_destroy(s);
        return NULL;
    }
    return s;
}

void tls_server_destroy(struct tls_server *s)
{
    if (!s) {
        return;
    }
    if (s->credentials) {
        gnutls_certificate_free_credentials(s->credentials);
    }
    if (s->priority) {
        gnutls_priority_deinit(s->priority);
    }
    if (s->ticket_key.data) {
        mem_wipe(s->ticket_key.data, s->ticket_key.size);
        gnutls_free(s->ticket_key.data);
    }
    gnutls_free(s->pem.data);
    free(s);
}

bool tls_server_write_certificate(const struct tls_server *s, const char *path,
                                  struct err *err)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file < 0) {
        err_set(err, EX_CANTCREAT, "%s: cannot be created: %s", path,
                strerror(errno));
        return false;
    }
    bool whole = descriptor_write(
        file, span_from((const char *)s->pem.data, s->pem.size));
    int reason = errno;
    if (close(file) != 0 && whole) {
        whole = false;
        reason = errno;
    }
    if (!whole) {
        err_set(err, EX_IOERR, "%s: cannot be written: %s", path,
                strerror(reason));
    }
    return whole;
}
