/* Which domains of the list take no mail? --check-dns: one look-up for each
 * domain, before the first reading, hundreds of them at a time. */
#pragma once

#include "base/err.h"
#include "mailing/mailing.h"
#include "mailing/plan.h"

/* Nothing without --check-dns, or in a dry run. Rows of domains that take no
 * mail are invalid in all readings that follow; those that DNS says nothing of
 * are not, and are told of by their number. Where DNS answers nothing at all
 * it is soon asked no more. False: the list has changed, or the system gives
 * no socket. */
bool domains_look_up(struct plan *p, const struct observer *observer,
                     struct err *err);
