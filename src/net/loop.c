#include "net/loop.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
#include <uv.h>

#include "base/mem.h"
#include "net/errand.h"
#include "net/loop_uv.h"

struct loop {
    uv_loop_t uv;
    uv_prepare_t end_of_turn;
    uv_idle_t hurry; /* runs while errands wait: the loop must not */
    struct loop_turn *turns;
    struct errand *errands;
    struct errand **errands_end;
    bool running;
};

struct loop_timer {
    uv_timer_t uv;
    void (*fire)(void *context);
    void *context;
};

struct loop_watch {
    uv_poll_t uv;
    void (*ready)(void *context, bool readable, bool writable);
    void *context;
    bool writing;
};

struct loop_signal {
    uv_signal_t uv;
    void (*raised)(void *context, int number);
    void *context;
};

struct loop_waker {
    uv_async_t uv;
    void (*woken)(void *context);
    void *context;
};

struct loop_turn {
    void (*turn)(void *context); /* NULL: destroyed, to be swept */
    void *context;
    struct loop_turn *next;
};

static void free_handle(uv_handle_t *handle)
{
    free(handle->data);
}

/* data is the struct around the handle, freed once libuv has let go of it. */
static void close_handle(void *handle)
{
    uv_close(handle, free_handle);
}

/* What the system has no more of (descriptors, above all) is as lost memory:
 * the process ends at once. */
static void must(int result)
{
    if (result != 0) {
        fprintf(stderr, "mailshot: the event loop: %s\n", uv_strerror(result));
        _exit(EX_OSERR);
    }
}

/* Errands. */

static void do_nothing(uv_idle_t *idle)
{
    (void)idle;
}

void errand_queue(struct loop *l, struct errand *e)
{
    if (e->queued) {
        return;
    }
    e->queued = true;
    e->next = NULL;
    *l->errands_end = e;
    l->errands_end = &e->next;
    uv_idle_start(&l->hurry, do_nothing);
}

static void run_errands(struct loop *l)
{
    struct errand *e = l->errands;
    l->errands = NULL;
    l->errands_end = &l->errands;
    while (e) {
        struct errand *next = e->next;
        e->queued = false;
        e->run(e->context);
        e = next;
    }
}

/* The end of a turn. */

static void sweep_turns(struct loop *l)
{
    for (struct loop_turn **at = &l->turns; *at;) {
        struct loop_turn *t = *at;
        if (t->turn) {
            at = &t->next;
        } else {
            *at = t->next;
            free(t);
        }
    }
}

static void end_turn(struct loop *l)
{
    for (struct loop_turn *t = l->turns; t; t = t->next) {
        if (t->turn) {
            t->turn(t->context);
        }
    }
    sweep_turns(l);
    run_errands(l);
    if (!l->errands) {
        uv_idle_stop(&l->hurry);
    }
}

static void before_waiting(uv_prepare_t *prepare)
{
    end_turn(prepare->data);
}

struct loop_turn *loop_turn_create(struct loop *l, void (*turn)(void *context),
                                   void *context)
{
    assert(turn);
    struct loop_turn *t = mem_alloc(sizeof *t);
    *t = (struct loop_turn){.turn = turn, .context = context};
    struct loop_turn **at = &l->turns;
    while (*at) {
        at = &(*at)->next;
    }
    *at = t;
    return t;
}

void loop_turn_destroy(struct loop_turn *t)
{
    if (t) {
        t->turn = NULL;
    }
}

/* The loop. */

/* Where libuv gets no pipe for its signals, beside its own descriptor, it
 * aborts without a word. */
static void find_room(void)
{
    int ends[4];
    for (int i = 0; i < 4; i += 2) {
        must(pipe(ends + i) == 0 ? 0 : uv_translate_sys_error(errno));
    }
    for (int i = 0; i < 4; i++) {
        close(ends[i]);
    }
}

struct loop *loop_create(void)
{
    find_room();
    struct loop *l = mem_alloc_zero(1, sizeof *l);
    l->errands_end = &l->errands;
    must(uv_loop_init(&l->uv));
    must(uv_prepare_init(&l->uv, &l->end_of_turn));
    must(uv_idle_init(&l->uv, &l->hurry));
    l->uv.data = l;
    l->end_of_turn.data = l;
    must(uv_prepare_start(&l->end_of_turn, before_waiting));
    uv_unref((uv_handle_t *)&l->end_of_turn);
    return l;
}

void loop_destroy(struct loop *l)
{
    while (l->errands) {
        run_errands(l);
    }
    sweep_turns(l);
    assert(!l->turns);
    uv_close((uv_handle_t *)&l->end_of_turn, NULL);
    uv_close((uv_handle_t *)&l->hurry, NULL);
    /* Closed handles are let go in a turn, signals perhaps in the next. */
    for (int i = 0; i < 8 && uv_run(&l->uv, UV_RUN_NOWAIT); i++) {
    }
    /* A look-up that nobody waits for any more may still be under way in its
     * thread, for as long as the system's resolver likes. It needs the loop;
     * the process does not need the memory. */
    if (uv_loop_close(&l->uv) == 0) {
        free(l);
    }
}

static void *wait_for_the_others(void *gate)
{
    pthread_mutex_lock(gate);
    pthread_mutex_unlock(gate);
    return NULL;
}

