/* Which options are there? One row holds all facts of one of them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/options.h"

/* A word and what it stands for; the last has no name. */
struct choice {
    const char *name;
    unsigned value;
};

/* Beside the verbs: check takes its twin in the environment only where it
 * calls on the relay. */
enum { OPTION_OF_RELAY = 1 << 8 };

struct option {
    const char *name;
    char letter; /* 0: none */
    unsigned verbs;
    const char *argument; /* as the help shows it; NULL: a flag */
    /* Takes one value; NULL for a flag that was given. False: *err. */
    bool (*take)(struct options *o, const struct option *row, const char *value,
                 struct err *err);
    size_t at; /* of the field in struct options */
    uint64_t min, max;
    const struct choice *choices;
    const char *help; /* NULL: not shown */
};

extern const struct option option_table[];
extern const size_t option_count;
