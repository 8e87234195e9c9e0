/* net/wire over TLS: STARTTLS and implicit, what is trusted, what was handed
 * in whole records, and each kind of end. */
#include "unit/scene.h"

#include "net/dial.h"
#include "unit/ends.h"

static const char *const names[] = {"localhost"};

static void write_certificate(struct scene *s, char *path)
{
    int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    struct err err;
    assert_true(tls_server_write_certificate(s->tls_server, path, &err));
}

static void init_secure(struct scene *s)
{
    init_scene(s);
    struct err err;
    s->tls_server = tls_server_create(
        &(struct tls_server_settings){
            .names = names, .name_count = 1, .version_max = TLS_1_3},
        &err);
    char path[] = "/tmp/mailshot-test-XXXXXX";
    write_certificate(s, path);
    s->tls_client = tls_client_create(
        &(struct tls_client_settings){.verify = true, .ca_file = path}, &err);
    assert_non_null(s->tls_client);
    unlink(path);
}

static void secure_client(struct side *s)
{
    wire_secure(s->wire, s->scene->tls_client, "localhost");
}

static void secure_server(struct side *s)
{
    wire_secure_server(s->wire, s->scene->tls_server);
}

/* STARTTLS: both ends turn to TLS in the middle of what was said in clear. */

static void greet(struct side *s)
{
    say_text(s, "220 hello\r\n");
}

static void ask_for_tls(struct side *s, struct span bytes)
{
    if (span_starts(bytes, SPAN("220 hello"))) {
        say_text(s, "STARTTLS\r\n");
    } else if (span_starts(bytes, SPAN("220 go"))) {
        buf_clear(&s->heard);
        secure_client(s);
        assert_int_equal(wire_handed(s->wire), 0);
    }
}

static void grant_tls(struct side *s, struct span bytes)
{
    if (span_starts(bytes, SPAN("STARTTLS"))) {
        buf_clear(&s->heard);
        say_text(s, "220 go ahead\r\n");
        secure_server(s);
    }
}

static void say_much(struct side *s)
{
    append_noise(&s->saying, MEGABYTE);
    say(s);
}

static bool both_heard_much(struct scene *s)
{
    return s->client.heard.len >= MEGABYTE && s->server.heard.len >= MEGABYTE;
}

static bool both_handed_much(struct scene *s)
{
    return wire_handed(s->client.wire) >= MEGABYTE &&
           wire_handed(s->server.wire) >= MEGABYTE;
}

static void turns_to_tls(void **state)
{
    (void)state;
    struct scene s;
    init_secure(&s);
    s.over = both_heard_much;
    s.server.when_opened = greet;
    s.client.when_heard = ask_for_tls;
    s.server.when_heard = grant_tls;
    s.client.when_secured = say_much;
    s.server.when_secured = say_much;
    connect_client(&s);
    play(&s);
    run_for(&s, 1);
    struct buf noise;
    buf_init(&noise, MEGABYTE);
    append_noise(&noise, MEGABYTE);
    assert_heard(&s.client, buf_span(&noise));
    assert_heard(&s.server, buf_span(&noise));
    assert_true(both_handed_much(&s));
    assert_int_equal(wire_handed(s.client.wire), MEGABYTE);
    assert_int_equal(wire_handed(s.server.wire), MEGABYTE);
    assert_int_equal(s.client.secured, 1);
    assert_int_equal(s.server.secured, 1);
    assert_true(
        span_starts(tls_description(wire_tls(s.client.wire)), SPAN("TLS1.3 ")));
    buf_release(&noise);
    release_scene(&s);
}

static void finish_on_bytes(struct side *s, struct span bytes)
{
    (void)bytes;
    wire_finish(s->wire);
}

static void say_goodbye(struct side *s, struct span bytes)
{
    (void)bytes;
    say_text(s, "221 bye\r\n");
    wire_finish(s->wire);
}

static void quit(struct side *s)
{
    say_text(s, "QUIT\r\n");
}

static void speaks_tls_from_the_start(void **state)
{
    (void)state;
    struct scene s;
    init_secure(&s);
    s.client.when_opened = secure_client;
    s.server.when_opened = secure_server;
    s.client.when_secured = quit;
    s.client.when_heard = finish_on_bytes;
    s.server.when_heard = say_goodbye;
    connect_client(&s);
    play(&s);
    assert_heard(&s.server, SPAN("QUIT\r\n"));
    assert_heard(&s.client, SPAN("221 bye\r\n"));
    assert_int_equal(s.client.handed, 6);
    assert_int_equal(s.server.handed, 9);
    assert_int_equal(s.client.end, WIRE_END_EOF);
    assert_int_equal(s.server.end, WIRE_END_EOF);
    release_scene(&s);
}

/* Refusals. */

static void secure_as_another(struct side *s)
{
    wire_secure(s->wire, s->scene->tls_client, "relay.example");
}

