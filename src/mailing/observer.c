#include "mailing/observer.h"

#include <stdarg.h>
#include <stdio.h>

void observer_say(const struct observer *o, enum say_level level,
                  const char *format, ...)
{
    char line[ERR_TEXT_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    o->say(o->context, level, line);
}
