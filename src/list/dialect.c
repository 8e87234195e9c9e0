#include "list/dialect.h"

#include <stdbool.h>
#include <string.h>

#include "base/ascii.h"

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

static bool ends_line(char c)
{
    return c == '\n' || c == '\r';
}

/* A blank, TAB or a sign, but no quote. */
static bool parts_fields(char c)
{
    return ascii_is_ascii(c) && c != '"' && !ascii_is_alnum(c) &&
           (!ascii_is_control(c) || c == '\t');
}

size_t dialect_sep_line(struct span start, char *delimiter_out)
{
    static const struct span word = {"sep=", 4};
    if (!span_starts_nocase(start, word) || start.len <= word.len ||
        !parts_fields(start.data[word.len])) {
        return 0;
    }
    struct span rest = span_rest(start, word.len + 1);
    if (rest.len > 0 && !ends_line(rest.data[0])) {
        return 0;
    }
    *delimiter_out = start.data[word.len];
    bool two = span_starts(rest, SPAN("\r\n"));
    return start.len - rest.len + (two ? 2 : rest.len > 0 ? 1 : 0);
}

enum { KNOWN = 4, LOOKED_AT = 64 };

static const char known[KNOWN] = {',', ';', '\t', '|'};

/* How often each delimiter stands in the record at *at, outside quotes; *at
 * becomes its end. False where there is none. */
static bool count_in_record(struct span ahead, size_t *at, size_t times[KNOWN])
{
    size_t i = *at;
    bool quoted = false;
    memset(times, 0, KNOWN * sizeof *times);
    while (i < ahead.len && ends_line(ahead.data[i])) {
        i++;
    }
    size_t start = i;
    for (; i < ahead.len && (quoted || !ends_line(ahead.data[i])); i++) {
        char c = ahead.data[i];
        quoted = quoted != (c == '"');
        const char *found = quoted ? NULL : memchr(known, c, sizeof known);
        if (found) {
            times[found - known]++;
        }
    }
    *at = i;
    return i > start;
}

/* A comma in a name does not make a list of semicolons one of commas: what
 * parts the records behind the first one likewise is more likely to be meant
 * than what is frequent in the first. */
char dialect_find_delimiter(struct span ahead)
{
    size_t at = 0;
    size_t first[KNOWN];
    size_t times[KNOWN];
    size_t alike[KNOWN] = {0};
    count_in_record(ahead, &at, first);
    for (int i = 0; i < LOOKED_AT && count_in_record(ahead, &at, times); i++) {
        for (size_t j = 0; j < KNOWN; j++) {
            alike[j] += first[j] > 0 && times[j] == first[j];
        }
    }
    size_t best = 0;
    for (size_t i = 1; i < KNOWN; i++) {
        bool better = alike[i] > alike[best] ||
                      (alike[i] == alike[best] && first[i] > first[best]);
        best = better ? i : best;
    }
    return known[best];
}
