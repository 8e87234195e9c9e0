#include "cli/rules.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/ascii.h"
#include "cli/places.h"
#include "cli/relay.h"
#include "cli/share.h"
#include "cli/state_place.h"

static bool is_stdin(const char *path)
{
    return path && strcmp(path, "-") == 0;
}

static bool stdin_is_read_once(const struct options *o, struct err *err)
{
    const struct settings *s = &o->settings;
    bool by_password = s->secret.kind == SECRET_FD && s->secret.descriptor == 0;
    int readers =
        is_stdin(s->list_path) + is_stdin(s->template_path) + by_password;
    if (readers > 1) {
        err_set(err, EX_USAGE,
                "standard input can be the list, the template or the "
                "password, and only one of them");
        return false;
    }
    return true;
}

/* https://reproducible-builds.org/specs/source-date-epoch/ */
static bool epoch_is_number(struct options *o, struct err *err)
{
    const char *text = getenv("SOURCE_DATE_EPOCH");
    if (!text || !*text) {
        return true;
    }
    const uint64_t year_9999 = UINT64_C(253402300799);
    uint64_t seconds;
    if (!ascii_parse_number(span_of(text), year_9999, &seconds)) {
        err_set(err, EX_USAGE, "SOURCE_DATE_EPOCH: %s is no number of seconds",
                text);
        return false;
    }
    o->settings.reproducible = true;
    o->settings.epoch_s = (int64_t)seconds;
    return true;
}

static bool stdout_has_one_use(const struct options *o, struct err *err)
{
    if (o->summary == SUMMARY_JSON &&
        places_is_stdout(o->settings.report_path)) {
        err_set(err, EX_USAGE,
                "--summary json goes to standard output: --report has to name "
                "a file for the report");
        return false;
    }
    return true;
}

/* Where standard output is for the clean list, the verdicts go to stderr, and
 * there only a person reads them. */
static bool clean_has_its_place(struct options *o, struct err *err)
{
    struct check_options *c = &o->check;
    c->clean_to_stdout = c->clean_path && places_is_stdout(c->clean_path);
    if (c->clean_to_stdout && c->format != CHECK_TEXT) {
        err_set(err, EX_USAGE,
                "--clean goes to standard output: --format %s cannot go there, "
                "too",
                c->format == CHECK_CSV ? "csv" : "jsonl");
        return false;
    }
    return true;
}

bool rules_hold(struct options *o, struct err *err)
{
    if (!epoch_is_number(o, err) || !stdin_is_read_once(o, err) ||
        !state_place_settle(o, err)) {
        return false;
    }
    if (o->verb != VERB_SEND) {
        /* No report is written. */
        o->settings.report_path = NULL;
    }
    if (o->verb == VERB_CHECK) {
        return clean_has_its_place(o, err) &&
               (!o->check.relay || relay_settle(o, err)) &&
               places_distinct(o, err);
    }
    if (o->verb != VERB_SEND) {
        return places_spared(o, err);
    }
    return stdout_has_one_use(o, err) && relay_settle(o, err) &&
           share_out(o, err) && places_distinct(o, err);
}
