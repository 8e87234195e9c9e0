#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/tls.h"
#include "net/tls_parts.h"

enum {
    TRUST_FILE_MAX = 32 * 1024 * 1024,
    NAMES_SHOWN = 4,
    NAME_BYTES = 256,
};

/* What is wrong with a certificate. */

struct flaw {
    unsigned status; /* a bit of GnuTLS's verdict */
    const char *text;
    void (*detail)(struct buf *out, gnutls_x509_crt_t leaf);
};

static void append_date(struct buf *out, const char *before, time_t when)
{
    struct tm tm;
    if (when != (time_t)-1 && gmtime_r(&when, &tm)) {
        buf_append_format(out, "%s%04d-%02d-%02d", before, tm.tm_year + 1900,
                          tm.tm_mon + 1, tm.tm_mday);
    }
}

static void detail_expired(struct buf *out, gnutls_x509_crt_t leaf)
{
    time_t end = gnutls_x509_crt_get_expiration_time(leaf);
    if (end < time(NULL)) {
        append_date(out, " on ", end);
    } else {
        buf_append(out, SPAN(" (not it, but one of its issuers)"));
    }
}

static void detail_not_yet(struct buf *out, gnutls_x509_crt_t leaf)
{
    append_date(out, " before ", gnutls_x509_crt_get_activation_time(leaf));
    buf_append(out, SPAN(" (is the clock of this machine right?)"));
}

static void append_address(struct buf *out, const char *bytes, size_t size)
{
    char text[INET6_ADDRSTRLEN];
    int family = size == 4 ? AF_INET : AF_INET6;
    if ((size == 4 || size == 16) &&
        inet_ntop(family, bytes, text, sizeof text)) {
        buf_append(out, span_of(text));
    }
}

/* False: there is no such name. */
static bool append_name(struct buf *out, gnutls_x509_crt_t leaf, unsigned index)
{
    char name[NAME_BYTES];
    size_t size = sizeof name;
    int type =
        gnutls_x509_crt_get_subject_alt_name(leaf, index, name, &size, NULL);
    if (type == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE) {
        return false;
    }
    if (type == GNUTLS_SAN_DNSNAME || type == GNUTLS_SAN_IPADDRESS) {
        buf_append(out, out->len > 0 ? SPAN(", ") : SPAN(""));
    }
    if (type == GNUTLS_SAN_DNSNAME) {
        buf_append(out, span_from(name, size));
    } else if (type == GNUTLS_SAN_IPADDRESS) {
        append_address(out, name, size);
    }
    return true;
}

static void detail_names(struct buf *out, gnutls_x509_crt_t leaf)
{
    struct buf names;
    buf_init(&names, NAMES_SHOWN * (NAME_BYTES + 2));
    unsigned index = 0;
    while (index < NAMES_SHOWN && append_name(&names, leaf, index)) {
        index++;
    }
    if (names.len > 0) {
        buf_append(out, SPAN(" but "));
        buf_append(out, buf_span(&names));
    }
    buf_append(out, SPAN(" (--tls-name HOST expects another name)"));
    buf_release(&names);
}

static void detail_issuer(struct buf *out, gnutls_x509_crt_t leaf)
{
    bool itself = gnutls_x509_crt_check_issuer(leaf, leaf) == 1;
    buf_append(out, itself ? SPAN("it is signed by itself")
                           : SPAN("its issuer is unknown"));
    buf_append(out, SPAN(" (--tls-ca FILE names another trust)"));
}

/* In order: the first that applies is said. */
static const struct flaw flaws[] = {
    {GNUTLS_CERT_SIGNER_NOT_FOUND, "", detail_issuer},
    {GNUTLS_CERT_SIGNER_NOT_CA, "its issuer must not issue certificates", NULL},
    {GNUTLS_CERT_SIGNATURE_FAILURE, "its signature is wrong", NULL},
    {GNUTLS_CERT_REVOKED, "it is revoked", NULL},
    {GNUTLS_CERT_EXPIRED, "it has expired", detail_expired},
    {GNUTLS_CERT_NOT_ACTIVATED, "it is not valid", detail_not_yet},
    {GNUTLS_CERT_PURPOSE_MISMATCH,
     "it is not for servers (no key purpose serverAuth)", NULL},
    {GNUTLS_CERT_UNEXPECTED_OWNER, "it does not name this host", detail_names},
    {GNUTLS_CERT_INSECURE_ALGORITHM, "its algorithm or key is too weak", NULL},
    {GNUTLS_CERT_SIGNER_CONSTRAINTS_FAILURE,
     "its issuer may not issue for this name", NULL},
};

