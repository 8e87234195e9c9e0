#include "list/column.h"

#include "base/ascii.h"

/* Names from outside may be long; a misspelt one is not. */
enum { NEAREST_BYTES_MAX = 64, SHOWN_BYTES_MAX = 80 };

/* Of a --failed file: no columns of the list. */
static bool ignored(struct span name)
{
    return name.len > 0 && name.data[0] == '_';
}

bool column_find(const struct span *names, size_t count, struct span name,
                 size_t *index_out)
{
    for (size_t i = 0; i < count && !ignored(name); i++) {
        if (span_equal(names[i], name)) {
            *index_out = i;
            return true;
        }
    }
    return false;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Optimal string alignment: letters put in, left out, changed, or swapped with
 * the next, whatever their case. Three rows of the table are enough. */
static size_t edits(struct span a, struct span b)
{
    size_t rows[3][NEAREST_BYTES_MAX + 1];
    for (size_t j = 0; j <= b.len; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= a.len; i++) {
        size_t *row = rows[i % 3];
        const size_t *last = rows[(i + 2) % 3];
        const size_t *second_last = rows[(i + 1) % 3];
        char ca = ascii_lower(a.data[i - 1]);
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            char cb = ascii_lower(b.data[j - 1]);
            row[j] = smaller(last[j], row[j - 1]) + 1;
            row[j] = smaller(row[j], last[j - 1] + (ca == cb ? 0 : 1));
            if (i > 1 && j > 1 && ca == ascii_lower(b.data[j - 2]) &&
                cb == ascii_lower(a.data[i - 2])) {
                row[j] = smaller(row[j], second_last[j - 2] + 1);
            }
        }
    }
    return rows[a.len % 3][b.len];
}

/* At most a third of the letters, and of a short name one. */
size_t column_nearest(const struct span *names, size_t count, struct span name)
{
    size_t nearest = count;
    size_t fewest = name.len <= 3 ? 1 : name.len / 3;
    if (name.len == 0 || name.len > NEAREST_BYTES_MAX) {
        return count;
    }
    for (size_t i = 0; i < count; i++) {
        if (ignored(names[i]) || names[i].len > NEAREST_BYTES_MAX) {
            continue;
        }
        size_t distance = edits(name, names[i]);
        if (distance < fewest || (distance == fewest && nearest == count)) {
            nearest = i;
            fewest = distance;
        }
    }
    return nearest;
}

/* How many columns have that name, whatever its case; the first of them. */
static size_t count_nocase(const struct span *names, size_t count,
                           struct span name, size_t *index_out)
{
    size_t found = 0;
    for (size_t i = count; i > 0; i--) {
        if (span_equal_nocase(names[i - 1], name)) {
            *index_out = i - 1;
            found++;
        }
    }
    return found;
}

static int shown_len(struct span name)
{
    return (int)smaller(name.len, SHOWN_BYTES_MAX);
}

bool column_find_named(const struct span *names, size_t count,
                       struct span wanted, size_t *index_out, struct err *err)
{
    if (column_find(names, count, wanted, index_out)) {
        return true;
    }
    size_t nearest = column_nearest(names, count, wanted);
    if (nearest < count) {
        err_set(err, EX_DATAERR,
                "no column is called \"%.*s\"; did you mean \"%.*s\"?",
                shown_len(wanted), wanted.data, shown_len(names[nearest]),
                names[nearest].data);
    } else {
        err_set(err, EX_DATAERR, "no column is called \"%.*s\"",
                shown_len(wanted), wanted.data);
    }
    return false;
}

static bool find_usual(const struct span *names, size_t count,
                       size_t *index_out, struct err *err)
{
    static const struct span usual[] = {
        {"e-mail", 6}, {"mail", 4}, {"address", 7}, {"email address", 13}};
    size_t found = count_nocase(names, count, SPAN("email"), index_out);
    bool by_email = found > 0;
    for (size_t i = 0; !by_email && i < sizeof usual / sizeof *usual; i++) {
        found += count_nocase(names, count, usual[i], index_out);
    }
    if (found > 1) {
        err_set(err, EX_DATAERR,
                "more than one column may hold the addresses; name it with "
                "--column");
    } else if (found == 0 && count == 1) {
        err_set(err, EX_DATAERR,
                "no column is called \"email\", and the only one is \"%.*s\"; "
                "name it with --column, or its delimiter with --delimiter",
                shown_len(names[0]), names[0].data);
    } else if (found == 0 && count > 0 && span_equal(names[0], SPAN("1"))) {
        err_set(err, EX_DATAERR,
                "the columns have no names; say which one holds the addresses: "
                "--column 1, or another number");
    } else if (found == 0) {
        err_set(err, EX_DATAERR,
                "no column is called \"email\"; name the one that holds the "
                "addresses with --column");
    }
    return found == 1;
}

static bool all_ignored(const struct span *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!ignored(names[i])) {
            return false;
        }
    }
    return true;
}

bool column_find_address(const struct span *names, size_t count,
                         struct span wanted, size_t *index_out, struct err *err)
{
    if (wanted.len > 0) {
        return column_find_named(names, count, wanted, index_out, err);
    }
    if (column_find(names, count, SPAN("email"), index_out)) {
        return true;
    }
    if (count > 0 && span_equal(names[0], SPAN("1")) &&
        all_ignored(names + 1, count - 1)) {
        *index_out = 0;
        return true;
    }
    return find_usual(names, count, index_out, err);
}