/* As many as libuv makes, as large, and all at a time. */
void loop_need_threads(void)
{
    enum { THREADS = 4, STACK_BYTES = 8 << 20 };
    static bool there;
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    pthread_t threads[THREADS];
    pthread_attr_t how;
    int error = 0;
    int count = 0;
    if (there) {
        return;
    }
    pthread_attr_init(&how);
    pthread_attr_setstacksize(&how, STACK_BYTES);
    pthread_mutex_lock(&gate);
    while (count < THREADS && error == 0) {
        error =
            pthread_create(&threads[count], &how, wait_for_the_others, &gate);
        count += error == 0 ? 1 : 0;
    }
    pthread_mutex_unlock(&gate);
    while (count > 0) {
        pthread_join(threads[--count], NULL);
    }
    pthread_attr_destroy(&how);
    if (error != 0) {
        fprintf(stderr, "mailshot: no threads for look-ups: %s\n",
                strerror(error));
        _exit(EX_OSERR);
    }
    there = true;
}

uv_loop_t *loop_uv(struct loop *l)
{
    return &l->uv;
}

void loop_run(struct loop *l)
{
    l->running = true;
    uv_run(&l->uv, UV_RUN_DEFAULT);
    /* loop_stop ends libuv's turn before ours: what was said still goes out. */
    end_turn(l);
    l->running = false;
}

void loop_stop(struct loop *l)
{
    uv_stop(&l->uv);
}

uint64_t loop_now_ms(const struct loop *l)
{
    return uv_now(&l->uv);
}

/* Timers. */

static void timer_fired(uv_timer_t *uv)
{
    struct loop_timer *t = uv->data;
    t->fire(t->context);
}

struct loop_timer *loop_timer_create(struct loop *l,
                                     void (*fire)(void *context), void *context)
{
    struct loop_timer *t = mem_alloc_zero(1, sizeof *t);
    t->fire = fire;
    t->context = context;
    must(uv_timer_init(&l->uv, &t->uv));
    t->uv.data = t;
    return t;
}

void loop_timer_start(struct loop_timer *t, uint64_t in_ms)
{
    struct loop *l = t->uv.loop->data;
    /* Between two runs libuv's clock stands still, and the timer would fire
     * early by as much. */
    if (!l->running) {
        uv_update_time(&l->uv);
    }
    must(uv_timer_start(&t->uv, timer_fired, in_ms, 0));
}

void loop_timer_stop(struct loop_timer *t)
{
    uv_timer_stop(&t->uv);
}

void loop_timer_destroy(struct loop_timer *t)
{
    if (t) {
        close_handle(&t->uv);
    }
}

/* Descriptors. */

static void descriptor_ready(uv_poll_t *uv, int status, int events);

static void listen_to(struct loop_watch *w)
{
    int events = UV_READABLE | (w->writing ? UV_WRITABLE : 0);
    must(uv_poll_start(&w->uv, events, descriptor_ready));
}

static void descriptor_ready(uv_poll_t *uv, int status, int events)
{
    struct loop_watch *w = uv->data;
    if (status == 0) {
        w->ready(w->context, events & UV_READABLE, events & UV_WRITABLE);
        return;
    }
    /* libuv stops watching at the first error, but there may be bytes yet to
     * be read before it. */
    w->ready(w->context, true, w->writing);
    if (!uv_is_closing((uv_handle_t *)uv)) {
        listen_to(w);
    }
}

struct loop_watch *loop_watch_create(struct loop *l, int descriptor,
                                     void (*ready)(void *context, bool readable,
                                                   bool writable),
                                     void *context)
{
    struct loop_watch *w = mem_alloc_zero(1, sizeof *w);
    w->ready = ready;
    w->context = context;
    int result = uv_poll_init(&l->uv, &w->uv, descriptor);
    if (result != 0) {
        free(w);
        errno = -result;
        return NULL;
    }
    w->uv.data = w;
    listen_to(w);
    return w;
}

void loop_watch_writing(struct loop_watch *w, bool on)
{
    if (w->writing != on) {
        w->writing = on;
        listen_to(w);
    }
}

void loop_watch_destroy(struct loop_watch *w)
{
    if (w) {
        close_handle(&w->uv);
    }
}

/* Signals. */

static void signal_raised(uv_signal_t *uv, int number)
{
    struct loop_signal *s = uv->data;
    s->raised(s->context, number);
}

struct loop_signal *
loop_signal_create(struct loop *l, int number,
                   void (*raised)(void *context, int number), void *context)
{
    struct loop_signal *s = mem_alloc_zero(1, sizeof *s);
    s->raised = raised;
    s->context = context;
    must(uv_signal_init(&l->uv, &s->uv));
    s->uv.data = s;
    must(uv_signal_start(&s->uv, signal_raised, number));
    uv_unref((uv_handle_t *)&s->uv);
    return s;
}

/* libuv gives the signal its default effect again. */
void loop_signal_destroy(struct loop_signal *s)
{
    if (s) {
        int number = s->uv.signum;
        close_handle(&s->uv);
        signal(number, SIG_IGN);
    }
}

/* Other threads. */

static void thread_calls(uv_async_t *uv)
{
    struct loop_waker *w = uv->data;
    w->woken(w->context);
}

struct loop_waker *
loop_waker_create(struct loop *l, void (*woken)(void *context), void *context)
{
    struct loop_waker *w = mem_alloc_zero(1, sizeof *w);
    w->woken = woken;
    w->context = context;
    must(uv_async_init(&l->uv, &w->uv, thread_calls));
    w->uv.data = w;
    uv_unref((uv_handle_t *)&w->uv);
    return w;
}

void loop_waker_wake(struct loop_waker *w)
{
    must(uv_async_send(&w->uv));
}

void loop_waker_destroy(struct loop_waker *w)
{
    if (w) {
        close_handle(&w->uv);
    }
}
