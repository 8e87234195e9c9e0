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

static void append_literal(const struct sockaddr_storage *local,
                           struct buf *out)
{
    bool v6 = local->ss_family == AF_INET6;
    const void *address =
        v6 ? (const void *)&((const struct sockaddr_in6 *)local)->sin6_addr
           : (const void *)&((const struct sockaddr_in *)local)->sin_addr;
    char text[INET6_ADDRSTRLEN] = "127.0.0.1";
    if (local->ss_family != AF_UNSPEC) {
        inet_ntop(local->ss_family, address, text, sizeof text);
    }
    buf_append(out, v6 ? SPAN("[IPv6:") : SPAN("["));
    buf_append(out, span_of(text));
    buf_append(out, SPAN("]"));
}

bool local_has(const struct sockaddr_storage *address)
{
    int s = socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t size = address->ss_family == AF_INET6
                         ? sizeof(struct sockaddr_in6)
                         : sizeof(struct sockaddr_in);
    bool fine = s >= 0 && bind(s, (const struct sockaddr *)address, size) == 0;
    if (s >= 0) {
        close(s);
    }
    return fine;
}

void local_name(const char *wanted, const struct sockaddr_storage *local,
                struct buf *out)
{
    struct utsname host;
    if (wanted) {
        buf_append(out, span_of(wanted));
    } else if (uname(&host) == 0 && full_name(span_of(host.nodename))) {
        buf_append(out, span_of(host.nodename));
    } else {
        append_literal(local, out);
    }
}
