/* Who looks on, and what do they see? The observer's progress ten times a
 * second and at SIGUSR1; the file of --metrics every ten seconds, at the
 * beginning and at the end. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "mailing/mailing.h"

struct campaign;

/* How the run stands. */
void watch_tally(const struct campaign *c, struct tally *out);

/* While the loop runs. Where the metrics can no longer be written, nothing new
 * is begun. */
void watch_begin(struct campaign *c);
void watch_end(struct campaign *c);

/* To the observer, who asked for it. */
void watch_answer(const struct campaign *c);

/* The metrics at the beginning: EX_CANTCREAT (73) before anything is sent. */
bool watch_first(const struct campaign *c, struct err *err);
/* Those of a run that ended so: EX_IOERR (74). */
bool watch_last(const struct campaign *c, int status, struct err *err);
