/* What makes a letter heavy: its attachments, and their encoding?
 *
 * Pure. Reads a letter as it would be sent, by its own headers and boundaries
 * (RFC 2046 5.1); what it is not sure of counts as neither. */
#pragma once

#include <stddef.h>

#include "base/span.h"

struct weight {
    size_t bytes;
    size_t attached;     /* bodies of parts with a Content-Disposition of
                            attachment, as encoded */
    size_t base64_added; /* bytes that base64 and its line ends put on top of
                            what they encode, wherever */
};

struct weight weigh(struct span letter);
