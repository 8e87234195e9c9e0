/* Who comes in? A listening socket on a loopback address: the sink is for
 * rehearsal, and takes everything from everybody. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "net/loop.h"

struct listener;

/* "127.0.0.1:2525", "[::1]:2525", "localhost:0". NULL: EX_USAGE (64) for what
 * is no such address or no loopback one, EX_OSERR (71) where the system does
 * not allow it. `came` gets a connected descriptor of its own. */
struct listener *listener_create(struct loop *l, const char *address,
                                 void (*came)(void *context, int descriptor),
                                 void *context, struct err *err);
void listener_destroy(struct listener *l); /* NULL is fine */

unsigned listener_port(const struct listener *l); /* the one that was bound */
void listener_append_address(const struct listener *l, struct buf *out);
