/* What is wrong with a certificate, and what may be done about it? */
#include <arpa/inet.h>
#include <gnutls/x509.h>
#include <time.h>

#include "net/tls.h"
#include "net/tls_parts.h"

enum {
    NAMES_SHOWN = 4,
    NAMES_BYTES_MAX = 400,
    NAME_BYTES = 256,
};

struct flaw {
    unsigned status; /* a bit of GnuTLS's verdict */
    const char *text;
    void (*detail)(struct buf *out, gnutls_x509_crt_t leaf);
    const char *hint; /* what may be done about it; NULL: nothing */
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
        buf_append(out, SPAN(", or rather one of its issuers has"));
    }
}

static void detail_not_yet(struct buf *out, gnutls_x509_crt_t leaf)
{
    append_date(out, " before ", gnutls_x509_crt_get_activation_time(leaf));
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
    buf_init(&names, NAMES_BYTES_MAX);
    unsigned index = 0;
    while (index < NAMES_SHOWN && append_name(&names, leaf, index)) {
        index++;
    }
    if (names.len > 0) {
        buf_append(out, SPAN(" but "));
        buf_append(out, buf_span(&names));
    }
    buf_release(&names);
}

static void detail_issuer(struct buf *out, gnutls_x509_crt_t leaf)
{
    bool itself = gnutls_x509_crt_check_issuer(leaf, leaf) == 1;
    buf_append(out, itself ? SPAN("it is signed by itself")
                           : SPAN("its issuer is unknown"));
}

static void append_print(struct buf *out, gnutls_x509_crt_t leaf)
{
    unsigned char print[TLS_SHA256_BYTES];
    size_t size = sizeof print;
    if (gnutls_x509_crt_get_fingerprint(leaf, GNUTLS_DIG_SHA256, print,
                                        &size) == 0) {
        for (size_t i = 0; i < size; i++) {
            buf_append_format(out, i == 0 ? "%02X" : ":%02X", print[i]);
        }
    }
}

static void detail_print(struct buf *out, gnutls_x509_crt_t leaf)
{
    buf_append(out, SPAN(", it is "));
    append_print(out, leaf);
}

static const char other_trust[] = "--tls-ca FILE names another trust";
static const char right_clock[] = "is the clock of this machine right?";

/* In order: the first that applies is said. */
static const struct flaw flaws[] = {
    {GNUTLS_CERT_SIGNER_NOT_FOUND, "", detail_issuer, other_trust},
    {GNUTLS_CERT_SIGNER_NOT_CA, "its issuer must not issue certificates", NULL,
     other_trust},
    {GNUTLS_CERT_SIGNATURE_FAILURE, "its signature is wrong", NULL, NULL},
    {GNUTLS_CERT_REVOKED, "it is revoked", NULL, NULL},
    {GNUTLS_CERT_EXPIRED, "it has expired", detail_expired, right_clock},
    {GNUTLS_CERT_NOT_ACTIVATED, "it is not valid", detail_not_yet, right_clock},
    {GNUTLS_CERT_PURPOSE_MISMATCH,
     "it is not for servers (no key purpose serverAuth)", NULL, NULL},
    {GNUTLS_CERT_UNEXPECTED_OWNER, "it does not name this host", detail_names,
     "--tls-name HOST expects another name"},
    {GNUTLS_CERT_INSECURE_ALGORITHM,
     "its algorithm or key is too weak, or its issuer's", NULL, NULL},
    {GNUTLS_CERT_SIGNER_CONSTRAINTS_FAILURE,
     "its issuer may not issue for this name", NULL, NULL},
    {0, "it does not verify", NULL, NULL},
};

static const struct flaw other_key = {0, "its key is none that --tls-pin names",
                                      NULL, NULL};
static const struct flaw other_print = {
    0, "its fingerprint is not the one asked for", detail_print, NULL};

/* What was seen is shown: who knows that it is the relay's own can name it. */
static void append_hints(struct buf *out, const struct flaw *flaw,
                         gnutls_x509_crt_t leaf)
{
    struct tls_pin pin;
    buf_append(out, SPAN(" ("));
    if (flaw->hint) {
        buf_append(out, span_of(flaw->hint));
        buf_append(out, SPAN("; "));
    }
    gnutls_datum_t text;
    gnutls_datum_t raw = {pin.sha256, sizeof pin.sha256};
    if (tls_trust_pin(leaf, &pin) &&
        gnutls_base64_encode2(&raw, &text) == GNUTLS_E_SUCCESS) {
        buf_append_format(out, "its key is --tls-pin sha256//%.*s",
                          (int)text.size, (char *)text.data);
        gnutls_free(text.data);
    }
    buf_append_byte(out, ')');
}

static void refuse(struct tls *t, const struct flaw *flaw,
                   gnutls_x509_crt_t leaf)
{
    struct buf text;
    buf_init(&text, ERR_TEXT_BYTES * 2);
    buf_append(&text, span_of(flaw->text));
    if (flaw->detail) {
        flaw->detail(&text, leaf);
    }
    append_hints(&text, flaw, leaf);
    err_set(&t->refusal, EX_PROTOCOL,
            "the certificate of %s is not trusted: %.*s", t->name,
            (int)text.len, text.data);
    buf_release(&text);
}

void tls_refuse_chain(struct tls *t, unsigned status, gnutls_x509_crt_t leaf)
{
    const struct flaw *flaw = flaws;
    while (flaw->status != 0 && (status & flaw->status) == 0) {
        flaw++;
    }
    refuse(t, flaw, leaf);
}

void tls_refuse_key(struct tls *t, gnutls_x509_crt_t leaf)
{
    refuse(t, &other_key, leaf);
}

void tls_refuse_print(struct tls *t, gnutls_x509_crt_t leaf)
{
    refuse(t, &other_print, leaf);
}
