#include "net/dial.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>

static socklen_t address_size(const struct sockaddr *a)
{
    return a->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                    : sizeof(struct sockaddr_in);
}

void dial_set_no_delay(int descriptor)
{
    int on = 1;
    (void)setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

int dial_begin(const struct sockaddr *peer, const struct sockaddr *local,
               int *descriptor_out)
{
    int descriptor =
        socket(peer->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    *descriptor_out = descriptor;
    if (descriptor < 0) {
        return errno;
    }
    dial_set_no_delay(descriptor);
#ifdef IP_BIND_ADDRESS_NO_PORT
    /* The port is chosen by the whole connection: they do not run out. */
    int on = 1;
    if (local) {
        (void)setsockopt(descriptor, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on,
                         sizeof on);
    }
#endif
    if (local && bind(descriptor, local, address_size(local)) != 0) {
        return errno;
    }
    bool under_way = connect(descriptor, peer, address_size(peer)) == 0 ||
                     errno == EINPROGRESS;
    return under_way ? 0 : errno;
}

struct dial_peer dial_peer(int descriptor)
{
    struct dial_peer peer = {""};
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    char host[48], port[8];
    if (getpeername(descriptor, (struct sockaddr *)&address, &size) == 0 &&
        getnameinfo((struct sockaddr *)&address, size, host, sizeof host, port,
                    sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) == 0) {
        snprintf(peer.text, sizeof peer.text, "%s %s", host, port);
    }
    return peer;
}

int dial_outcome(int descriptor)
{
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) != 0) {
        return errno;
    }
    return error;
}
