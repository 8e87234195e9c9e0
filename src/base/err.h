/* What went wrong, and with which exit status should the program end?
 *
 * Filled where the failure is understood, printed once by the cli as
 * `mailshot: text`. The text names the place first (`contacts.csv:214: …`)
 * and may hold bytes from outside: whoever prints it makes it printable. */
#pragma once

#include <sysexits.h>

enum { ERR_TEXT_BYTES = 1024 };

struct err {
    int status;                /* an EX_ of sysexits.h; 0: no error */
    char text[ERR_TEXT_BYTES]; /* cut where it is longer */
};

void err_set(struct err *e, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
