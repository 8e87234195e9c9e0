#include "cli/options.h"

#include <popt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "cli/rules.h"
#include "cli/table.h"
#include "cli/usual.h"

enum { VALUES_MAX = 10000 };

/* One option as it was given: its row of the table, its value. */
struct given {
    const struct option *row;
    char *value; /* NULL: a flag */
};

struct reading {
    struct options *o;
    struct poptOption *rows; /* for popt, made from the table */
    poptContext popt;
    struct given *given;
    size_t given_count;
};

/* What popt gives back for a row of the table: FIRST_ROW and its index. */
enum { FIRST_ROW = USUAL_END };

static const struct {
    enum verb verb;
    const char *name;
    const char *arguments;
    enum say_level loudest;
    size_t arguments_min, arguments_max;
} verbs[] = {
    {VERB_SEND, "send", "LIST TEMPLATE", SAY_WARNING, 2, 2},
    {VERB_CHECK, "check", "LIST [TEMPLATE]", SAY_INFO, 1, 2},
    {VERB_RENDER, "render", "LIST TEMPLATE", SAY_WARNING, 2, 2},
};

static size_t verb_index(enum verb verb)
{
    size_t i = 0;
    while (verbs[i].verb != verb) {
        i++;
    }
    return i;
}

const char *verb_name(enum verb verb)
{
    return verbs[verb_index(verb)].name;
}

void options_init(struct options *o, enum verb verb)
{
    *o = (struct options){
        .verb = verb,
        .loudest = verbs[verb_index(verb)].loudest,
        .check = {.fail_on = CHECK_FAIL_INVALID},
        .settings =
            {
                .dialect = {.header = true},
                .dedupe = true,
                .key_mode = KEY_FOLD,
                .invalid_max_percent = 100,
                .bounces_max_percent = 100,
                .until_minute = SETTINGS_NO_TIME,
                .mechanisms = ~0u,
                .sessions = SESSIONS_AUTO,
                .sessions_max = 10,
                .window = 16,
                .batch = 1,
                .tier_max = DIALOG_STREAM,
                .connect_timeout_ms = 30 * 1000,
                .retry_for_ms = 5 * 60 * 1000,
                .retry_delay_ms = 5 * 1000,
                .report_path = "-",
            },
    };
    o->said = mem_alloc_zero(option_count, sizeof *o->said);
    secrets_init(&o->secrets, NULL, NULL);
}

void options_release(struct options *o)
{
    for (size_t i = 0; i < o->kept_count; i++) {
        free(o->kept[i]);
    }
    free(o->kept);
    free(o->said);
    free(o->relays);
    free(o->binds);
    free(o->domain_rates);
    free(o->headers);
    free(o->attach);
    free(o->suppress);
    free(o->pins);
    accounts_release(&o->accounts);
    secrets_release(&o->secrets);
}

char *options_keep(struct options *o, char *text)
{
    if (text) {
        o->kept = mem_resize(o->kept, o->kept_count + 1, sizeof *o->kept);
        o->kept[o->kept_count++] = text;
    }
    return text;
}

void options_add_relay(struct options *o, const struct relay *relay)
{
    size_t count = o->settings.relay_count;
    options_keep(o, (char *)(uintptr_t)relay->host);
    options_keep(o, (char *)(uintptr_t)relay->port);
    o->relays = mem_resize(o->relays, count + 1, sizeof *o->relays);
    o->relays[count] = *relay;
    o->settings.relays = o->relays;
    o->settings.relay_count = count + 1;
}

void options_add_bind(struct options *o, const struct sockaddr_storage *address)
{
    size_t count = o->settings.bind_count;
    o->binds = mem_resize(o->binds, count + 1, sizeof *o->binds);
    o->binds[count] = *address;
    o->settings.binds = o->binds;
    o->settings.bind_count = count + 1;
}

static bool takes(const struct options *o, const struct option *row)
{
    return (row->verbs & o->verb) != 0;
}

