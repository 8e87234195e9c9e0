/* When are two addresses one mailbox?
 *
 * An address key is bytes: two rows have one mailbox when their keys are
 * equal. Quoted and dot-string forms of one local part, IDN and A-label forms
 * of one domain are always one. The wider the mode the more is folded:
 *   exact     the local part as it means, the domain in A-labels
 *   fold      also without case in the local part (Unicode, NFC)
 *   provider  also, for gmail.com and googlemail.com, as one domain, without
 *             dots and without +tag */
#pragma once

#include "base/buf.h"
#include "list/address.h"

enum key_mode { KEY_EXACT, KEY_FOLD, KEY_PROVIDER };

/* Appends the key of that address whose domain is, in A-labels, ascii_domain
 * (as domain_append_ascii gave it). */
void key_append(struct buf *out, enum key_mode mode,
                const struct address *address, struct span ascii_domain);
