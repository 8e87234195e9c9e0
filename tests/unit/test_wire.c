/* net/wire in clear: what is said arrives, what was handed is told exactly,
 * and each kind of end is called by its name. */
#include "unit/scene.h"

#include <errno.h>

static void say_hello(struct side *s)
{
    say_text(s, "hello");
}

static void echo(struct side *s, struct span bytes)
{
    buf_append(&s->saying, bytes);
    say(s);
}

static void finish_after_five(struct side *s, struct span bytes)
{
    (void)bytes;
    if (s->heard.len == 5) {
        wire_finish(s->wire);
    }
}

static void echoes(void **state)
{
    (void)state;
    struct scene s;
    init_scene(&s);
    s.client.when_opened = say_hello;
    s.client.when_heard = finish_after_five;
    s.server.when_heard = echo;
    connect_client(&s);
    assert_int_equal(s.client.opened, 0);
    play(&s);
    assert_heard(&s.server, SPAN("hello"));
    assert_heard(&s.client, SPAN("hello"));
    assert_int_equal(s.client.opened, 1);
    assert_int_equal(s.server.opened, 1);
    assert_int_equal(s.client.end, WIRE_END_EOF);
    assert_int_equal(s.server.end, WIRE_END_EOF);
    assert_int_equal(s.client.handed, 5);
    assert_int_equal(s.server.handed, 5);
    assert_null(wire_tls(s.client.wire));
    release_scene(&s);
}

/* Much, both ways at once: neither waits for the other. */

static bool both_heard_much(struct scene *s)
{
    return s->client.heard.len >= 8 * MEGABYTE &&
           s->server.heard.len >= 8 * MEGABYTE;
}

static void say_much(struct side *s)
{
    append_noise(&s->saying, 8 * MEGABYTE);
    say(s);
    assert_int_equal(s->saying.len, 8 * MEGABYTE - 256 * 1024);
    assert_int_equal(wire_room(s->wire), 0);
    say(s);
    assert_int_equal(s->saying.len, 8 * MEGABYTE - 256 * 1024);
}

static void carries_much_both_ways(void **state)
{
    (void)state;
    struct scene s;
    init_scene(&s);
    s.over = both_heard_much;
    s.client.when_opened = say_much;
    s.server.when_opened = say_much;
    connect_client(&s);
    play(&s);
    struct buf noise;
    buf_init(&noise, 8 * MEGABYTE);
    append_noise(&noise, 8 * MEGABYTE);
    assert_heard(&s.client, buf_span(&noise));
    assert_heard(&s.server, buf_span(&noise));
    assert_true(s.client.drained > 0);
    assert_int_equal(wire_handed(s.client.wire), 8 * MEGABYTE);
    buf_release(&noise);
    release_scene(&s);
}

/* No connection. */

static bool client_closed(struct scene *s)
{
    return s->client.closed > 0;
}

static void is_refused(void **state)
{
    (void)state;
    struct scene s;
    init_scene(&s);
    s.over = client_closed;
    loop_watch_destroy(s.listening);
    s.listening = NULL;
    close(s.listener);
    connect_client(&s);
    assert_int_equal(s.client.closed, 0);
    play(&s);
    assert_int_equal(s.client.opened, 0);
    assert_int_equal(s.client.end, WIRE_END_REFUSED);
    assert_int_equal(s.client.why.status, EX_UNAVAILABLE);
    assert_string_equal(s.client.why.text, strerror(ECONNREFUSED));
    s.listener = -1;
    release_scene(&s);
}

