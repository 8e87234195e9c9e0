/* What does a mail program write into a draft that is no part of the letter?
 *
 * How far it was written, from which account, where a copy goes; and what
 * relays put on top of a message that was sent before. */
#pragma once

#include "letter/fields.h"

/* Without these. Where one of them is a draft's mark, Date and Message-ID are
 * the draft's own, too, and go with them: each letter gets its own. */
void saved_drop(struct fields *f);
