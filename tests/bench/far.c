/* How does a far relay look? Like a near one, some milliseconds away.
 *
 *   far PORT ROUND_TRIP_MS
 *
 * Listens on a free port of 127.0.0.1, which it prints, and carries every
 * connection to PORT: what comes in goes out half the round trip later, each
 * way, however much of it is under way (up to 8 MiB, then it reads no more).
 * Runs until it is ended.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    ROADS_MAX = 64,
    PIECE_BYTES = 65536,
    UNDER_WAY_BYTES = 8 << 20,
};

/* Some bytes, or none: the end. */
struct piece {
    struct piece *next;
    int64_t due_ns;
    size_t len, at;
    char data[];
};

/* One way of a connection. */
struct lane {
    struct piece *first, *last;
    size_t under_way;
    bool ended;   /* nothing more comes in */
    bool arrived; /* and nothing more goes out */
    bool full;    /* the kernel takes no more for now */
};

/* lane[i] leads from end[i] to the other one. */
struct road {
    bool used, broken;
    int end[2];
    struct lane lane[2];
};

static struct road roads[ROADS_MAX];
static int64_t one_way_ns;

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void enter(struct lane *l, const char *data, size_t len)
{
    struct piece *p = malloc(sizeof *p + len);
    if (!p) {
        exit(71);
    }
    *p = (struct piece){.due_ns = now_ns() + one_way_ns, .len = len};
    memcpy(p->data, data, len);
    *(l->first ? &l->last->next : &l->first) = p;
    l->last = p;
    l->under_way += len;
}

static void read_end(struct road *r, int which)
{
    static char data[PIECE_BYTES];
    struct lane *l = &r->lane[which];
    ssize_t got = recv(r->end[which], data, sizeof data, MSG_DONTWAIT);
    if (got < 0) {
        r->broken = r->broken || errno != EAGAIN;
        return;
    }
    l->ended = got == 0;
    enter(l, data, (size_t)got);
}

static void leave(struct lane *l)
{
    struct piece *p = l->first;
    l->first = p->next;
    l->under_way -= p->len;
    free(p);
}

/* All that is due goes out, as far as the kernel takes it. */
static void write_end(struct road *r, int which, int64_t now)
{
    struct lane *l = &r->lane[which];
    int to = r->end[1 - which];
    l->full = false;
    while (l->first && l->first->due_ns <= now && !l->full) {
        struct piece *p = l->first;
        if (p->len == 0) {
            shutdown(to, SHUT_WR);
            l->arrived = true;
            leave(l);
            continue;
        }
        ssize_t sent = send(to, p->data + p->at, p->len - p->at,
                            MSG_DONTWAIT | MSG_NOSIGNAL);
        l->full = sent < 0 && errno == EAGAIN;
        if (sent < 0 && !l->full) {
            r->broken = true;
            return;
        }
        p->at += l->full ? 0 : (size_t)sent;
        if (p->at == p->len) {
            leave(l);
        }
    }
}

static void close_road(struct road *r)
{
    for (int i = 0; i < 2; i++) {
        close(r->end[i]);
        while (r->lane[i].first) {
            leave(&r->lane[i]);
        }
    }
    *r = (struct road){0};
}

static struct sockaddr_in place(uint16_t port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons(port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void open_road(int listener, uint16_t port)
{
    struct road *r = roads;
    while (r < roads + ROADS_MAX && r->used) {
        r++;
    }
    int near = accept(listener, NULL, NULL);
    int far = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in to = place(port);
    if (r == roads + ROADS_MAX || near < 0 || far < 0 ||
        connect(far, (struct sockaddr *)&to, sizeof to) != 0) {
        fprintf(stderr, "far: a connection cannot be carried\n");
        exit(69);
    }
    setsockopt(near, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    setsockopt(far, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    *r = (struct road){.used = true, .end = {near, far}};
}

/* What each end is waited for; the time of the next piece that is due. */
static int64_t look_ahead(struct pollfd *polled)
{
    int64_t next = INT64_MAX;
    for (size_t i = 0; i < ROADS_MAX * 2; i++) {
        struct road *r = &roads[i / 2];
        struct lane *in = &r->lane[i % 2];
        struct lane *out = &r->lane[1 - i % 2];
        bool hungry = !in->ended && in->under_way < UNDER_WAY_BYTES;
        polled[i] = (struct pollfd){
            .fd = r->used && (hungry || out->full) ? r->end[i % 2] : -1,
            .events =
                (short)((hungry ? POLLIN : 0) | (out->full ? POLLOUT : 0))};
        if (r->used && in->first && !in->full && in->first->due_ns < next) {
            next = in->first->due_ns;
        }
    }
    return next;
}

static void sleep_until(struct pollfd *polled, size_t count, int64_t due)
{
    int64_t wait = due == INT64_MAX ? INT64_C(1000000000) : due - now_ns();
    wait = wait > 0 ? wait : 0;
    struct timespec t = {.tv_sec = wait / 1000000000,
                         .tv_nsec = wait % 1000000000};
    ppoll(polled, count, &t, NULL);
}

static void carry(int listener, uint16_t port)
{
    struct pollfd polled[ROADS_MAX * 2 + 1];
    int64_t due = look_ahead(polled);
    polled[ROADS_MAX * 2] = (struct pollfd){.fd = listener, .events = POLLIN};
    sleep_until(polled, ROADS_MAX * 2 + 1, due);
    int64_t now = now_ns();
    for (size_t i = 0; i < ROADS_MAX * 2; i++) {
        struct road *r = &roads[i / 2];
        if (polled[i].fd >= 0 && (polled[i].revents & ~POLLOUT) != 0) {
            read_end(r, (int)(i % 2));
        }
        if (r->used) {
            write_end(r, (int)(i % 2), now);
        }
    }
    for (struct road *r = roads; r < roads + ROADS_MAX; r++) {
        if (r->broken || (r->lane[0].arrived && r->lane[1].arrived)) {
            close_road(r);
        }
    }
    if (polled[ROADS_MAX * 2].revents & POLLIN) {
        open_road(listener, port);
    }
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: far PORT ROUND_TRIP_MS\n");
        return 64;
    }
    uint16_t port = (uint16_t)strtoul(argv[1], NULL, 10);
    one_way_ns = (int64_t)strtoul(argv[2], NULL, 10) * 500000;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in here = place(0);
    socklen_t len = sizeof here;
    if (bind(listener, (struct sockaddr *)&here, sizeof here) != 0 ||
        listen(listener, ROADS_MAX) != 0 ||
        getsockname(listener, (struct sockaddr *)&here, &len) != 0) {
        perror("far");
        return 71;
    }
    printf("%u\n", ntohs(here.sin_port));
    fflush(stdout);
    for (;;) {
        carry(listener, port);
    }
}
