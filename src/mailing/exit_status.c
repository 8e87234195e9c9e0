#include "mailing/exit_status.h"

#include <stddef.h>
#include <sysexits.h>

static const int worst_first[] = {
    EX_USAGE,    EX_NOINPUT,     EX_DATAERR,   EX_CONFIG,
    EX_SOFTWARE, EX_OSERR,       EX_CANTCREAT, EX_IOERR,
    EX_NOHOST,   EX_UNAVAILABLE, EX_PROTOCOL,  EX_NOPERM,
    1,           EX_TEMPFAIL,    EX_NOUSER,    EX_OK,
};

int exit_status_worse(int a, int b)
{
    for (size_t i = 0; i < sizeof worst_first / sizeof *worst_first; i++) {
        if (worst_first[i] == a || worst_first[i] == b) {
            return worst_first[i];
        }
    }
    return EX_SOFTWARE;
}