/* Found at once, but told at the end of the turn. */
static void cannot_even_try(void **state)
{
    (void)state;
    struct scene s;
    init_scene(&s);
    s.over = client_closed;
    struct sockaddr_in6 peer = {.sin6_family = AF_INET6,
                                .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct sockaddr_in local = {.sin_family = AF_INET};
    struct wire_owner owner = owner_of(&s.client);
    struct wire_way way = way_to(&peer, sizeof peer);
    memcpy(&way.local, &local, sizeof local);
    s.client.wire = wire_connect(s.loop, &way, 1, PATIENCE_MS, &owner);
    assert_int_equal(s.client.closed, 0);
    play(&s);
    assert_int_equal(s.client.end, WIRE_END_REFUSED);
    release_scene(&s);
}

enum { FILLERS = 8 };

static void waits_no_longer_than_told(void **state)
{
    (void)state;
    struct scene s;
    init_scene(&s);
    s.over = client_closed;
    /* A listener whose queue is full drops what knocks. */
    loop_watch_destroy(s.listening);
    s.listening = NULL;
    assert_int_equal(listen(s.listener, 0), 0);
    int fillers[FILLERS];
    for (int i = 0; i < FILLERS; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)!connect(fillers[i], (struct sockaddr *)&s.address,
                       sizeof s.address);
    }
    struct wire_owner owner = owner_of(&s.client);
    struct wire_way way = way_to(&s.address, sizeof s.address);
    s.client.wire = wire_connect(s.loop, &way, 1, 100, &owner);
    play(&s);
    assert_int_equal(s.client.end, WIRE_END_TIMEOUT);
    assert_int_equal(s.client.opened, 0);
    for (int i = 0; i < FILLERS; i++) {
        close(fillers[i]);
    }
    release_scene(&s);
}

/* A peer that is no wire. */

/* All that is left to be read; reports how it ended. */
static size_t read_to_the_end(int descriptor, struct buf *out)
{
    size_t total = 0;
    for (;;) {
        char bytes[65536];
        ssize_t got = recv(descriptor, bytes, sizeof bytes, 0);
        if (got <= 0) {
            return total;
        }
        total += (size_t)got;
        if (out) {
            buf_append(out, span_from(bytes, (size_t)got));
        }
    }
}

static void start_raw(struct scene *s)
{
    init_scene(s);
    s->raw = true;
    s->over = client_closed;
    connect_client(s);
    play(s);
    assert_true(s->peer >= 0);
}

static void say_bytes(struct side *s, size_t bytes)
{
    append_noise(&s->saying, bytes);
    say(s);
}

/* The kernel took some of it; that much arrives, and not a byte more. */
static void tells_what_was_handed(void **state)
{
    (void)state;
    struct scene s;
    start_raw(&s);
    s.client.when_opened = NULL;
    say_bytes(&s.client, 8 * MEGABYTE);
    uint64_t handed = run_until_stuck(&s);
    assert_in_range(handed, 1, 8 * MEGABYTE - 1);
    assert_true(wire_room(s.client.wire) < 256 * 1024);
    wire_destroy(s.client.wire);
    s.client.wire = NULL;
    run_for(&s, 5);
    assert_int_equal(read_to_the_end(s.peer, NULL), handed);
    release_scene(&s);
}

/* Replies that were under way when the peer reset. Reading finds it out where
 * writing is blocked, else writing does. */
static void hears_what_came_before_the_reset(void **state)
{
    (void)state;
    static const size_t said[] = {8 * MEGABYTE, 100};
    for (size_t i = 0; i < 2; i++) {
        struct scene s;
        start_raw(&s);
        say_bytes(&s.client, said[i]);
        run_for(&s, 50);
        struct span replies = SPAN("250 one\r\n250 two\r\n421 enough\r\n");
        assert_int_equal(send(s.peer, replies.data, replies.len, 0),
                         replies.len);
        close(s.peer); /* with unread input: a reset */
        s.peer = -1;
        say_bytes(&s.client, 100);
        uint64_t handed = wire_handed(s.client.wire);
        play(&s);
        assert_heard(&s.client, replies);
        assert_int_equal(s.client.end, WIRE_END_CUT);
        assert_int_equal(s.client.why.status, EX_UNAVAILABLE);
        assert_int_equal(s.client.handed, handed);
        release_scene(&s);
    }
}

