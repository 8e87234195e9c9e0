/* Which addresses does this host have? Asked off the loop's thread, the way
 * the system asks (files, DNS, whatever nsswitch says). An IP address is an
 * answer to itself. */
#pragma once

#include <netdb.h>

#include "base/err.h"
#include "net/loop.h"

struct resolver;

/* `answer` is called once, later: a list (its order is to be kept; the callee
 * frees it with freeaddrinfo), or NULL and EX_NOHOST (68) for a host that
 * there is not, EX_UNAVAILABLE (69) for a resolver that failed. Then, or by
 * resolver_forget, the question is no more. */
struct resolver *resolver_ask(
    struct loop *l, const char *host, const char *port,
    void (*answer)(void *context, struct addrinfo *list, const struct err *why),
    void *context);

/* `answer` is not called any more. Only before it was. */
void resolver_forget(struct resolver *r);
