#include "base/misspelt.h"
#include "base/reserved.h"
#include "letter/template_ops.h"

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

/* A tag says no blanks at the ends of a name: `email, name` in the list names
 * a column that none but the trimmed name reaches. */
enum likeness { EXACTLY, TRIMMED };

static bool find(const struct template_names *names, struct span name,
                 enum likeness how, size_t *value_out)
{
    for (size_t i = 0; i < name_count(names) && !reserved(name); i++) {
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

struct span template_name_nearest(const struct template_names *names,
                                  struct span name)
{
    struct misspelt m;
    misspelt_init(&m, name);
    for (size_t i = 0; i < name_count(names); i++) {
        struct span candidate = template_name_of(names, i);
        if (!reserved(candidate)) {
            misspelt_try(&m, candidate);
        }
    }
    return m.meant;
}
