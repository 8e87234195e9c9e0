/* What is a relay called, in reports, in messages and in the state? HOST:PORT,
 * an IPv6 address in brackets, as --server takes it. */
#pragma once

#include "base/buf.h"
#include "mailing/settings.h"

void relay_name_append(struct buf *out, const struct relay *relay);
