/* What befalls an address at an attempt, where chance decides?
 *
 * Pure. Decided by seed, address and the number of the attempt alone: the same
 * for whoever asks again, in whatever order. Of a thousand attempts about 60
 * are refused for now at RCPT (450) and 50 for ever (550), 40 of the contents
 * for now (451) and 40 for ever (554); at one each RCPT is answered 421, the
 * connection is cut at RCPT, or behind the content, which was not or was
 * taken. */
#pragma once

#include <stdint.h>

#include "sink/faults.h"

/* NULL: nothing. */
const struct fault *chance_draw(uint64_t seed, struct span address,
                                unsigned attempt);
