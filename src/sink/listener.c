#include "sink/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "base/span.h"

enum {
    PORT_MAX = 65535,
    ACCEPTS_A_TURN = 64,
    HOST_BYTES = INET6_ADDRSTRLEN,
};

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

struct listener {
    int descriptor;
    int spare; /* given up to refuse whom we have no descriptor left for */
    struct loop_watch *watch;
    void (*came)(void *context, int descriptor);
    void *context;
    union address bound;
};

/* The address. */

static bool is_loopback(const union address *a)
{
    if (a->any.sa_family == AF_INET) {
        return ntohl(a->v4.sin_addr.s_addr) >> 24 == 127;
    }
    return IN6_IS_ADDR_LOOPBACK(&a->v6.sin6_addr);
}

static bool read_host(struct span host, uint16_t port, union address *out)
{
    char text[HOST_BYTES];
    if (span_equal_nocase(host, SPAN("localhost"))) {
        host = SPAN("127.0.0.1");
    }
    bool brackets =
        host.len > 2 && host.data[0] == '[' && host.data[host.len - 1] == ']';
    if (brackets) {
        host = span_slice(host, 1, host.len - 1);
    }
    if (host.len == 0 || host.len >= sizeof text) {
        return false;
    }
    memcpy(text, host.data, host.len);
    text[host.len] = '\0';
    *out = (union address){0};
    if (brackets) {
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons(port);
        return inet_pton(AF_INET6, text, &out->v6.sin6_addr) == 1;
    }
    out->v4.sin_family = AF_INET;
    out->v4.sin_port = htons(port);
    return inet_pton(AF_INET, text, &out->v4.sin_addr) == 1;
}

static bool read_address(const char *text, union address *out, struct err *err)
{
    struct span all = span_of(text);
    size_t colon = span_find_last(all, ':');
    uint64_t port;
    if (colon == all.len ||
        !ascii_parse_number(span_rest(all, colon + 1), PORT_MAX, &port) ||
        !read_host(span_slice(all, 0, colon), (uint16_t)port, out)) {
        err_set(err, EX_USAGE,
                "%s: not an address and port, such as 127.0.0.1:2525", text);
        return false;
    }
    if (!is_loopback(out)) {
        err_set(err, EX_USAGE,
                "%s: not a loopback address; the sink is for rehearsal", text);
        return false;
    }
    return true;
}

/* Who comes. */

/* With no descriptor left a waiting connection would wake us for ever: it is
 * let in and closed. */
static void refuse_one(struct listener *l)
{
    close(l->spare);
    int descriptor = accept4(l->descriptor, NULL, NULL, SOCK_CLOEXEC);
    if (descriptor >= 0) {
        close(descriptor);
    }
    l->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void ready(void *context, bool readable, bool writable)
{
    (void)readable;
    (void)writable;
    struct listener *l = context;
    for (int i = 0; i < ACCEPTS_A_TURN; i++) {
        int descriptor =
            accept4(l->descriptor, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (descriptor < 0) {
            if (errno == EMFILE || errno == ENFILE) {
                refuse_one(l);
            }
            return;
        }
        l->came(l->context, descriptor);
    }
}

/* Life. */

static bool open_socket(struct listener *l, const union address *a)
{
    const int on = 1;
    socklen_t len = a->any.sa_family == AF_INET ? sizeof a->v4 : sizeof a->v6;
    l->descriptor =
        socket(a->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (l->descriptor < 0) {
        return false;
    }
    setsockopt(l->descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    return bind(l->descriptor, &a->any, len) == 0 &&
           listen(l->descriptor, SOMAXCONN) == 0 &&
           getsockname(l->descriptor, &l->bound.any,
                       &(socklen_t){sizeof l->bound}) == 0;
}

struct listener *listener_create(struct loop *loop, const char *address,
                                 void (*came)(void *context, int descriptor),
                                 void *context, struct err *err)
{
    union address wanted;
    if (!read_address(address, &wanted, err)) {
        return NULL;
    }
    struct listener *l = mem_alloc_zero(1, sizeof *l);
    l->came = came;
    l->context = context;
    l->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (open_socket(l, &wanted)) {
        l->watch = loop_watch_create(loop, l->descriptor, ready, l);
    }
    if (!l->watch) {
        err_set(err, EX_OSERR, "%s: %s", address, strerror(errno));
        listener_destroy(l);
        return NULL;
    }
    return l;
}

void listener_destroy(struct listener *l)
{
    if (!l) {
        return;
    }
    loop_watch_destroy(l->watch);
    if (l->descriptor >= 0) {
        close(l->descriptor);
    }
    if (l->spare >= 0) {
        close(l->spare);
    }
    free(l);
}

unsigned listener_port(const struct listener *l)
{
    bool v4 = l->bound.any.sa_family == AF_INET;
    return ntohs(v4 ? l->bound.v4.sin_port : l->bound.v6.sin6_port);
}

void listener_append_address(const struct listener *l, struct buf *out)
{
    char text[HOST_BYTES] = "";
    bool v4 = l->bound.any.sa_family == AF_INET;
    const void *host = v4 ? (const void *)&l->bound.v4.sin_addr
                          : (const void *)&l->bound.v6.sin6_addr;
    inet_ntop(l->bound.any.sa_family, host, text, sizeof text);
    buf_append_format(out, v4 ? "%s:%u" : "[%s]:%u", text, listener_port(l));
}