/* The rows of this verb, and the usual ones. */
static struct poptOption *popt_rows(const struct options *o)
{
    static const struct poptOption usual = USUAL_ROW;
    /* The last one stays cleared: the table's end. */
    struct poptOption *rows = mem_alloc_zero(option_count + 2, sizeof *rows);
    size_t count = 0;
    for (size_t i = 0; i < option_count; i++) {
        const struct option *row = &option_table[i];
        if (!takes(o, row)) {
            continue;
        }
        struct poptOption *to = &rows[count++];
        *to = (struct poptOption){
            .longName = row->name,
            .shortName = row->letter,
            .argInfo = row->argument ? POPT_ARG_STRING : POPT_ARG_NONE,
            .val = (int)(FIRST_ROW + i),
            .descrip = row->help,
            .argDescrip = row->argument,
        };
        if (!row->help) { /* what must be refused with or without a value */
            to->argInfo = POPT_ARG_STRING | POPT_ARGFLAG_OPTIONAL |
                          POPT_ARGFLAG_DOC_HIDDEN;
        }
    }
    rows[count] = usual;
    return rows;
}

static void note(struct reading *r, const struct option *row, char *value)
{
    r->given = mem_resize(r->given, r->given_count + 1, sizeof *r->given);
    r->given[r->given_count++] =
        (struct given){.row = row, .value = options_keep(r->o, value)};
}

static enum options_result read_words(struct reading *r, struct err *err)
{
    int result;
    while ((result = poptGetNextOpt(r->popt)) > 0) {
        if (usual_shown(r->popt, result, err)) {
            return err->status == 0 ? OPTIONS_DONE : OPTIONS_WRONG;
        }
        if (r->given_count >= VALUES_MAX) {
            err_set(err, EX_USAGE, "too many options");
            return OPTIONS_WRONG;
        }
        note(r, &option_table[result - FIRST_ROW], poptGetOptArg(r->popt));
    }
    if (result < -1) {
        const char *word = poptBadOption(r->popt, POPT_BADOPTION_NOALIAS);
        size_t len = span_find(span_of(word), '=');
        err_set(err, EX_USAGE, "%.*s: %s", (int)len, word,
                poptStrerror(result));
        return OPTIONS_WRONG;
    }
    return OPTIONS_RUN;
}

static bool was_given(const struct reading *r, const struct option *row)
{
    for (size_t i = 0; i < r->given_count; i++) {
        if (r->given[i].row == row) {
            return true;
        }
    }
    return false;
}

static const struct span prefix = {"MAILSHOT_", 9};

/* MAILSHOT_DRY_RUN for --dry-run. */
static char *twin_of(const struct option *row)
{
    size_t len = strlen(row->name);
    char *twin = mem_alloc(prefix.len + len + 1);
    memcpy(twin, prefix.data, prefix.len);
    for (size_t i = 0; i < len; i++) {
        char c = row->name[i];
        twin[prefix.len + i] = c == '-' ? '_' : ascii_upper(c);
    }
    twin[prefix.len + len] = '\0';
    return twin;
}

/* What send does not take has none, whichever verb this is. */
static bool has_twin(const struct option *row)
{
    return (row->verbs & VERB_SEND) != 0;
}

static bool is_twin(struct span name)
{
    bool found = false;
    for (size_t i = 0; i < option_count && !found; i++) {
        char *twin = twin_of(&option_table[i]);
        found = has_twin(&option_table[i]) && span_equal(name, span_of(twin));
        free(twin);
    }
    return found;
}

const char *options_stranger(size_t *at)
{
    while (environ[*at]) {
        const char *variable = environ[(*at)++];
        struct span text = span_of(variable);
        if (span_starts(text, prefix) &&
            !is_twin(span_slice(text, 0, span_find(text, '=')))) {
            return variable;
        }
    }
    return NULL;
}

