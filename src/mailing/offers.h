/* How is what a relay offers said to a person? Pure. */
#pragma once

#include "base/buf.h"
#include "smtp/capabilities.h"

/* "SIZE 10240000, PIPELINING, AUTH PLAIN LOGIN"; "nothing". */
void offers_append(struct buf *out, const struct capabilities *offered);
