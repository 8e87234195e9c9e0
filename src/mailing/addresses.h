/* Which of a relay's addresses comes next?
 *
 * A name with several is a cluster: each session begins with the next one, and
 * falls back on the others. Families alternate, the resolver's first one first
 * (RFC 8305, section 4). One that failed rests, longer each time, and is left
 * out for so long. */
#pragma once

#include <netdb.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"
#include "net/wire.h"

enum { ADDRESSES_MAX = 64 };

/* What is wrong where none is left; of the host's name. */
#define ADDRESSES_NONE "%s: has no address that --bind can reach"

struct relay_address {
    struct sockaddr_storage peer;
    uint64_t resume_ms; /* it rests until then */
    uint64_t pause_ms;
};

struct addresses {
    struct relay_address list[ADDRESSES_MAX];
    unsigned count, next;
};

/* Whence: with `binds`, addresses of a family of which none is there are left
 * out. */
struct bind_addresses {
    const struct sockaddr_storage *list;
    size_t count;
    unsigned turn; /* they are dealt out over the sessions */
};

/* False: one of them is none of this machine. EX_USAGE. */
bool addresses_ours(const struct bind_addresses *binds, struct err *err);

/* The first ADDRESSES_MAX of the answer. */
void addresses_set(struct addresses *a, const struct addrinfo *answer,
                   const struct bind_addresses *binds);

/* The ways for the next session, tagged with their addresses' indices; at
 * least one where there is an address. */
size_t addresses_ways(struct addresses *a, struct bind_addresses *binds,
                      uint64_t now_ms, struct wire_way out[WIRE_WAYS_MAX]);

/* It failed. True: there are others, that do not rest. */
bool addresses_fail(struct addresses *a, unsigned at, uint64_t now_ms);
void addresses_work(struct addresses *a, unsigned at);