/* The environment of send's relay is nothing to a check without one. */
static bool of_no_use(const struct reading *r, const struct option *row)
{
    if (r->o->verb != VERB_CHECK || !(row->verbs & OPTION_OF_RELAY)) {
        return false;
    }
    for (size_t i = 0; i < r->given_count; i++) {
        if (strcmp(r->given[i].row->name, "relay") == 0) {
            return false;
        }
    }
    return true;
}

/* An empty variable is as good as none. */
static bool take_environment(struct reading *r, struct err *err)
{
    struct options *o = r->o;
    for (size_t i = 0; i < option_count; i++) {
        const struct option *row = &option_table[i];
        if (!takes(o, row) || !has_twin(row) || was_given(r, row) ||
            of_no_use(r, row)) {
            continue;
        }
        o->saying = options_keep(o, twin_of(row));
        const char *value = getenv(o->saying);
        if (value && *value) {
            o->said[i] = true;
            if (!row->take(o, row, value, err)) {
                return false;
            }
        }
    }
    return true;
}

bool options_said(const struct options *o, const char *name)
{
    for (size_t i = 0; i < option_count; i++) {
        if (strcmp(option_table[i].name, name) == 0) {
            return o->said[i];
        }
    }
    return false;
}

static bool take_given(struct reading *r, struct err *err)
{
    struct options *o = r->o;
    for (size_t i = 0; i < r->given_count; i++) {
        const struct option *row = r->given[i].row;
        char *saying = mem_alloc(strlen(row->name) + 3);
        memcpy(saying, "--", 2);
        memcpy(saying + 2, row->name, strlen(row->name) + 1);
        o->saying = options_keep(o, saying);
        o->said[row - option_table] = true;
        if (!row->take(o, row, r->given[i].value, err)) {
            return false;
        }
    }
    return true;
}

/* The texts of popt's own array end with its context. */
static const char *argument(struct options *o, const char *word)
{
    return options_keep(o, mem_copy_text(word, strlen(word)));
}

static bool take_arguments(struct reading *r, struct err *err)
{
    struct options *o = r->o;
    size_t verb = verb_index(o->verb);
    const char **words = poptGetArgs(r->popt);
    size_t count = 0;
    while (words && words[count]) {
        if (!*words[count]) {
            err_set(err, EX_USAGE, "the name of a file is empty");
            return false;
        }
        count++;
    }
    if (count < verbs[verb].arguments_min ||
        count > verbs[verb].arguments_max) {
        err_set(err, EX_USAGE, "%s takes %s, and %zu word%s given",
                verbs[verb].name, verbs[verb].arguments, count,
                count == 1 ? " was" : "s were");
        return false;
    }
    o->settings.list_path = argument(o, words[0]);
    o->settings.template_path = count > 1 ? argument(o, words[1]) : NULL;
    return true;
}

/* From the lowest rank to the highest; the account file comes last, since the
 * others say which one it is, and fills only what they left unsaid. */
static bool take_all(struct reading *r, struct err *err)
{
    return take_environment(r, err) && take_given(r, err) &&
           take_arguments(r, err) && rules_hold(r->o, err);
}

enum options_result options_read(struct options *o, int argc, const char **argv,
                                 struct err *err)
{
    struct reading r = {.o = o, .rows = popt_rows(o)};
    char help[64];
    snprintf(help, sizeof help, "[OPTION...] %s",
             verbs[verb_index(o->verb)].arguments);
    r.popt =
        poptGetContext("mailshot", argc, argv, r.rows, POPT_CONTEXT_NO_EXEC);
    poptSetOtherOptionHelp(r.popt, help);
    poptReadDefaultConfig(r.popt, 0);
    enum options_result result = read_words(&r, err);
    if (result == OPTIONS_RUN && !take_all(&r, err)) {
        result = OPTIONS_WRONG;
    }
    poptFreeContext(r.popt);
    free(r.rows);
    free(r.given);
    return result;
}