static void refuses(struct scene *s, const char *reason)
{
    s->server.when_opened = secure_server;
    s->client.when_secured = quit;
    connect_client(s);
    play(s);
    assert_int_equal(s->client.secured, 0);
    assert_int_equal(s->client.end, WIRE_END_TLS);
    assert_int_equal(s->client.why.status, EX_PROTOCOL);
    if (!strstr(s->client.why.text, reason)) {
        fail_msg("%s", s->client.why.text);
    }
    assert_int_equal(s->client.handed, 0);
    assert_int_equal(s->server.heard.len, 0);
    /* The server is told, too, before the connection goes. */
    assert_int_equal(s->server.end, WIRE_END_TLS);
    release_scene(s);
}

static void refuses_another_name(void **state)
{
    (void)state;
    struct scene s;
    init_secure(&s);
    s.client.when_opened = secure_as_another;
    refuses(&s, "the certificate of relay.example is not trusted: it does not "
                "name this host but localhost");
}

static void refuses_an_unknown_issuer(void **state)
{
    (void)state;
    struct scene s, other;
    init_secure(&s);
    init_secure(&other);
    tls_client_destroy(s.tls_client);
    s.tls_client = other.tls_client;
    other.tls_client = NULL;
    release_scene(&other);
    s.client.when_opened = secure_client;
    refuses(&s, "not trusted: it is signed by itself (--tls-ca FILE");
}

/* A peer that is no wire. */

static bool client_closed(struct scene *s)
{
    return s->client.closed > 0;
}

static void start_raw(struct scene *s)
{
    init_secure(s);
    s->raw = true;
    s->over = client_closed;
    s->client.when_opened = secure_client;
    connect_client(s);
    play(s);
    assert_true(s->peer >= 0);
}

static void is_cut_within_the_handshake(void **state)
{
    (void)state;
    struct scene s;
    start_raw(&s);
    shutdown(s.peer, SHUT_WR);
    play(&s);
    assert_int_equal(s.client.end, WIRE_END_CUT);
    release_scene(&s);
}

static void hears_no_tls(void **state)
{
    (void)state;
    struct scene s;
    start_raw(&s);
    struct span text = SPAN("220 relay.example ESMTP, in clear\r\n");
    assert_int_equal(send(s.peer, text.data, text.len, 0), text.len);
    play(&s);
    assert_int_equal(s.client.end, WIRE_END_TLS);
    assert_int_equal(s.client.heard.len, 0);
    release_scene(&s);
}

static void waits_no_longer_than_told(void **state)
{
    (void)state;
    struct scene s;
    init_secure(&s);
    s.raw = true;
    s.over = client_closed;
    s.client.when_opened = secure_client;
    struct wire_owner owner = owner_of(&s.client);
    struct wire_way way = way_to(&s.address, sizeof s.address);
    s.client.wire = wire_connect(s.loop, &way, 1, 100, &owner);
    play(&s);
    play(&s);
    assert_int_equal(s.client.end, WIRE_END_TIMEOUT);
    assert_int_equal(s.client.secured, 0);
    release_scene(&s);
}

/* The peer's TLS, worked by hand over its descriptor. */

static void flush(struct end *e, int descriptor)
{
    while (e->out.len > 0) {
        ssize_t sent = send(descriptor, e->out.data, e->out.len, 0);
        assert_true(sent > 0);
        buf_drop_front(&e->out, (size_t)sent);
    }
}

/* In pieces of so many bytes; false: nothing came. */
static bool listen_once(struct end *e, int descriptor, size_t piece)
{
    static char bytes[65536];
    ssize_t got = recv(descriptor, bytes, sizeof bytes, 0);
    if (got <= 0) {
        return false;
    }
    for (size_t at = 0; at < (size_t)got; at += piece) {
        size_t to = at + piece < (size_t)got ? at + piece : (size_t)got;
        hear(e, span_from(bytes + at, to - at));
    }
    return true;
}

static void start_by_hand(struct scene *s, struct end *peer)
{
    start_raw(s);
    init_end(peer);
    struct err err;
    peer->tls = tls_start_server(s->tls_server, &peer->out, &err);
    for (int turn = 0; turn < 100 && !s->client.secured; turn++) {
        run_for(s, 2);
        listen_once(peer, s->peer, ALL);
        flush(peer, s->peer);
    }
    run_for(s, 2);
    listen_once(peer, s->peer, ALL);
    assert_int_equal(s->client.secured, 1);
    assert_true(peer->shaken);
}

static void say_by_hand(struct scene *s, struct end *peer, const char *text)
{
    size_t taken;
    struct span bytes = span_of(text);
    assert_true(tls_write(peer->tls, bytes, &taken, &peer->why));
    assert_int_equal(taken, bytes.len);
    flush(peer, s->peer);
}

static void is_cut_without_a_farewell(void **state)
{
    (void)state;
    struct scene s;
    struct end peer;
    start_by_hand(&s, &peer);
    say_by_hand(&s, &peer, "250 ok\r\n");
    shutdown(s.peer, SHUT_WR);
    play(&s);
    assert_heard(&s.client, SPAN("250 ok\r\n"));
    assert_int_equal(s.client.end, WIRE_END_CUT);
    assert_int_equal(s.client.why.status, EX_UNAVAILABLE);
    release_end(&peer);
    release_scene(&s);
}

