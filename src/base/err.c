#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

void err_set(struct err *e, int status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    e->status = status;
    vsnprintf(e->text, sizeof e->text, format, args);
    va_end(args);
}