static void append_flaw(struct buf *out, unsigned status,
                        gnutls_x509_crt_t leaf)
{
    for (size_t i = 0; i < sizeof flaws / sizeof *flaws; i++) {
        if (status & flaws[i].status) {
            buf_append(out, span_of(flaws[i].text));
            if (flaws[i].detail) {
                flaws[i].detail(out, leaf);
            }
            return;
        }
    }
    buf_append(out, SPAN("it does not verify"));
}

static void refuse(struct tls *t, unsigned status, gnutls_x509_crt_t leaf)
{
    struct buf text;
    buf_init(&text, ERR_TEXT_BYTES * 2);
    append_flaw(&text, status, leaf);
    err_set(&t->refusal, EX_PROTOCOL,
            "the certificate of %s is not trusted: %.*s", t->name,
            (int)text.len, text.data);
    buf_release(&text);
}

/* The verdict. */

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

/* GnuTLS takes the CN where no DNS name stands beside it. RFC 9525 2 does
 * not, and neither do we. */
static bool has_dns_name(gnutls_x509_crt_t leaf)
{
    int type = 0;
    for (unsigned index = 0; type != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE;
         index++) {
        char name[NAME_BYTES];
        size_t size = sizeof name;
        type = gnutls_x509_crt_get_subject_alt_name(leaf, index, name, &size,
                                                    NULL);
        if (type == GNUTLS_SAN_DNSNAME) {
            return true;
        }
    }
    return false;
}

static bool judge(struct tls *t, gnutls_x509_crt_t leaf, unsigned *status)
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
    if (*status == 0 && !is_address && !has_dns_name(leaf)) {
        *status = GNUTLS_CERT_INVALID | GNUTLS_CERT_UNEXPECTED_OWNER;
    }
    return *status == 0;
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
    unsigned status = GNUTLS_CERT_INVALID;
    bool good = gnutls_x509_crt_import(leaf, shown, GNUTLS_X509_FMT_DER) == 0 &&
                judge(t, leaf, &status);
    if (!good) {
        refuse(t, status, leaf);
    }
    gnutls_x509_crt_deinit(leaf);
    return good ? 0 : GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR;
}

/* The client's credentials. */

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

static bool trust_file(struct tls_client *c, const char *path, struct err *err)
{
    struct buf pem;
    buf_init(&pem, TRUST_FILE_MAX);
    bool read = read_file(path, &pem);
    if (!read) {
        err_set(err, EX_CONFIG, "%s: cannot be read: %s", path,
                strerror(errno));
    } else {
        gnutls_datum_t datum = {(unsigned char *)pem.data, (unsigned)pem.len};
        int count = gnutls_certificate_set_x509_trust_mem(
            c->credentials, &datum, GNUTLS_X509_FMT_PEM);
        read = pem.len > 0 && count > 0;
        if (!read) {
            err_set(err, EX_CONFIG, "%s: holds no certificate (PEM)", path);
        }
    }
    buf_release(&pem);
    return read;
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

struct tls_client *tls_client_create(const struct tls_client_settings *settings,
                                     struct err *err)
{
    struct tls_client *c = mem_alloc_zero(1, sizeof *c);
    bool good = gnutls_certificate_allocate_credentials(&c->credentials) == 0 &&
                gnutls_priority_init(&c->priority, TLS_PRIORITY, NULL) == 0;
    if (!good) {
        err_set(err, EX_CONFIG,
                "TLS: the system's policy allows neither "
                "version 1.2 nor 1.3");
    } else if (settings->verify) {
        gnutls_certificate_set_verify_function(c->credentials,
                                               tls_trust_verify);
        good = settings->ca_file ? trust_file(c, settings->ca_file, err)
                                 : trust_system(c, err);
    }
    if (!good) {
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
    free(c);
}
