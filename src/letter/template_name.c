#include <string.h>

#include "base/ascii.h"
#include "letter/template_ops.h"

enum { NAME_BYTES_MAX = 64 }; /* longer ones are near to nothing */

static const char *const builtin_names[TEMPLATE_BUILTINS] = {
    [TEMPLATE_LINE] = "mailshot.line",
    [TEMPLATE_CAMPAIGN] = "mailshot.campaign",
    [TEMPLATE_DATE] = "mailshot.date",
    [TEMPLATE_MESSAGE_ID] = "mailshot.message_id",
};

struct span template_name_of(const struct template_names *names, size_t value)
{
    return value < names->column_count
               ? names->columns[value]
               : span_of(builtin_names[value - names->column_count]);
}

static size_t name_count(const struct template_names *names)
{
    return names->column_count + TEMPLATE_BUILTINS;
}

static bool hidden(struct span name)
{
    return name.len > 0 && name.data[0] == '_';
}

/* A tag says no blanks at the ends of a name: `email, name` in the list names
 * a column that none but the trimmed name reaches. */
enum likeness { EXACTLY, TRIMMED };

static bool find(const struct template_names *names, struct span name,
                 enum likeness how, size_t *value_out)
{
    for (size_t i = 0; i < name_count(names) && !hidden(name); i++) {
        struct span candidate = template_name_of(names, i);
        candidate = how == TRIMMED ? span_trim(candidate) : candidate;
        if (span_equal(candidate, name)) {
            *value_out = i;
            return true;
        }
    }
    return false;
}

bool template_name_find(const struct template_names *names, struct span name,
                        size_t *value_out, bool *url_out)
{
    bool url = span_ends(name, SPAN(".url"));
    struct span stem = span_slice(name, 0, name.len - (url ? 4 : 0));
    for (enum likeness how = EXACTLY; how <= TRIMMED; how++) {
        *url_out = false;
        if (find(names, name, how, value_out)) {
            return true;
        }
        *url_out = url;
        if (url && find(names, stem, how, value_out)) {
            return true;
        }
    }
    return false;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Insertions, deletions, changes and swaps of neighbours, each of them one
 * edit; case is none. Both at most NAME_BYTES_MAX long. */
static size_t edits(struct span a, struct span b)
{
    size_t rows[3][NAME_BYTES_MAX + 1];
    size_t *before = rows[0];
    size_t *above = rows[1];
    size_t *now = rows[2];
    for (size_t j = 0; j <= b.len; j++) {
        above[j] = j;
    }
    for (size_t i = 1; i <= a.len; i++) {
        now[0] = i;
        char c = ascii_lower(a.data[i - 1]);
        for (size_t j = 1; j <= b.len; j++) {
            char d = ascii_lower(b.data[j - 1]);
            now[j] =
                least(least(above[j], now[j - 1]) + 1, above[j - 1] + (c != d));
            if (i > 1 && j > 1 && c == ascii_lower(b.data[j - 2]) &&
                d == ascii_lower(a.data[i - 2])) {
                now[j] = least(now[j], before[j - 2] + 1);
            }
        }
        size_t *spare = before;
        before = above;
        above = now;
        now = spare;
    }
    return above[b.len];
}

struct span template_name_nearest(const struct template_names *names,
                                  struct span name)
{
    struct span nearest = {0};
    size_t fewest = name.len / 3 + 2; /* as many are too many */
    if (name.len > NAME_BYTES_MAX) {
        return nearest;
    }
    for (size_t i = 0; i < name_count(names); i++) {
        struct span candidate = template_name_of(names, i);
        if (candidate.len > NAME_BYTES_MAX || hidden(candidate)) {
            continue;
        }
        size_t distance = edits(name, candidate);
        if (distance < fewest && distance < candidate.len) {
            fewest = distance;
            nearest = candidate;
        }
    }
    return nearest;
}
