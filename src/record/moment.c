#include "record/moment.h"

#include <time.h>

enum { YEAR_MAX = 9999 }; /* RFC 3339 5.6: four digits */

static char *put(char *to, int number, int digits, char behind)
{
    for (int i = digits - 1; i >= 0; i--) {
        to[i] = (char)('0' + number % 10);
        number /= 10;
    }
    to[digits] = behind;
    return to + digits + 1;
}

struct span moment_text(int64_t time_ms, char text[static 40])
{
    time_t seconds = (time_t)(time_ms / 1000);
    struct tm parts;
    if (time_ms <= 0 || !gmtime_r(&seconds, &parts) ||
        parts.tm_year + 1900 > YEAR_MAX) {
        return span_from(text, 0);
    }
    char *end = put(text, parts.tm_year + 1900, 4, '-');
    end = put(end, parts.tm_mon + 1, 2, '-');
    end = put(end, parts.tm_mday, 2, 'T');
    end = put(end, parts.tm_hour, 2, ':');
    end = put(end, parts.tm_min, 2, ':');
    end = put(end, parts.tm_sec, 2, '.');
    end = put(end, (int)(time_ms % 1000), 3, 'Z');
    return span_from(text, (size_t)(end - text));
}
