/* How is a line said to whoever observes the run? */
#pragma once

#include "mailing/mailing.h"

/* Cut where it is longer than an err's text. */
void observer_say(const struct observer *o, enum say_level level,
                  const char *format, ...)
    __attribute__((format(printf, 3, 4)));
