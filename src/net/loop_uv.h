/* How do the other files of this room reach libuv's own loop? */
#pragma once

#include <uv.h>

struct loop;

uv_loop_t *loop_uv(struct loop *l);

/* Before the first look-up: where libuv gets no threads for it, it aborts
 * without a word. Where there are none the process ends at once, in words:
 * EX_OSERR. */
void loop_need_threads(void);
