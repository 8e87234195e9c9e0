/* When does something happen? One thread, one loop over libuv: descriptors,
 * timers, signals, and a hook at the end of each turn. Callbacks may create
 * and stop anything here, themselves included. Times are monotonic
 * milliseconds from loop_now_ms. */
#pragma once

#include <stdint.h>

struct loop;

struct loop *loop_create(void);
void loop_destroy(struct loop *l); /* all watchers are stopped already */

void loop_run(struct loop *l);  /* until loop_stop, or nothing is watched */
void loop_stop(struct loop *l); /* at the end of this turn */
uint64_t loop_now_ms(const struct loop *l); /* as of the start of the turn */

/* A timer fires once. Starting a running one sets it anew. */
struct loop_timer;
struct loop_timer *
loop_timer_create(struct loop *l, void (*fire)(void *context), void *context);
void loop_timer_start(struct loop_timer *t, uint64_t in_ms);
void loop_timer_stop(struct loop_timer *t);
void loop_timer_destroy(struct loop_timer *t); /* NULL is fine */

/* A signal, from now on; it no longer has its default effect. */
struct loop_signal;
struct loop_signal *
loop_signal_create(struct loop *l, int number,
                   void (*raised)(void *context, int number), void *context);
void loop_signal_destroy(struct loop_signal *s);

/* Called before the loop waits, each turn. */
struct loop_turn;
struct loop_turn *loop_turn_create(struct loop *l, void (*turn)(void *context),
                                   void *context);
void loop_turn_destroy(struct loop_turn *t);
