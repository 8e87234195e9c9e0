/* net/tls_trust: a table of certificates, each with its verdict, and trust
 * that cannot be had. */
#include "unit/ends.h"

#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

enum { DAY_S = 24 * 3600 };

/* Making certificates. */

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

static void name(gnutls_x509_crt_t c, const struct subject *s)
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

static void fill(gnutls_x509_crt_t c, const struct subject *s)
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
static struct identity issue(const struct subject *s,
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

static void release_identity(struct identity *i)
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

static struct tls_server *server_of(const struct identity *i)
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

static void write_pem(const char *path, gnutls_x509_crt_t c)
{
    gnutls_datum_t pem;
    ok(gnutls_x509_crt_export2(c, GNUTLS_X509_FMT_PEM, &pem));
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(pem.data, 1, pem.size, file), pem.size);
    assert_int_equal(fclose(file), 0);
    gnutls_free(pem.data);
}

static struct tls_client *client_trusting(gnutls_x509_crt_t c)
{
    char path[] = "/tmp/mailshot-test-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    write_pem(path, c);
    struct err err;
    struct tls_client *client = tls_client_create(
        &(struct tls_client_settings){.verify = true, .ca_file = path}, &err);
    assert_non_null(client);
    unlink(path);
    return client;
}

/* Verification. */

enum trust { TRUST_ROOT, TRUST_OTHER, TRUST_LEAF };

struct verdict {
    const char *what;
    const char *host;
    struct subject leaf;
    enum trust trust;
    bool self_signed;
    const char *reason; /* NULL: accepted */
};

#define SERVER GNUTLS_KP_TLS_WWW_SERVER
#define LEAF(...)                                                              \
    {                                                                          \
        .purpose = SERVER, .from_days = -1, .to_days = 1, __VA_ARGS__          \
    }

static const struct verdict verdicts[] = {
    {"right", "a.example", LEAF(.dns = "a.example"), .reason = NULL},
    {"right, any case", "A.Example", LEAF(.dns = "a.example"), .reason = NULL},
    {"right, final dot", "a.example.", LEAF(.dns = "a.example"),
     .reason = NULL},
    {"other name", "a.example", LEAF(.dns = "b.example"),
     .reason = "does not name this host but b.example"},
    {"name as a suffix", "a.example", LEAF(.dns = "x.a.example"),
     .reason = "does not name this host"},
    {"unknown root", "a.example", LEAF(.dns = "a.example"),
     .trust = TRUST_OTHER, .reason = "its issuer is unknown (--tls-ca"},
    {"self-signed", "a.example", LEAF(.dns = "a.example"), .trust = TRUST_OTHER,
     .self_signed = true, .reason = "it is signed by itself (--tls-ca"},
    {"self-signed and trusted", "a.example", LEAF(.dns = "a.example"),
     .trust = TRUST_LEAF, .self_signed = true, .reason = NULL},
    {"expired",
     "a.example",
     {.purpose = SERVER, .dns = "a.example", .from_days = -9, .to_days = -1},
     .reason = "it has expired on 2"},
    {"not yet valid",
     "a.example",
     {.purpose = SERVER, .dns = "a.example", .from_days = 1, .to_days = 9},
     .reason = "it is not valid before 2"},
    {"only a common name", "a.example", LEAF(.common_name = "a.example"),
     .reason = "does not name this host (--tls-name"},
    {"common name beside another DNS name", "a.example",
     LEAF(.common_name = "a.example", .dns = "b.example"),
     .reason = "does not name this host but b.example"},
    {"common name beside an address", "a.example",
     LEAF(.common_name = "a.example", .address = "127.0.0.1"),
     .reason = "does not name this host but 127.0.0.1"},
    {"wildcard", "a.example", LEAF(.dns = "*.example"),
     .reason = "does not name this host but *.example"},
    {"wildcard of one label", "a.b.example", LEAF(.dns = "*.b.example"),
     .reason = NULL},
    {"wildcard of two labels", "a.b.c.example", LEAF(.dns = "*.c.example"),
     .reason = "does not name this host"},
    {"wildcard and no label", "b.example", LEAF(.dns = "*.b.example"),
     .reason = "does not name this host"},
    {"only for clients",
     "a.example",
     {.purpose = GNUTLS_KP_TLS_WWW_CLIENT,
      .dns = "a.example",
      .from_days = -1,
      .to_days = 1},
     .reason = "it is not for servers"},
    {"for anything",
     "a.example",
     {.dns = "a.example", .from_days = -1, .to_days = 1},
     .reason = NULL},
    {"address", "127.0.0.1", LEAF(.address = "127.0.0.1"), .reason = NULL},
    {"address, IPv6", "::1", LEAF(.address = "::1"), .reason = NULL},
    {"other address", "127.0.0.1", LEAF(.address = "127.0.0.2"),
     .reason = "does not name this host but 127.0.0.2"},
    {"address as a DNS name", "127.0.0.1", LEAF(.dns = "127.0.0.1"),
     .reason = "does not name this host"},
    {"address as a common name", "127.0.0.1", LEAF(.common_name = "127.0.0.1"),
     .reason = "does not name this host"},
    {"IDN", "b\303\274cher.example", LEAF(.dns = "xn--bcher-kva.example"),
     .reason = NULL},
};

