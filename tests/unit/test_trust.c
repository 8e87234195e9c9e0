/* net/tls_trust: a table of certificates, each with its verdict, and trust
 * that cannot be had. */
#include "unit/identities.h"

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
    {"wildcard of a part", "ab.example.org", LEAF(.dns = "*b.example.org"),
     .reason = "does not name this host"},
    {"wildcard of no label", ".example.org", LEAF(.dns = "*.example.org"),
     .reason = "does not name this host"},
    {"IDN", "xn--bcher-kva.example", LEAF(.dns = "xn--bcher-kva.example"),
     .reason = NULL},
};

static void judge(const struct verdict *v, const struct identity *authority,
                  const struct identity *other)
{
    struct identity leaf = issue(&v->leaf, v->self_signed ? NULL : authority);
    const struct identity *trusted[] = {authority, other, &leaf};
    struct tls_client *c =
        client_trusting(trusted[v->trust]->certificate,
                        (struct tls_client_settings){.verify = true});
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

/* What replaces the chain, or comes on top of it. */

static struct tls_fingerprint print_of(gnutls_x509_crt_t c,
                                       gnutls_digest_algorithm_t digest)
{
    struct tls_fingerprint print;
    print.size = sizeof print.bytes;
    ok(gnutls_x509_crt_get_fingerprint(c, digest, print.bytes, &print.size));
    return print;
}

static struct tls_pin pin_of(gnutls_x509_crt_t c)
{
    struct tls_pin pin;
    assert_true(tls_trust_pin(c, &pin));
    return pin;
}

/* Of a session with that leaf: NULL, or why not. */
static const char *refusal(const struct identity *leaf,
                           const struct identity *trusted,
                           struct tls_client_settings how, struct err *why)
{
    struct tls_client *c = client_trusting(trusted->certificate, how);
    struct tls_server *s = server_of(leaf);
    struct end client, server;
    meet(&client, &server, c, s, "a.example");
    converse(&client, &server, ALL);
    *why = client.why;
    bool shaken = client.shaken;
    release_end(&client);
    release_end(&server);
    tls_client_destroy(c);
    tls_server_destroy(s);
    return shaken ? NULL : why->text;
}

static void takes_one_certificate_by_its_fingerprint(void **state)
{
    (void)state;
    static const gnutls_digest_algorithm_t digests[] = {
        GNUTLS_DIG_SHA256, GNUTLS_DIG_SHA1, GNUTLS_DIG_MD5};
    struct subject worst = {.common_name = "x", .from_days = -9, .to_days = -1};
    struct identity leaf = issue(&worst, NULL);
    struct identity other = issue(&worst, NULL);
    for (size_t i = 0; i < sizeof digests / sizeof *digests; i++) {
        struct err why;
        struct tls_client_settings how = {
            .verify = true,
            .fingerprint = print_of(leaf.certificate, digests[i]),
        };
        assert_null(refusal(&leaf, &other, how, &why));
        const char *text = refusal(&other, &leaf, how, &why);
        assert_non_null(text);
        assert_non_null(strstr(text, "its fingerprint is not the one"));
        how.fingerprint.bytes[0] ^= 1;
        assert_non_null(refusal(&leaf, &leaf, how, &why));
    }
    release_identity(&leaf);
    release_identity(&other);
}

static void asks_for_pins_on_top_of_all_else(void **state)
{
    (void)state;
    struct subject good = {.dns = "a.example",
                           .purpose = GNUTLS_KP_TLS_WWW_SERVER,
                           .from_days = -1,
                           .to_days = 1};
    struct identity authority = issue(&root, NULL);
    struct identity leaf = issue(&good, &authority);
    struct identity other = issue(&good, NULL);
    struct err why;
    struct tls_pin pins[] = {pin_of(authority.certificate),
                             pin_of(leaf.certificate)};
    struct tls_client_settings how = {
        .verify = true, .pins = pins, .pin_count = 2};
    assert_null(refusal(&leaf, &authority, how, &why));
    /* Not by its own key, but by its issuer's. */
    how.pin_count = 1;
    assert_non_null(strstr(refusal(&leaf, &authority, how, &why),
                           "its key is none that --tls-pin names"));
    /* The key, but not the chain. */
    how.pin_count = 2;
    assert_non_null(
        strstr(refusal(&leaf, &other, how, &why), "its issuer is unknown"));
    how.verify = false;
    assert_null(refusal(&leaf, &other, how, &why));
    assert_non_null(refusal(&other, &other, how, &why));
    /* The certificate, but not the key. */
    how.fingerprint = print_of(other.certificate, GNUTLS_DIG_SHA256);
    assert_non_null(refusal(&other, &other, how, &why));
    release_identity(&authority);
    release_identity(&leaf);
    release_identity(&other);
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
        assert_int_equal(err.status, i < 2 ? EX_NOINPUT : EX_CONFIG);
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
        cmocka_unit_test(takes_one_certificate_by_its_fingerprint),
        cmocka_unit_test(asks_for_pins_on_top_of_all_else),
        cmocka_unit_test(names_the_file_it_cannot_trust),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
