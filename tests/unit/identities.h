/* Certificates made for one test, and who shows and who trusts them. */
#pragma once

#include "unit/ends.h"

#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

enum { DAY_S = 24 * 3600 };

struct identity {
    gnutls_x509_crt_t certificate;
    gnutls_x509_privkey_t key;
};

struct subject {
    const char *common_name;
    const char *dns;     /* NULL: none */
    const char *address; /* of the iPAddress name, NULL: none */
    const char *purpose; /* NULL: none is said */
    int from_days;
    int to_days;
    bool authority;
};

static inline void name(gnutls_x509_crt_t c, const struct subject *s)
{
    if (s->common_name) {
        ok(gnutls_x509_crt_set_dn_by_oid(c, GNUTLS_OID_X520_COMMON_NAME, 0,
                                         s->common_name,
                                         (unsigned)strlen(s->common_name)));
    }
    if (s->dns) {
        ok(gnutls_x509_crt_set_subject_alt_name(c, GNUTLS_SAN_DNSNAME, s->dns,
                                                (unsigned)strlen(s->dns),
                                                GNUTLS_FSAN_APPEND));
    }
    unsigned char bytes[16];
    unsigned size;
    if (s->address && tls_trust_address(s->address, bytes, &size)) {
        ok(gnutls_x509_crt_set_subject_alt_name(c, GNUTLS_SAN_IPADDRESS, bytes,
                                                size, GNUTLS_FSAN_APPEND));
    }
}

static inline void fill(gnutls_x509_crt_t c, const struct subject *s)
{
    static unsigned char serial = 1;
    ok(gnutls_x509_crt_set_version(c, 3));
    ok(gnutls_x509_crt_set_serial(c, &serial, 1));
    serial++;
    time_t now = time(NULL);
    ok(gnutls_x509_crt_set_activation_time(c, now + s->from_days * DAY_S));
    ok(gnutls_x509_crt_set_expiration_time(c, now + s->to_days * DAY_S));
    ok(gnutls_x509_crt_set_basic_constraints(c, s->authority, -1));
    if (s->authority) {
        ok(gnutls_x509_crt_set_key_usage(c, GNUTLS_KEY_KEY_CERT_SIGN));
    }
    if (s->purpose) {
        ok(gnutls_x509_crt_set_key_purpose_oid(c, s->purpose, 0));
    }
    name(c, s);
}

/* issuer NULL: signed by itself. */
static inline struct identity issue(const struct subject *s,
                                    const struct identity *issuer)
{
    struct identity i;
    ok(gnutls_x509_privkey_init(&i.key));
    ok(gnutls_x509_privkey_generate(
        i.key, GNUTLS_PK_ECDSA,
        GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0));
    ok(gnutls_x509_crt_init(&i.certificate));
    ok(gnutls_x509_crt_set_key(i.certificate, i.key));
    fill(i.certificate, s);
    const struct identity *signer = issuer ? issuer : &i;
    ok(gnutls_x509_crt_sign2(i.certificate, signer->certificate, signer->key,
                             GNUTLS_DIG_SHA256, 0));
    return i;
}

static inline void release_identity(struct identity *i)
{
    gnutls_x509_crt_deinit(i->certificate);
    gnutls_x509_privkey_deinit(i->key);
}

static const struct subject root = {
    .common_name = "Root", .from_days = -10, .to_days = 10, .authority = true};

static const struct subject other_root = {.common_name = "Other Root",
                                          .from_days = -10,
                                          .to_days = 10,
                                          .authority = true};

static inline struct tls_server *server_of(const struct identity *i)
{
    struct tls_server *s = mem_alloc_zero(1, sizeof *s);
    ok(gnutls_certificate_allocate_credentials(&s->credentials));
    struct identity leaf = *i;
    ok(gnutls_certificate_set_x509_key(s->credentials, &leaf.certificate, 1,
                                       leaf.key));
    ok(gnutls_priority_init(&s->priority, TLS_PRIORITY, NULL));
    ok(gnutls_session_ticket_key_generate(&s->ticket_key));
    return s;
}

static inline void write_pem(const char *path, gnutls_x509_crt_t c)
{
    gnutls_datum_t pem;
    ok(gnutls_x509_crt_export2(c, GNUTLS_X509_FMT_PEM, &pem));
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(pem.data, 1, pem.size, file), pem.size);
    assert_int_equal(fclose(file), 0);
    gnutls_free(pem.data);
}

/* `how`: but for the trust, which is this certificate. */
static inline struct tls_client *client_trusting(gnutls_x509_crt_t c,
                                                 struct tls_client_settings how)
{
    char path[] = "/tmp/mailshot-test-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    write_pem(path, c);
    struct err err;
    how.ca_file = path;
    struct tls_client *client = tls_client_create(&how, &err);
    assert_non_null(client);
    unlink(path);
    return client;
}
