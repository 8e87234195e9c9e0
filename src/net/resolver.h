/* Which addresses does this host have? Asked off the loop's thread, the way
 * the system asks (files, DNS, whatever nsswitch says). */
#pragma once

#include <netdb.h>

#include "base/err.h"
#include "net/loop.h"

/* `answer` is called once, later: a list (its order is to be kept; the callee
 * frees it with freeaddrinfo), or NULL and EX_NOHOST (68) for a host that
 * there is not, EX_UNAVAILABLE (69) for a resolver that failed. */
void resolver_ask(struct loop *l, const char *host, const char *port,
                  void (*answer)(void *context, struct addrinfo *list,
                                 const struct err *why),
                  void *context);