static void hears_the_farewell(void **state)
{
    (void)state;
    struct scene s;
    struct end peer;
    start_by_hand(&s, &peer);
    say_by_hand(&s, &peer, "221 bye\r\n");
    tls_bye(peer.tls);
    flush(&peer, s.peer);
    play(&s);
    assert_heard(&s.client, SPAN("221 bye\r\n"));
    assert_int_equal(s.client.end, WIRE_END_EOF);
    release_end(&peer);
    release_scene(&s);
}

static void is_cut_by_plain_text(void **state)
{
    (void)state;
    struct scene s;
    struct end peer;
    start_by_hand(&s, &peer);
    say_by_hand(&s, &peer, "250 ok\r\n");
    buf_append(&peer.out, SPAN("421 too many nonmail commands\r\n"));
    flush(&peer, s.peer);
    play(&s);
    assert_heard(&s.client, SPAN("250 ok\r\n"));
    assert_int_equal(s.client.end, WIRE_END_CUT);
    assert_int_equal(s.client.why.status, EX_UNAVAILABLE);
    release_end(&peer);
    release_scene(&s);
}

static bool client_heard_it(struct scene *s)
{
    return s->client.heard.len > 0;
}

/* Every byte in a segment of its own, and tickets between the replies. */
static void hears_single_bytes(void **state)
{
    (void)state;
    struct scene s;
    struct end peer;
    start_by_hand(&s, &peer);
    size_t taken;
    ok(gnutls_session_ticket_send(peer.tls->session, 1, 0));
    assert_true(tls_write(peer.tls, SPAN("250 ok\r\n"), &taken, &peer.why));
    dial_set_no_delay(s.peer);
    while (peer.out.len > 0) {
        assert_int_equal(s.client.heard.len, 0);
        assert_int_equal(send(s.peer, peer.out.data, 1, 0), 1);
        buf_drop_front(&peer.out, 1);
        run_for(&s, 0);
    }
    s.over = client_heard_it;
    if (s.client.heard.len == 0) {
        play(&s);
    }
    assert_heard(&s.client, SPAN("250 ok\r\n"));
    release_end(&peer);
    release_scene(&s);
}

/* What the kernel took is what can be read and unsealed, to the byte. */
static void tells_what_was_handed(void **state)
{
    (void)state;
    struct scene s;
    struct end peer;
    start_by_hand(&s, &peer);
    buf_release(&peer.heard);
    buf_init(&peer.heard, 16 * MEGABYTE);
    append_noise(&s.client.saying, 8 * MEGABYTE);
    say(&s.client);
    uint64_t handed = run_until_stuck(&s);
    assert_in_range(handed, 1, 8 * MEGABYTE - 1);
    wire_destroy(s.client.wire);
    s.client.wire = NULL;
    while (listen_once(&peer, s.peer, ALL)) {
    }
    assert_int_equal(peer.heard.len, handed);
    release_end(&peer);
    release_scene(&s);
}

static void destroy(struct side *s)
{
    wire_destroy(s->wire);
    s->wire = NULL;
    loop_stop(s->scene->loop);
}

static void destroy_on_bytes(struct side *s, struct span bytes)
{
    (void)bytes;
    destroy(s);
}

static void greet_at_once(struct side *s)
{
    secure_server(s);
    say_text(s, "220 hello\r\n"); /* waits for the handshake */
}

static void may_be_destroyed_anywhere(void **state)
{
    (void)state;
    for (int where = 0; where < 3; where++) {
        struct scene s;
        init_secure(&s);
        s.client.when_opened = where == 2 ? secure_as_another : secure_client;
        s.client.when_secured = where == 0 ? destroy : NULL;
        s.client.when_heard = where == 1 ? destroy_on_bytes : NULL;
        s.client.when_closed = where == 2 ? destroy : NULL;
        s.server.when_opened = greet_at_once;
        connect_client(&s);
        play(&s);
        assert_null(s.client.wire);
        assert_int_equal(s.client.heard.len, where == 1 ? 11 : 0);
        run_for(&s, 5);
        release_scene(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(turns_to_tls),
        cmocka_unit_test(speaks_tls_from_the_start),
        cmocka_unit_test(refuses_another_name),
        cmocka_unit_test(refuses_an_unknown_issuer),
        cmocka_unit_test(is_cut_within_the_handshake),
        cmocka_unit_test(hears_no_tls),
        cmocka_unit_test(waits_no_longer_than_told),
        cmocka_unit_test(is_cut_without_a_farewell),
        cmocka_unit_test(hears_the_farewell),
        cmocka_unit_test(is_cut_by_plain_text),
        cmocka_unit_test(hears_single_bytes),
        cmocka_unit_test(tells_what_was_handed),
        cmocka_unit_test(may_be_destroyed_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
