/* net/tls without sockets: the same session whatever the pieces it arrives in,
 * and what ends a session. */
#include "unit/ends.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Sessions, all of them with the sink's own certificate. */

struct pair {
    struct tls_client *c;
    struct tls_server *s;
    struct end client;
    struct end server;
};

static const char *const sink_names[] = {"localhost", "127.0.0.1", "::1"};

static struct tls_client *client_of(const struct tls_server *s)
{
    char path[] = "/tmp/mailshot-test-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    struct err err;
    assert_true(tls_server_write_certificate(s, path, &err));
    struct tls_client *c = tls_client_create(
        &(struct tls_client_settings){.verify = true, .ca_file = path}, &err);
    assert_non_null(c);
    unlink(path);
    return c;
}

static const struct tls_server_settings sink_like = {
    .names = sink_names,
    .name_count = 3,
    .version_max = TLS_1_3,
    .resumes = true,
};

static void init_pair(struct pair *p, const char *host)
{
    struct err err;
    p->s = tls_server_create(&sink_like, &err);
    assert_non_null(p->s);
    p->c = client_of(p->s);
    meet(&p->client, &p->server, p->c, p->s, host);
}

static void release_pair(struct pair *p)
{
    release_end(&p->client);
    release_end(&p->server);
    tls_client_destroy(p->c);
    tls_server_destroy(p->s);
}

static void shake_hands(struct pair *p)
{
    converse(&p->client, &p->server, ALL);
    assert_true(p->client.shaken);
    assert_true(p->server.shaken);
}

static void say(struct end *e, struct span text)
{
    while (text.len > 0) {
        size_t taken;
        assert_true(tls_write(e->tls, text, &taken, &e->why));
        assert_true(taken > 0 && taken <= 16384);
        text = span_rest(text, taken);
    }
}

static void trusts_what_the_sink_wrote(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct pair p;
        init_pair(&p, sink_names[i]);
        shake_hands(&p);
        struct span description = tls_description(p.client.tls);
        assert_true(span_starts(description, SPAN("TLS1.3 ")));
        assert_true(span_equal(description, tls_description(p.server.tls)));
        release_pair(&p);
    }
    struct pair p;
    init_pair(&p, "relay.example");
    converse(&p.client, &p.server, ALL);
    assert_false(p.client.shaken);
    assert_non_null(strstr(p.client.why.text, "relay.example"));
    assert_non_null(strstr(p.client.why.text, "localhost, 127.0.0.1, ::1"));
    release_pair(&p);
}

static struct buf long_text(size_t bytes)
{
    struct buf text;
    buf_init(&text, bytes);
    for (size_t i = 0; i < bytes; i++) {
        buf_append_byte(&text, (char)(i * 7 + i / 251));
    }
    return text;
}

static void reads_in_any_pieces(void **state)
{
    (void)state;
    static const size_t pieces[] = {1, 2, 3, 5, 16, 333, 999, 1460, 16401, ALL};
    struct buf text = long_text(40000);
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        struct pair p;
        init_pair(&p, "localhost");
        converse(&p.client, &p.server, pieces[i]);
        assert_true(p.client.shaken);
        say(&p.client, buf_span(&text));
        say(&p.server, buf_span(&text));
        converse(&p.client, &p.server, pieces[i]);
        assert_true(span_equal(buf_span(&p.client.heard), buf_span(&text)));
        assert_true(span_equal(buf_span(&p.server.heard), buf_span(&text)));
        release_pair(&p);
    }
    buf_release(&text);
}

/* GnuTLS stops behind a ticket as if there were nothing more. */
static void reads_what_stands_behind_tickets(void **state)
{
    (void)state;
    struct pair p;
    init_pair(&p, "localhost");
    shake_hands(&p);
    ok(gnutls_session_ticket_send(p.server.tls->session, 2, 0));
    say(&p.server, SPAN("250-first\r\n"));
    ok(gnutls_session_ticket_send(p.server.tls->session, 1, 0));
    say(&p.server, SPAN("250 second\r\n"));
    carry(&p.server, &p.client, ALL);
    assert_true(span_equal(buf_span(&p.client.heard),
                           SPAN("250-first\r\n250 second\r\n")));
    release_pair(&p);
}

