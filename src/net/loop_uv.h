/* How do the other files of this room reach libuv's own loop? */
#pragma once

#include <uv.h>

struct loop;

uv_loop_t *loop_uv(struct loop *l);
