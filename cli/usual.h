/* What does every verb answer, whatever else it does? --help, --usage and
 * --version. */
#pragma once

#include <popt.h>
#include <stdbool.h>

#include "base/err.h"

/* What popt gives back for them; a verb's own values begin with USUAL_END. */
enum { USUAL_HELP = 1, USUAL_USAGE, USUAL_VERSION, USUAL_END };

/* Their table, and the row that takes it into another one. */
extern struct poptOption usual_options[];

#define USUAL_ROW                                                              \
    {                                                                          \
        NULL, '\0', POPT_ARG_INCLUDE_TABLE, usual_options, 0, NULL, NULL       \
    }

/* RESULT of poptGetNextOpt is one of them, and was shown; what could not be
 * written is *err. */
bool usual_shown(poptContext popt, int result, struct err *err);

/* What stdout still holds goes out. False: EX_IOERR. */
bool usual_finish_stdout(struct err *err);
