/* net/wire in clear: what is said arrives, what was handed is told exactly,
 * and each kind of end is called by its name. */
#include "unit/scene.h"

/* In clear. */

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

static void echoes_in_clear(void **state)
{
    (void)state;
    struct scene s;
    init_scene(&s);
    s.client.when_opened = say_hello;
    s.client.when_heard = finish_after_five;
    s.server.when_heard = echo;
    connect_client(&s);
    assert_int_equal(s.client.opened, 0);
    s.server.when_closed = finish;
    play(&s);
    assert_heard(&s.server, SPAN("hello"));
    assert_heard(&s.client, SPAN("hello"));
    assert_int_equal(s.client.opened, 1);
    assert_int_equal(s.server.opened, 1);
    assert_int_equal(s.client.end, WIRE_END_EOF);
    assert_int_equal(s.server.end, WIRE_END_EOF);
    assert_int_equal(s.client.handed, 5);
    assert_int_equal(wire_tls(s.client.wire).len, 0);
    release_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(echoes_in_clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
