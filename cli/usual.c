#include "cli/usual.h"

#include <stdio.h>
#include <sysexits.h>

struct poptOption usual_options[] = {
    {"help", '?', POPT_ARG_NONE, NULL, USUAL_HELP, "show this", NULL},
    {"usage", '\0', POPT_ARG_NONE, NULL, USUAL_USAGE, "show this in short",
     NULL},
    {"version", '\0', POPT_ARG_NONE, NULL, USUAL_VERSION, "show the version",
     NULL},
    POPT_TABLEEND,
};

bool usual_finish_stdout(struct err *err)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        err_set(err, EX_IOERR, "standard output cannot be written");
        return false;
    }
    return true;
}

bool usual_shown(poptContext popt, int result, struct err *err)
{
    if (result == USUAL_HELP) {
        poptPrintHelp(popt, stdout, 0);
    } else if (result == USUAL_USAGE) {
        poptPrintUsage(popt, stdout, 0);
    } else if (result == USUAL_VERSION) {
        puts("mailshot " MAILSHOT_VERSION);
    } else {
        return false;
    }
    (void)usual_finish_stdout(err);
    return true;
}