/* Data in the same segment as the end of the handshake. */
static void reads_what_stands_behind_the_handshake(void **state)
{
    (void)state;
    struct pair p;
    init_pair(&p, "localhost");
    carry(&p.client, &p.server, ALL);
    carry(&p.server, &p.client, ALL);
    say(&p.client, SPAN("EHLO x\r\n"));
    carry(&p.client, &p.server, ALL);
    assert_true(p.server.shaken);
    assert_true(span_equal(buf_span(&p.server.heard), SPAN("EHLO x\r\n")));
    release_pair(&p);
}

static void writes_whole_records(void **state)
{
    (void)state;
    struct pair p;
    init_pair(&p, "localhost");
    shake_hands(&p);
    struct buf text = long_text(20000);
    size_t taken;
    assert_true(
        tls_write(p.client.tls, buf_span(&text), &taken, &p.client.why));
    assert_int_equal(taken, 16384);
    buf_release(&text);
    release_pair(&p);
}

/* RFC 8449: the peer may ask for smaller records, and each is counted. */
static void says_when_records_are_smaller(void **state)
{
    (void)state;
    struct err err;
    struct pair p = {.s = tls_server_create(&sink_like, &err)};
    p.c = client_of(p.s);
    init_end(&p.client);
    init_end(&p.server);
    p.client.tls = tls_start_client(
        p.c, &(struct tls_host){"localhost", "here"}, &p.client.out, &err);
    p.server.tls = tls_start_server(p.s, &p.server.out, &err);
    ok((int)gnutls_record_set_max_recv_size(p.server.tls->session, 1024));
    assert_int_equal(tls_handshake(p.client.tls, &err), TLS_AGAIN);
    shake_hands(&p);
    struct buf text = long_text(20000);
    size_t taken;
    p.client.out.len = 0;
    assert_true(
        tls_write(p.client.tls, buf_span(&text), &taken, &p.client.why));
    assert_in_range(taken, 512, 1024);
    carry(&p.client, &p.server, ALL);
    assert_int_equal(p.server.heard.len, taken);
    buf_release(&text);
    release_pair(&p);
}

static void hears_the_farewell(void **state)
{
    (void)state;
    struct pair p;
    init_pair(&p, "localhost");
    shake_hands(&p);
    say(&p.server, SPAN("221 bye\r\n"));
    tls_bye(p.server.tls);
    carry(&p.server, &p.client, ALL);
    assert_int_equal(p.client.result, TLS_CLOSED);
    assert_true(span_equal(buf_span(&p.client.heard), SPAN("221 bye\r\n")));
    release_pair(&p);
}

/* Exim's way to drop a connection: plain text inside the TLS stream. */
static void fails_on_plain_text(void **state)
{
    (void)state;
    struct pair p;
    init_pair(&p, "localhost");
    hear(&p.client, SPAN("554 5.7.0 no TLS here, and a few more bytes\r\n"));
    assert_int_equal(p.client.result, TLS_FAILED);
    assert_int_equal(p.client.why.status, EX_PROTOCOL);
    release_pair(&p);

    init_pair(&p, "localhost");
    shake_hands(&p);
    say(&p.server, SPAN("250 ok\r\n"));
    buf_append(&p.server.out, SPAN("421 too many nonmail commands\r\n"));
    carry(&p.server, &p.client, ALL);
    assert_int_equal(p.client.result, TLS_FAILED);
    assert_true(span_equal(buf_span(&p.client.heard), SPAN("250 ok\r\n")));
    release_pair(&p);
}

static void fails_on_any_flipped_bit(void **state)
{
    (void)state;
    struct pair p;
    init_pair(&p, "localhost");
    shake_hands(&p);
    say(&p.server, SPAN("250 ok\r\n"));
    p.server.out.data[p.server.out.len - 1] ^= 1;
    carry(&p.server, &p.client, ALL);
    assert_int_equal(p.client.result, TLS_FAILED);
    assert_int_equal(p.client.heard.len, 0);
    release_pair(&p);
}

/* Versions. */

struct version {
    const char *priority;
    const char *description; /* NULL: refused */
};

static const struct version versions[] = {
    {"NORMAL:-VERS-ALL:+VERS-TLS1.3", "TLS1.3 "},
    {"NORMAL:-VERS-ALL:+VERS-TLS1.2", "TLS1.2 "},
    {"NORMAL:-VERS-ALL:+VERS-TLS1.1:%COMPAT", NULL},
    {"NORMAL:-VERS-ALL:+VERS-TLS1.0:%COMPAT", NULL},
};