static void hears_the_end(void **state)
{
    (void)state;
    struct scene s;
    start_raw(&s);
    assert_int_equal(send(s.peer, "221 bye", 7, 0), 7);
    shutdown(s.peer, SHUT_WR);
    play(&s);
    assert_heard(&s.client, SPAN("221 bye"));
    assert_int_equal(s.client.end, WIRE_END_EOF);
    release_scene(&s);
}

/* Leaving. */

static void finishes_after_all_is_said(void **state)
{
    (void)state;
    struct scene s;
    start_raw(&s);
    say_bytes(&s.client, 200 * 1024);
    wire_finish(s.client.wire);
    assert_int_equal(wire_room(s.client.wire), 0);
    struct buf heard;
    buf_init(&heard, MEGABYTE);
    run_for(&s, 50);
    assert_int_equal(read_to_the_end(s.peer, &heard), 200 * 1024);
    assert_int_equal(s.client.closed, 0);
    assert_int_equal(send(s.peer, "221 bye", 7, 0), 7);
    close(s.peer);
    s.peer = -1;
    play(&s);
    assert_heard(&s.client, SPAN("221 bye"));
    assert_int_equal(s.client.end, WIRE_END_EOF);
    buf_release(&heard);
    release_scene(&s);
}

static void finishes_within_two_seconds(void **state)
{
    (void)state;
    struct scene s;
    start_raw(&s);
    uint64_t start = loop_now_ms(s.loop);
    wire_finish(s.client.wire);
    play(&s);
    assert_int_equal(s.client.end, WIRE_END_EOF);
    assert_in_range(loop_now_ms(s.loop) - start, 1900, 3000);
    release_scene(&s);
}

static void says_when_not_all_went_out(void **state)
{
    (void)state;
    struct scene s;
    start_raw(&s);
    say_bytes(&s.client, 8 * MEGABYTE);
    run_until_stuck(&s);
    wire_finish(s.client.wire);
    play(&s);
    assert_int_equal(s.client.end, WIRE_END_CUT);
    release_scene(&s);
}

/* Destroyed inside each of the callbacks. */

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

static void may_be_destroyed_anywhere(void **state)
{
    (void)state;
    for (int where = 0; where < 4; where++) {
        struct scene s;
        init_scene(&s);
        s.client.when_opened = where == 0 ? destroy : NULL;
        s.client.when_heard = where == 1 ? destroy_on_bytes : NULL;
        s.client.when_closed = where == 2 ? destroy : NULL;
        s.client.when_drained = where == 3 ? destroy : NULL;
        s.server.when_opened = where == 3 ? NULL : say_hello;
        s.server.when_heard = where == 2 ? finish_after_five : NULL;
        if (where >= 2) {
            s.client.when_opened = where == 3 ? say_much : say_hello;
        }
        connect_client(&s);
        play(&s);
        assert_null(s.client.wire);
        run_for(&s, 5);
        release_scene(&s);
    }
}

static void may_be_destroyed_at_once(void **state)
{
    (void)state;
    struct scene s;
    init_scene(&s);
    connect_client(&s);
    wire_destroy(s.client.wire);
    s.client.wire = NULL;
    run_for(&s, 5);
    assert_int_equal(s.client.opened, 0);
    assert_int_equal(s.client.closed, 0);
    release_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(echoes),
        cmocka_unit_test(carries_much_both_ways),
        cmocka_unit_test(is_refused),
        cmocka_unit_test(cannot_even_try),
        cmocka_unit_test(waits_no_longer_than_told),
        cmocka_unit_test(tells_what_was_handed),
        cmocka_unit_test(hears_what_came_before_the_reset),
        cmocka_unit_test(hears_the_end),
        cmocka_unit_test(finishes_after_all_is_said),
        cmocka_unit_test(finishes_within_two_seconds),
        cmocka_unit_test(says_when_not_all_went_out),
        cmocka_unit_test(may_be_destroyed_anywhere),
        cmocka_unit_test(may_be_destroyed_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
