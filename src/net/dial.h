/* How is a TCP connection begun? For this room alone. Errors are errnos; 0:
 * none. */
#pragma once

#include <sys/socket.h>

/* A non-blocking descriptor on its way to the peer; the caller's, also where
 * an error is returned; -1: there is none. `local` may be NULL. */
int dial_begin(const struct sockaddr *peer, const struct sockaddr *local,
               int *descriptor_out);

/* Once it can be written. */
int dial_outcome(int descriptor);

/* "127.0.0.1 25": who is at the other end of a connection, to tell it from
 * others. */
struct dial_peer {
    char text[64];
};

struct dial_peer dial_peer(int descriptor);

/* Small writes are gathered by the wire; Nagle's waiting would only add to
 * that. */
void dial_set_no_delay(int descriptor);
