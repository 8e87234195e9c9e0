/* How far is it? One live line on a terminal, a line now and then elsewhere,
 * or none. All of it on stderr. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "cli/say.h"
#include "mailing/mailing.h"

enum progress_mode {
    PROGRESS_AUTO, /* a bar on a terminal, none elsewhere */
    PROGRESS_BAR,
    PROGRESS_LINE,
    PROGRESS_NONE,
};

struct progress {
    struct say *say;
    enum progress_mode mode; /* never AUTO */
    uint64_t drawn_ms;
    /* Two moments of the past, by which the rate is told. */
    struct {
        uint64_t at_ms;
        uint64_t settled;
    } older, newer;
};

void progress_init(struct progress *p, struct say *say,
                   enum progress_mode mode);

/* asked: somebody wants to know now, whatever the mode is. */
void progress_show(struct progress *p, const struct tally *tally, bool asked);

void progress_end(struct progress *p); /* wipes the live line */
