/* net/race: the first address that answers is taken, and none is waited for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/race.h"

enum { FILLERS = 8, LIMIT_MS = 3000 };

enum host {
    ANSWERS,
    REFUSES,
    SILENT,    /* what knocks is dropped: the queue is full */
    NO_FAMILY, /* cannot even be tried */
};

struct track {
    struct loop *loop;
    struct loop_timer *limit;
    int listeners[WIRE_WAYS_MAX];
    int fillers[WIRE_WAYS_MAX][FILLERS];
    struct wire_way ways[WIRE_WAYS_MAX];
    struct race *race;
    unsigned calls;
    int descriptor;
    unsigned tag;
    int error;
    uint64_t begun_ms, over_ms;
};

static int listen_at(struct sockaddr_in *address, int backlog)
{
    socklen_t size = sizeof *address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(listener >= 0);
    *address = (struct sockaddr_in){.sin_family = AF_INET,
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(bind(listener, (struct sockaddr *)address, size), 0);
    assert_int_equal(listen(listener, backlog), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)address, &size),
                     0);
    return listener;
}

static void lay(struct track *t, unsigned at, enum host host)
{
    struct sockaddr_in address;
    t->listeners[at] = listen_at(&address, host == SILENT ? 0 : 8);
    for (int i = 0; i < FILLERS; i++) {
        t->fillers[at][i] = -1;
        if (host == SILENT) {
            int one = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
            (void)!connect(one, (struct sockaddr *)&address, sizeof address);
            t->fillers[at][i] = one;
        }
    }
    if (host == REFUSES) {
        close(t->listeners[at]);
        t->listeners[at] = -1;
    }
    t->ways[at] = (struct wire_way){.tag = at + 100};
    memcpy(&t->ways[at].peer, &address, sizeof address);
    if (host == NO_FAMILY) {
        t->ways[at].local.ss_family = AF_INET6;
    }
}

static void over(void *context, int descriptor, unsigned tag, int error)
{
    struct track *t = context;
    t->calls++;
    t->descriptor = descriptor;
    t->tag = tag;
    t->error = error;
    t->over_ms = loop_now_ms(t->loop);
    race_destroy(t->race);
    t->race = NULL;
    loop_stop(t->loop);
}

static void too_late(void *context)
{
    struct track *t = context;
    loop_stop(t->loop);
}

static void run(struct track *t, const enum host *hosts, size_t count)
{
    *t = (struct track){.descriptor = -2};
    t->loop = loop_create();
    t->limit = loop_timer_create(t->loop, too_late, t);
    for (unsigned i = 0; i < count; i++) {
        lay(t, i, hosts[i]);
    }
    loop_timer_start(t->limit, LIMIT_MS);
    t->begun_ms = loop_now_ms(t->loop);
    t->race = race_begin(t->loop, t->ways, count, over, t);
    assert_int_equal(t->calls, 0);
    loop_run(t->loop);
    race_destroy(t->race);
    loop_timer_destroy(t->limit);
    loop_destroy(t->loop);
    for (unsigned i = 0; i < count; i++) {
        close(t->listeners[i]);
        for (int k = 0; k < FILLERS; k++) {
            if (t->fillers[i][k] >= 0) {
                close(t->fillers[i][k]);
            }
        }
    }
}

static const struct {
    const char *name;
    size_t count;
    enum host hosts[4];
    int winner; /* -1: none */
    int error;
    uint64_t least_ms, most_ms;
} races[] = {
    {"the first", 2, {ANSWERS, ANSWERS}, 0, 0, 0, 200},
    {"the next at once", 2, {REFUSES, ANSWERS}, 1, 0, 0, 200},
    {"some at once", 4, {REFUSES, REFUSES, REFUSES, ANSWERS}, 3, 0, 0, 200},
    {"what cannot be tried", 3, {NO_FAMILY, NO_FAMILY, ANSWERS}, 2, 0, 0, 200},
    {"the next after a while", 2, {SILENT, ANSWERS}, 1, 0, 240, 490},
    {"two whiles", 3, {SILENT, SILENT, ANSWERS}, 2, 0, 490, 900},
    {"a while and at once", 3, {SILENT, REFUSES, ANSWERS}, 2, 0, 240, 490},
    {"nobody", 2, {REFUSES, REFUSES}, -1, ECONNREFUSED, 0, 200},
    {"one", 1, {ANSWERS}, 0, 0, 0, 200},
};

static unsigned open_descriptors(void)
{
    unsigned count = 0;
    DIR *all = opendir("/proc/self/fd");
    assert_non_null(all);
    while (readdir(all)) {
        count++;
    }
    closedir(all);
    return count;
}

static void the_first_that_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof races / sizeof *races; i++) {
        struct track t;
        loop_destroy(loop_create()); /* libuv keeps a pipe from the first on */
        unsigned before = open_descriptors();
        run(&t, races[i].hosts, races[i].count);
        print_message("%s: %u ms\n", races[i].name,
                      (unsigned)(t.over_ms - t.begun_ms));
        assert_int_equal(t.calls, 1);
        assert_int_equal(t.error, races[i].error);
        if (races[i].winner >= 0) {
            assert_int_equal(t.tag, races[i].winner + 100);
            assert_true(t.descriptor >= 0);
            close(t.descriptor);
        } else {
            assert_int_equal(t.descriptor, -1);
        }
        assert_true(t.over_ms - t.begun_ms >= races[i].least_ms);
        assert_true(t.over_ms - t.begun_ms <= races[i].most_ms);
        assert_int_equal(open_descriptors(), before);
    }
}

static void one_that_is_given_up_leaves_nothing(void **state)
{
    (void)state;
    static const enum host hosts[] = {SILENT, SILENT};
    struct track t;
    unsigned before = open_descriptors();
    run(&t, hosts, 2); /* until it is too late */
    assert_int_equal(t.calls, 0);
    assert_int_equal(open_descriptors(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_that_answers),
        cmocka_unit_test(one_that_is_given_up_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
