/* How does a file come to its name only when it is whole?
 *
 * Of this room alone. It is made 0600 beside the one that it is to replace
 * (nameless.h), and takes its name when it is finished: who looks finds the
 * old file or the new one, never half of one. What is no regular file (a
 * device, standard output by one of its names) is written in place. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "record/output.h"

struct replacement {
    struct output output; /* what is written gathers there */
    char *target;    /* what the file will be called; NULL: written in place */
    char *temporary; /* what it is called until then; NULL: it has no name */
};

/* False: as output_not_made says. PATH is copied. */
bool replacement_open(struct replacement *r, const char *path, struct err *err);

/* Writes what is gathered, and the file takes its name. False: EX_IOERR, and
 * the old file stays. Released in either case. */
bool replacement_finish(struct replacement *r, struct err *err);
void replacement_abandon(struct replacement *r); /* nothing takes the name */
