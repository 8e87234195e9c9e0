/* When does something happen? One thread, one loop over libuv: descriptors,
 * timers, signals, and a hook at the end of each turn. Callbacks may create
 * and stop anything here, themselves included. Times are monotonic
 * milliseconds from loop_now_ms. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct loop;

struct loop *loop_create(void);
void loop_destroy(struct loop *l); /* all watchers are stopped already */

/* Until loop_stop, or nothing is watched: signals and turns alone do not keep
 * it running. */
void loop_run(struct loop *l);
void loop_stop(struct loop *l);             /* at the end of this turn */
uint64_t loop_now_ms(const struct loop *l); /* as of the start of the turn */

/* A timer fires once. Starting a running one sets it anew. */
struct loop_timer;
struct loop_timer *
loop_timer_create(struct loop *l, void (*fire)(void *context), void *context);
void loop_timer_start(struct loop_timer *t, uint64_t in_ms);
void loop_timer_stop(struct loop_timer *t);
void loop_timer_destroy(struct loop_timer *t); /* NULL is fine */

/* A descriptor (socket or pipe), made non-blocking. `ready` is called in each
 * turn in which it can be read, or has failed (reading it tells how), and
 * while loop_watch_writing is on also when it can be written. NULL: the system
 * cannot watch it; errno tells. */
struct loop_watch;
struct loop_watch *loop_watch_create(struct loop *l, int descriptor,
                                     void (*ready)(void *context, bool readable,
                                                   bool writable),
                                     void *context);
void loop_watch_writing(struct loop_watch *w, bool on); /* off at first */
/* The descriptor stays the caller's, who may close it at once. NULL is fine. */
void loop_watch_destroy(struct loop_watch *w);

/* A signal, from now on; it no longer has its default effect, nor afterwards:
 * who has ended well is not killed while it goes. */
struct loop_signal;
struct loop_signal *
loop_signal_create(struct loop *l, int number,
                   void (*raised)(void *context, int number), void *context);
void loop_signal_destroy(struct loop_signal *s); /* NULL is fine */

/* Lets another thread say that there is something to look at: `woken` is
 * called in the loop's own thread, once for many calls perhaps. It does not
 * keep the loop running. */
struct loop_waker;
struct loop_waker *
loop_waker_create(struct loop *l, void (*woken)(void *context), void *context);
void loop_waker_wake(struct loop_waker *w); /* from any thread */
/* No thread wakes it any more. NULL is fine. */
void loop_waker_destroy(struct loop_waker *w);

/* Called before the loop waits, each turn; what it says on a wire still goes
 * out in this turn. */
struct loop_turn;
struct loop_turn *loop_turn_create(struct loop *l, void (*turn)(void *context),
                                   void *context);
void loop_turn_destroy(struct loop_turn *t); /* NULL is fine */
