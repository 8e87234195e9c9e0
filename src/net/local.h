/* What is this machine called when it says EHLO? (RFC 5321 4.1.4)
 *
 * The name that was asked for; else the host's own where that is a full name;
 * else an address literal of the address that the peer will see. */
#pragma once

#include <sys/socket.h>

#include "base/buf.h"

/* wanted may be NULL. */
void local_name(const char *wanted, const struct sockaddr *peer,
                struct buf *out);