static void judge(const struct verdict *v, const struct identity *authority,
                  const struct identity *other)
{
    struct identity leaf = issue(&v->leaf, v->self_signed ? NULL : authority);
    const struct identity *trusted[] = {authority, other, &leaf};
    struct tls_client *c = client_trusting(trusted[v->trust]->certificate);
    struct tls_server *s = server_of(&leaf);
    struct end client, server;
    meet(&client, &server, c, s, v->host);
    converse(&client, &server, ALL);
    if (client.shaken != !v->reason ||
        (v->reason && (!strstr(client.why.text, v->reason) ||
                       client.why.status != EX_PROTOCOL))) {
        fail_msg("%s: %s", v->what,
                 client.shaken ? "accepted" : client.why.text);
    }
    if (v->reason) { /* and the server was told */
        assert_int_equal(server.result, TLS_FAILED);
    }
    release_end(&client);
    release_end(&server);
    tls_client_destroy(c);
    tls_server_destroy(s);
    release_identity(&leaf);
}

static void judges_certificates(void **state)
{
    (void)state;
    struct identity authority = issue(&root, NULL);
    struct identity other = issue(&other_root, NULL);
    for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++) {
        judge(&verdicts[i], &authority, &other);
    }
    release_identity(&authority);
    release_identity(&other);
}

/* A verdict that was not asked for is none. */
static void accepts_all_unverified(void **state)
{
    (void)state;
    struct subject worst = {.common_name = "x", .from_days = -9, .to_days = -1};
    struct identity leaf = issue(&worst, NULL);
    struct err err;
    struct tls_client *c =
        tls_client_create(&(struct tls_client_settings){.verify = false}, &err);
    assert_non_null(c);
    struct tls_server *s = server_of(&leaf);
    struct end client, server;
    meet(&client, &server, c, s, "a.example");
    converse(&client, &server, ALL);
    assert_true(client.shaken);
    assert_true(server.shaken);
    release_end(&client);
    release_end(&server);
    tls_client_destroy(c);
    tls_server_destroy(s);
    release_identity(&leaf);
}

/* Trust that cannot be had. */

static void names_the_file_it_cannot_trust(void **state)
{
    (void)state;
    char path[] = "/tmp/mailshot-test-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    const char *paths[] = {"/nonexistent/ca.pem", "/", path, path};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct err err = {0};
        struct tls_client_settings settings = {.verify = true,
                                               .ca_file = paths[i]};
        assert_null(tls_client_create(&settings, &err));
        assert_int_equal(err.status, EX_CONFIG);
        assert_memory_equal(err.text, paths[i], strlen(paths[i]));
        if (i == 2) { /* empty before, garbage then */
            assert_int_equal(write(file, "garbage\n", 8), 8);
        }
    }
    close(file);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges_certificates),
        cmocka_unit_test(accepts_all_unverified),
        cmocka_unit_test(names_the_file_it_cannot_trust),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
