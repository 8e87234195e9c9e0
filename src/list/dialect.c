#include "list/dialect.h"

#include <stdbool.h>
#include <string.h>

/* Without a BOM: names in ASCII have a NUL in every other byte. */
static bool alternates(struct span start, size_t nul_at)
{
    size_t pairs = start.len / 2 < 4 ? start.len / 2 : 4;
    for (size_t i = 0; i < pairs * 2; i++) {
        if ((start.data[i] == '\0') != (i % 2 == nul_at)) {
            return false;
        }
    }
    return pairs >= 2;
}

/* The BOM of UTF-32 begins with that of UTF-16. */
const char *dialect_wrong_encoding(struct span start)
{
    static const struct {
        struct span bom;
        const char *encoding;
    } known[] = {
        {{"\xff\xfe\0\0", 4}, "UTF-32"},
        {{"\0\0\xfe\xff", 4}, "UTF-32"},
        {{"\xff\xfe", 2}, "UTF-16"},
        {{"\xfe\xff", 2}, "UTF-16"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (span_starts(start, known[i].bom)) {
            return known[i].encoding;
        }
    }
    if (alternates(start, 1)) {
        return "UTF-16LE";
    }
    return alternates(start, 0) ? "UTF-16BE" : NULL;
}

size_t dialect_bom_bytes(struct span start)
{
    return span_starts(start, SPAN("\xef\xbb\xbf")) ? 3 : 0;
}

static size_t skip_empty_lines(struct span ahead)
{
    size_t i = 0;
    while (i < ahead.len && (ahead.data[i] == '\n' || ahead.data[i] == '\r')) {
        i++;
    }
    return i;
}

char dialect_find_delimiter(struct span ahead)
{
    static const char known[4] = {',', ';', '\t', '|'};
    size_t times[4] = {0};
    bool quoted = false;
    for (size_t i = skip_empty_lines(ahead); i < ahead.len; i++) {
        char c = ahead.data[i];
        if (c == '"') {
            quoted = !quoted;
        }
        if (quoted) {
            continue;
        }
        if (c == '\n' || c == '\r') {
            break;
        }
        const char *found = memchr(known, c, sizeof known);
        if (found) {
            times[found - known]++;
        }
    }
    size_t most = 0;
    for (size_t i = 1; i < sizeof known; i++) {
        most = times[i] > times[most] ? i : most;
    }
    return known[most];
}