static void speaks_no_old_version(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        struct pair p;
        init_pair(&p, "localhost");
        gnutls_priority_t priority;
        ok(gnutls_priority_init(&priority, versions[i].priority, NULL));
        ok(gnutls_priority_set(p.server.tls->session, priority));
        converse(&p.client, &p.server, ALL);
        assert_int_equal(p.client.shaken, versions[i].description != NULL);
        if (versions[i].description) {
            say(&p.server, SPAN("hello"));
            converse(&p.client, &p.server, 1);
            assert_true(span_equal(buf_span(&p.client.heard), SPAN("hello")));
            assert_true(span_starts(tls_description(p.client.tls),
                                    span_of(versions[i].description)));
        }
        release_pair(&p);
        gnutls_priority_deinit(priority);
    }
}

/* RFC 8446 4.6.3, in the middle of what both say; each answers with its own. */
static void goes_on_with_other_keys(void **state)
{
    (void)state;
    struct pair p;
    init_pair(&p, "localhost");
    shake_hands(&p);
    for (unsigned times = 0; times < 5; times++) {
        say(&p.server, SPAN("250-a\r\n"));
        ok(gnutls_session_key_update(p.server.tls->session, GNUTLS_KU_PEER));
        say(&p.server, SPAN("250 b\r\n"));
        converse(&p.server, &p.client, 1);
        say(&p.client, SPAN("NOOP\r\n"));
        converse(&p.client, &p.server, 1);
    }
    assert_int_equal(p.client.heard.len, 5 * 14);
    assert_int_equal(p.server.heard.len, 5 * 6);
    release_pair(&p);
}

/* A login may be bound to a session, where that binds. */

struct bond {
    const char *priority; /* of the server */
    bool unique;
    bool exporter;
};

static const struct bond bonds[] = {
    {"NORMAL:-VERS-ALL:+VERS-TLS1.3", false, true},
    {"NORMAL:-VERS-ALL:+VERS-TLS1.2", true, true},
    {"NORMAL:-VERS-ALL:+VERS-TLS1.2:%NO_SESSION_HASH", false, false},
};

static void assert_bound(struct pair *p, enum tls_binding kind, bool possible)
{
    struct buf ours, theirs;
    buf_init(&ours, 64);
    buf_init(&theirs, 64);
    assert_int_equal(tls_bind(p->client.tls, kind, &ours), possible);
    assert_int_equal(tls_bind(p->server.tls, kind, &theirs), possible);
    assert_true(span_equal(buf_span(&ours), buf_span(&theirs)));
    assert_int_equal(ours.len > 0, possible);
    buf_release(&ours);
    buf_release(&theirs);
}

static void binds_only_what_nobody_shares(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bonds / sizeof *bonds; i++) {
        struct pair p;
        init_pair(&p, "localhost");
        gnutls_priority_t priority;
        ok(gnutls_priority_init(&priority, bonds[i].priority, NULL));
        ok(gnutls_priority_set(p.server.tls->session, priority));
        assert_bound(&p, TLS_BINDING_UNIQUE, false);
        assert_bound(&p, TLS_BINDING_EXPORTER, false);
        shake_hands(&p);
        assert_bound(&p, TLS_BINDING_UNIQUE, bonds[i].unique);
        assert_bound(&p, TLS_BINDING_EXPORTER, bonds[i].exporter);
        release_pair(&p);
        gnutls_priority_deinit(priority);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trusts_what_the_sink_wrote),
        cmocka_unit_test(reads_in_any_pieces),
        cmocka_unit_test(reads_what_stands_behind_tickets),
        cmocka_unit_test(reads_what_stands_behind_the_handshake),
        cmocka_unit_test(writes_whole_records),
        cmocka_unit_test(says_when_records_are_smaller),
        cmocka_unit_test(hears_the_farewell),
        cmocka_unit_test(fails_on_plain_text),
        cmocka_unit_test(fails_on_any_flipped_bit),
        cmocka_unit_test(speaks_no_old_version),
        cmocka_unit_test(goes_on_with_other_keys),
        cmocka_unit_test(binds_only_what_nobody_shares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
