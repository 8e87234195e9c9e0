/* net/tls_tickets: what is resumed, and never under another trust. */
#include "unit/identities.h"

static const char host[] = "a.example";

static const struct subject relay = {.purpose = GNUTLS_KP_TLS_WWW_SERVER,
                                     .dns = "a.example",
                                     .from_days = -1,
                                     .to_days = 1};

static const char *const versions[] = {TLS_PRIORITY_OLDEST,
                                       TLS_PRIORITY_NEWEST};

/* A relay, its issuer, and who trusts that. */
struct world {
    struct identity authority;
    struct identity leaf;
    struct tls_server *server;
    struct tls_client *client;
    const char *version;
};

static void init_world(struct world *w, const char *version)
{
    w->version = version;
    w->authority = issue(&root, NULL);
    w->leaf = issue(&relay, &w->authority);
    w->server = server_of(&w->leaf);
    w->client = client_trusting(w->authority.certificate,
                                (struct tls_client_settings){.verify = true});
}

static void release_world(struct world *w)
{
    tls_client_destroy(w->client);
    tls_server_destroy(w->server);
    release_identity(&w->leaf);
    release_identity(&w->authority);
}

/* One session with `name`, from the handshake through a greeting. Is it a
 * resumed one? It is the caller's to release. */
static bool visit(struct world *w, const char *name, struct end *client)
{
    struct end server;
    gnutls_priority_t priority;
    ok(gnutls_priority_init(&priority, w->version, NULL));
    meet(client, &server, w->client, w->server, name);
    ok(gnutls_priority_set(server.tls->session, priority));
    converse(client, &server, ALL);
    bool resumed = false;
    if (client->shaken && server.shaken) {
        size_t taken;
        assert_true(
            tls_write(server.tls, SPAN("250 ok\r\n"), &taken, &server.why));
        converse(client, &server, ALL);
        struct tls_facts facts, theirs;
        tls_facts(client->tls, &facts);
        tls_facts(server.tls, &theirs);
        assert_int_equal(facts.resumed, theirs.resumed);
        assert_true(facts.shown);
        resumed = facts.resumed;
    }
    release_end(&server);
    gnutls_priority_deinit(priority);
    return resumed;
}

static bool resumes(struct world *w, const char *name)
{
    struct end client;
    bool resumed = visit(w, name, &client);
    if (!client.shaken) {
        fail_msg("%s", client.why.text);
    }
    release_end(&client);
    return resumed;
}

static void resumes_what_was(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        struct world w;
        init_world(&w, versions[i]);
        assert_false(resumes(&w, host));
        for (unsigned times = 0; times < 5; times++) {
            assert_true(resumes(&w, host));
        }
        assert_true(resumes(&w, "a.example."));
        release_world(&w);
    }
}

static void knows_the_certificate_of_a_resumed_session(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        struct world w;
        struct tls_facts facts[2];
        init_world(&w, versions[i]);
        for (unsigned times = 0; times < 2; times++) {
            struct end client;
            assert_int_equal(visit(&w, host, &client), times > 0);
            tls_facts(client.tls, &facts[times]);
            assert_string_equal(facts[times].trust, "ca-file");
            release_end(&client);
        }
        assert_memory_equal(&facts[0].key, &facts[1].key, sizeof facts[0].key);
        assert_memory_equal(facts[0].certificate_sha256,
                            facts[1].certificate_sha256, TLS_SHA256_BYTES);
        release_world(&w);
    }
}

static void needs_tickets_of_the_server(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        struct world w;
        init_world(&w, versions[i]);
        gnutls_free(w.server->ticket_key.data);
        w.server->ticket_key.data = NULL;
        assert_false(resumes(&w, host));
        assert_false(resumes(&w, host));
        release_world(&w);
    }
}

/* What was verified for one name, or by one set of rules, is nothing to
 * another. */
static void resumes_for_the_same_name_and_trust_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        struct world w;
        init_world(&w, versions[i]);
        assert_false(resumes(&w, host));
        struct end client;
        assert_false(visit(&w, "b.example", &client));
        assert_false(client.shaken);
        release_end(&client);
        struct tls_client *first = w.client;
        w.client = client_trusting(w.authority.certificate,
                                   (struct tls_client_settings){0});
        assert_false(resumes(&w, host)); /* unverified */
        tls_client_destroy(first);
        first = w.client;
        w.client =
            client_trusting(w.authority.certificate,
                            (struct tls_client_settings){.verify = true});
        assert_false(resumes(&w, host)); /* verified again */
        tls_client_destroy(first);
        release_world(&w);
    }
}

/* GnuTLS does not ask about the certificate of a session that it resumes. */
static void verifies_resumed_sessions_too(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        struct world w;
        init_world(&w, versions[i]);
        assert_false(resumes(&w, host));
        w.client->pins = mem_alloc_zero(1, sizeof *w.client->pins);
        w.client->pin_count = 1;
        struct end client;
        visit(&w, host, &client);
        assert_non_null(client.tls->offered);
        assert_false(client.shaken);
        assert_int_equal(client.why.status, EX_PROTOCOL);
        assert_non_null(strstr(client.why.text, "none that --tls-pin names"));
        release_end(&client);
        release_world(&w);
    }
}

/* The relay may long have another certificate. */
static void offers_no_session_of_an_expired_certificate(void **state)
{
    (void)state;
    struct world w;
    init_world(&w, TLS_PRIORITY_NEWEST);
    time_t soon = time(NULL) + 1;
    ok(gnutls_x509_crt_set_expiration_time(w.leaf.certificate, soon));
    ok(gnutls_x509_crt_sign2(w.leaf.certificate, w.authority.certificate,
                             w.authority.key, GNUTLS_DIG_SHA256, 0));
    tls_server_destroy(w.server);
    w.server = server_of(&w.leaf);
    struct end client;
    visit(&w, host, &client);
    assert_true(client.shaken);
    release_end(&client);
    while (time(NULL) <= soon) {
        usleep(50 * 1000);
    }
    struct identity next = issue(&relay, &w.authority);
    struct tls_server *old = w.server;
    w.server = server_of(&next);
    /* The old key: the old ticket would be taken. */
    gnutls_free(w.server->ticket_key.data);
    w.server->ticket_key = old->ticket_key;
    old->ticket_key.data = NULL;
    assert_false(resumes(&w, host));
    assert_true(resumes(&w, host));
    tls_server_destroy(old);
    release_identity(&next);
    release_world(&w);
}

static void forgets_what_a_server_stumbles_over(void **state)
{
    (void)state;
    struct world w;
    init_world(&w, TLS_PRIORITY_NEWEST);
    assert_false(resumes(&w, host));
    struct end client, server;
    meet(&client, &server, w.client, w.server, host);
    assert_non_null(client.tls->offered);
    hear(&client, SPAN("\x15\x03\x03\x00\x02\x02\x28")); /* handshake_failure */
    assert_int_equal(client.result, TLS_FAILED);
    assert_int_equal(client.why.status, EX_UNAVAILABLE);
    release_end(&client);
    release_end(&server);
    assert_false(resumes(&w, host));
    assert_true(resumes(&w, host));
    release_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resumes_what_was),
        cmocka_unit_test(knows_the_certificate_of_a_resumed_session),
        cmocka_unit_test(needs_tickets_of_the_server),
        cmocka_unit_test(resumes_for_the_same_name_and_trust_alone),
        cmocka_unit_test(verifies_resumed_sessions_too),
        cmocka_unit_test(offers_no_session_of_an_expired_certificate),
        cmocka_unit_test(forgets_what_a_server_stumbles_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
