#include "list/column.h"

#include "base/misspelt.h"
#include "base/reserved.h"

enum { SHOWN_BYTES_MAX = 80 }; /* names from outside may be long */

bool column_find(const struct span *names, size_t count, struct span name,
                 size_t *index_out)
{
    for (size_t i = 0; i < count && !reserved(name); i++) {
        if (span_equal(names[i], name)) {
            *index_out = i;
            return true;
        }
    }
    return false;
}

static struct span nearest(const struct span *names, size_t count,
                           struct span name)
{
    struct misspelt m;
    misspelt_init(&m, name);
    for (size_t i = 0; i < count; i++) {
        if (!reserved(names[i])) {
            misspelt_try(&m, names[i]);
        }
    }
    return m.meant;
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
    return (int)(name.len < SHOWN_BYTES_MAX ? name.len : SHOWN_BYTES_MAX);
}

bool column_find_named(const struct span *names, size_t count,
                       struct span wanted, size_t *index_out, struct err *err)
{
    if (column_find(names, count, wanted, index_out)) {
        return true;
    }
    struct span meant = nearest(names, count, wanted);
    if (meant.len > 0) {
        err_set(err, EX_DATAERR,
                "no column is called \"%.*s\"; did you mean \"%.*s\"?",
                shown_len(wanted), wanted.data, shown_len(meant), meant.data);
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
        if (!reserved(names[i])) {
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
