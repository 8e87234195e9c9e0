/* How does one connection reach its guest? A wire below, the guest above, and
 * between them the order of things: the journal before the replies, a delayed
 * reply no sooner than its time, an end to silence, TLS behind its 220, the cut
 * behind what was said before it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "net/loop.h"
#include "sink/guest.h"
#include "sink/service.h"

struct tls_server;

/* What all visits share. Borrowed by each for its life. */
struct visit_house {
    struct loop *loop;
    const struct guest_house *guest;
    struct tls_server *tls; /* NULL: none */
    bool implicit_tls;
    struct service *service; /* guest->mark is set where it takes time */
    uint64_t idle_ms;        /* of silence, then 421; 0: any */
    uint64_t sessions_max;   /* at a time, then 421; 0: any */
    /* What was taken is written down. False: no reply may leave any more. */
    bool (*settle)(void *context);
    struct visit *first;         /* all that are open */
    void (*left)(void *context); /* one is gone */
    void *context;
};

/* Takes the descriptor. The visit ends by itself, or by visit_end. */
void visit_start(struct visit_house *house, int descriptor, uint64_t session);
void visit_end(struct visit *v); /* at once; `left` is not called */
