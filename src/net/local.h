/* What is this machine called when it says EHLO (RFC 5321 4.1.4), and which
 * addresses has it?
 *
 * Its name is the one that was asked for; else the host's own where that is a
 * full name; else an address literal of the address that the peer sees. */
#pragma once

#include <stdbool.h>
#include <sys/socket.h>

#include "base/buf.h"

/* wanted may be NULL; local: of the connection, AF_UNSPEC where that could
 * not be told. */
void local_name(const char *wanted, const struct sockaddr_storage *local,
                struct buf *out);

/* Can a connection be made from there? */
bool local_has(const struct sockaddr_storage *address);
