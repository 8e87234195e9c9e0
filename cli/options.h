/* What did the user say: on the command line, in the environment, in the
 * account file?
 *
 * The command line wins over the environment, the environment over the
 * account file. Each row of the table (cli/table.h) is one option with its
 * verbs, its form and the field that it fills. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "cli/accounts.h"
#include "cli/progress.h"
#include "cli/secret.h"
#include "mailing/mailing.h"

enum verb {
    VERB_SEND = 1 << 0,
    VERB_CHECK = 1 << 1,
    VERB_RENDER = 1 << 2,
};

const char *verb_name(enum verb verb);

struct options {
    enum verb verb;
    const char *saying; /* the option under way, as it was spelled */

    struct settings settings;
    struct check_options check;
    struct render_options render;
    enum summary_format summary;
    enum progress_mode progress;
    enum say_level loudest;

    bool *said; /* by row of the table: it was given, wherever */
    bool share; /* rates and sessions are divided by the shards */
    bool server_said;
    bool mechanism_said; /* --auth names one */
    bool secret_said;
    const char *config; /* NULL: the usual files */
    const char *account;
    struct accounts accounts;
    const struct account *adopted; /* NULL: none */
    struct secrets secrets;

    /* Texts that we own, until options_release. */
    char **kept;
    size_t kept_count;
    struct relay *relays;
    struct sockaddr_storage *binds;
    struct domain_rate *domain_rates;
    struct span *headers;
    struct span *attach;
    const char **suppress;
    struct tls_pin *pins;
};

enum options_result {
    OPTIONS_RUN,
    OPTIONS_DONE, /* help or version was shown */
    OPTIONS_WRONG,
};

/* argv[0] is "mailshot VERB". Release it in any case. */
enum options_result options_read(struct options *o, int argc, const char **argv,
                                 struct err *err);
void options_init(struct options *o, enum verb verb);
void options_release(struct options *o);

/* The option of that name was given, on the command line or in the
 * environment. */
bool options_said(const struct options *o, const char *name);

/* Its texts become ours. */
void options_add_relay(struct options *o, const struct relay *relay);

/* Connections are made from there, too. */
void options_add_bind(struct options *o,
                      const struct sockaddr_storage *address);

/* text becomes ours and is given back. NULL stays NULL. */
char *options_keep(struct options *o, char *text);

/* The next variable of the environment that looks like the twin of an option
 * and is none; NULL: no more. *at counts from 0. */
const char *options_stranger(size_t *at);
