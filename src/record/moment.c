#include "record/moment.h"

#include <time.h>

struct span moment_text(int64_t time_ms, char text[static 40])
{
    time_t seconds = (time_t)(time_ms / 1000);
    struct tm parts;
    if (time_ms <= 0 || !gmtime_r(&seconds, &parts)) {
        return span_from(text, 0);
    }
    size_t len = strftime(text, 30, "%Y-%m-%dT%H:%M:%S", &parts);
    unsigned ms = (unsigned)(time_ms % 1000);
    text[len++] = '.';
    text[len++] = (char)('0' + ms / 100);
    text[len++] = (char)('0' + ms / 10 % 10);
    text[len++] = (char)('0' + ms % 10);
    text[len++] = 'Z';
    return span_from(text, len);
}
