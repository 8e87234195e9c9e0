#include "mailing/addresses.h"

#include <assert.h>
#include <string.h>

#include "net/local.h"

enum { PAUSE_FIRST_MS = 2000, PAUSE_MOST_MS = 60000 };

bool addresses_ours(const struct bind_addresses *binds, struct err *err)
{
    for (size_t i = 0; i < binds->count; i++) {
        const struct sockaddr_storage *ours = &binds->list[i];
        if (!local_has(ours)) {
            char text[NI_MAXHOST] = "";
            getnameinfo((const struct sockaddr *)ours, sizeof *ours, text,
                        sizeof text, NULL, 0, NI_NUMERICHOST);
            err_set(err, EX_USAGE,
                    "--bind %s: this machine has no such address", text);
            return false;
        }
    }
    return true;
}

static bool reachable(const struct bind_addresses *binds, int family)
{
    bool found = binds->count == 0;
    for (size_t i = 0; i < binds->count; i++) {
        found |= binds->list[i].ss_family == family;
    }
    return found;
}

/* The next one from there on that is of that family, or is not. */
static const struct addrinfo *seek(const struct addrinfo *from, int family,
                                   bool is)
{
    while (from && (from->ai_family == family) != is) {
        from = from->ai_next;
    }
    return from;
}

static void add(struct addresses *a, const struct addrinfo *one,
                const struct bind_addresses *binds)
{
    bool inet = one->ai_family == AF_INET || one->ai_family == AF_INET6;
    if (inet && a->count < ADDRESSES_MAX && reachable(binds, one->ai_family)) {
        memcpy(&a->list[a->count++].peer, one->ai_addr, one->ai_addrlen);
    }
}

void addresses_set(struct addresses *a, const struct addrinfo *answer,
                   const struct bind_addresses *binds)
{
    *a = (struct addresses){0};
    const struct addrinfo *sides[] = {answer, NULL};
    int family = answer->ai_family;
    sides[1] = seek(answer, family, false);
    for (unsigned turn = 0; sides[0] || sides[1]; turn ^= 1) {
        if (sides[turn]) {
            add(a, sides[turn], binds);
            sides[turn] = seek(sides[turn]->ai_next, family, turn == 0);
        }
    }
}

static bool able(const struct addresses *a, unsigned at, uint64_t now_ms)
{
    return a->list[at].resume_ms <= now_ms;
}

static unsigned able_count(const struct addresses *a, uint64_t now_ms)
{
    unsigned count = 0;
    for (unsigned i = 0; i < a->count; i++) {
        count += able(a, i, now_ms);
    }
    return count;
}

/* The turn-th of ours of that family, counted round. */
static void choose_local(const struct bind_addresses *binds,
                         struct wire_way *way)
{
    size_t of_family = 0;
    for (size_t i = 0; i < binds->count; i++) {
        of_family += binds->list[i].ss_family == way->peer.ss_family;
    }
    size_t which = of_family > 0 ? binds->turn % of_family : 0;
    for (size_t i = 0; i < binds->count; i++) {
        if (binds->list[i].ss_family == way->peer.ss_family && which-- == 0) {
            way->local = binds->list[i];
        }
    }
}

size_t addresses_ways(struct addresses *a, struct bind_addresses *binds,
                      uint64_t now_ms, struct wire_way out[WIRE_WAYS_MAX])
{
    bool all = able_count(a, now_ms) == 0; /* then none is better */
    size_t count = 0;
    unsigned first = a->count;
    for (unsigned i = 0; i < a->count && count < WIRE_WAYS_MAX; i++) {
        unsigned at = (a->next + i) % a->count;
        if (all || able(a, at, now_ms)) {
            first = first == a->count ? at : first;
            out[count] = (struct wire_way){.peer = a->list[at].peer, .tag = at};
            choose_local(binds, &out[count++]);
        }
    }
    a->next = a->count > 0 ? (first + 1) % a->count : 0;
    binds->turn++;
    return count;
}

bool addresses_fail(struct addresses *a, unsigned at, uint64_t now_ms)
{
    assert(at < a->count);
    struct relay_address *one = &a->list[at];
    one->pause_ms = one->pause_ms ? one->pause_ms * 2 : PAUSE_FIRST_MS;
    one->pause_ms =
        one->pause_ms < PAUSE_MOST_MS ? one->pause_ms : PAUSE_MOST_MS;
    one->resume_ms = now_ms + one->pause_ms;
    return able_count(a, now_ms) > 0;
}

void addresses_work(struct addresses *a, unsigned at)
{
    assert(at < a->count);
    a->list[at].pause_ms = 0;
    a->list[at].resume_ms = 0;
}
