#include "net/race.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/dial.h"

enum { STAGGER_MS = 250 };

struct runner {
    struct race *race;
    unsigned way;
    int descriptor; /* -1: not begun, or given up */
    struct loop_watch *watch;
};

struct race {
    struct loop *loop;
    struct loop_timer *stagger;
    struct wire_way ways[WIRE_WAYS_MAX];
    struct runner runners[WIRE_WAYS_MAX];
    unsigned count, begun, running;
    int error; /* of the last that failed */
    void (*over)(void *context, int descriptor, unsigned tag, int error);
    void *context;
};

/* Its descriptor is no longer the runner's. */
static int retire(struct runner *runner)
{
    int descriptor = runner->descriptor;
    loop_watch_destroy(runner->watch);
    runner->watch = NULL;
    runner->descriptor = -1;
    return descriptor;
}

static void connected(void *context, bool readable, bool writable)
{
    struct runner *runner = context;
    struct race *r = runner->race;
    (void)readable;
    if (!writable) {
        return;
    }
    int error = dial_outcome(runner->descriptor);
    int descriptor = retire(runner);
    r->running--;
    if (error == 0) {
        loop_timer_stop(r->stagger);
        r->over(r->context, descriptor, r->ways[runner->way].tag, 0);
        return;
    }
    close(descriptor);
    r->error = error;
    loop_timer_start(r->stagger, 0); /* the next at once, or the end */
}

/* 0, or an errno. */
static int begin(struct runner *runner)
{
    struct race *r = runner->race;
    const struct wire_way *way = &r->ways[runner->way];
    bool bound = way->local.ss_family != AF_UNSPEC;
    int error = dial_begin((const struct sockaddr *)&way->peer,
                           bound ? (const struct sockaddr *)&way->local : NULL,
                           &runner->descriptor);
    if (error == 0) {
        runner->watch =
            loop_watch_create(r->loop, runner->descriptor, connected, runner);
        error = runner->watch ? 0 : errno;
    }
    if (error != 0 && runner->descriptor >= 0) {
        close(runner->descriptor);
        runner->descriptor = -1;
    }
    return error;
}

/* Those that fail at once do not hold up the next. */
static void next(void *context)
{
    struct race *r = context;
    bool begun = false;
    while (!begun && r->begun < r->count) {
        struct runner *runner = &r->runners[r->begun];
        *runner = (struct runner){.race = r, .way = r->begun, .descriptor = -1};
        r->begun++;
        int error = begin(runner);
        begun = error == 0;
        r->error = begun ? r->error : error;
    }
    if (begun) {
        loop_watch_writing(r->runners[r->begun - 1].watch, true);
        r->running++;
        loop_timer_start(r->stagger, STAGGER_MS);
    } else if (r->running == 0) {
        r->over(r->context, -1, 0, r->error);
    }
}

struct race *
race_begin(struct loop *l, const struct wire_way *ways, size_t count,
           void (*over)(void *context, int descriptor, unsigned tag, int error),
           void *context)
{
    assert(count > 0 && count <= WIRE_WAYS_MAX);
    struct race *r = mem_alloc_zero(1, sizeof *r);
    r->loop = l;
    r->count = (unsigned)count;
    r->over = over;
    r->context = context;
    for (size_t i = 0; i < count; i++) {
        r->ways[i] = ways[i];
    }
    r->stagger = loop_timer_create(l, next, r);
    loop_timer_start(r->stagger, 0);
    return r;
}

void race_destroy(struct race *r)
{
    if (!r) {
        return;
    }
    for (unsigned i = 0; i < r->begun; i++) {
        int descriptor = retire(&r->runners[i]);
        if (descriptor >= 0) {
            close(descriptor);
        }
    }
    loop_timer_destroy(r->stagger);
    free(r);
}
