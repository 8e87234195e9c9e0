#include "net/local.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/ascii.h"

/* At least two labels of letters, digits and hyphens. */
static bool full_name(struct span name)
{
    bool dot_inside = false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];
        if (!ascii_is_alnum(c) && c != '-' && c != '.') {
            return false;
        }
        dot_inside |= c == '.' && i > 0 && i + 1 < name.len;
    }
    return dot_inside;
}

static socklen_t length_of(const struct sockaddr *address)
{
    return address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                          : sizeof(struct sockaddr_in);
}

/* Connecting a datagram socket sends nothing: it only picks the route. */
static bool address_towards(const struct sockaddr *peer,
                            struct sockaddr_storage *out)
{
    int s = socket(peer->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (s < 0) {
        return false;
    }
    socklen_t len = sizeof *out;
    bool found = connect(s, peer, length_of(peer)) == 0 &&
                 getsockname(s, (struct sockaddr *)out, &len) == 0;
    close(s);
    return found;
}

static void append_literal(const struct sockaddr *peer, struct buf *out)
{
    struct sockaddr_storage local = {.ss_family = AF_INET};
    char text[INET6_ADDRSTRLEN] = "127.0.0.1";
    if (address_towards(peer, &local)) {
        const void *address =
            local.ss_family == AF_INET6
                ? (const void *)&((struct sockaddr_in6 *)&local)->sin6_addr
                : (const void *)&((struct sockaddr_in *)&local)->sin_addr;
        inet_ntop(local.ss_family, address, text, sizeof text);
    }
    buf_append(out, local.ss_family == AF_INET6 ? SPAN("[IPv6:") : SPAN("["));
    buf_append(out, span_of(text));
    buf_append(out, SPAN("]"));
}

void local_name(const char *wanted, const struct sockaddr *peer,
                struct buf *out)
{
    struct utsname host;
    if (wanted) {
        buf_append(out, span_of(wanted));
    } else if (uname(&host) == 0 && full_name(span_of(host.nodename))) {
        buf_append(out, span_of(host.nodename));
    } else {
        append_literal(peer, out);
    }
}
