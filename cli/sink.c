#include "cli/sink.h"

#include <popt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/err.h"
#include "cli/say.h"
#include "cli/secret.h"
#include "cli/units.h"
#include "cli/usual.h"
#include "sink/sink.h"

enum {
    DEFAULT_BYTES_MAX = 32 << 20,
    DEFAULT_SERVICE_MS = 10, /* of --slow-beyond */
    HOUR_MS = 3600 * 1000,
};

/* Options that take a word. */
enum word {
    WORD_LISTEN = USUAL_END,
    WORD_PORT_FILE,
    WORD_TLS,
    WORD_TLS_MAX,
    WORD_CERT,
    WORD_KEY,
    WORD_CLIENT_CA,
    WORD_CERT_OUT,
    WORD_HOSTNAME,
    WORD_SIZE,
    WORD_AUTH,
    WORD_PASSWORD_FILE,
    WORD_MECHANISMS,
    WORD_LOGINS_PUT_OFF,
    WORD_MAILDIR,
    WORD_LOG,
    WORD_VERDICTS,
    WORD_CONNECTIONS_MAX,
    WORD_SESSIONS_MAX,
    WORD_MESSAGES_MAX,
    WORD_RECIPIENTS_MAX,
    WORD_LIMITS,
    WORD_THROTTLE,
    WORD_RATE,
    WORD_DELAY,
    WORD_SERVICE,
    WORD_SLOW_BEYOND,
    WORD_IDLE,
    WORD_RANDOM,
    WORD_SCRIPT,
    WORD_EXIT_AFTER,
    WORDS,
};

static struct {
    char *words[WORDS]; /* popt's copies, ours to free; NULL: not given */
    int refused_offers; /* bits that --no-… sets */
    int requiretls;
    int no_tickets;
    int auth_required;
    int auth_in_clear;
    int quiet;
} given;

#define WORD(name, word, help, what)                                           \
    {                                                                          \
        name, '\0', POPT_ARG_STRING, NULL, word, help, what                    \
    }
#define FLAG(name, letter, field, help)                                        \
    {                                                                          \
        name, letter, POPT_ARG_NONE, &given.field, 0, help, NULL               \
    }
#define WITHOUT(name, offer, help)                                             \
    {                                                                          \
        name, '\0', POPT_BIT_SET, &given.refused_offers, offer, help, NULL     \
    }

static const struct poptOption options[] = {
    WORD("listen", WORD_LISTEN, "where to listen, on loopback (127.0.0.1:2525)",
         "ADDR:PORT"),
    WORD("port-file", WORD_PORT_FILE, "gets the port, once it listens", "FILE"),
    WORD("tls", WORD_TLS, "starttls (the default), implicit or off", "MODE"),
    WORD("tls-max", WORD_TLS_MAX, "the newest TLS, 1.2 or 1.3 (1.3)",
         "VERSION"),
    WORD("cert", WORD_CERT, "the certificate to show, instead of one made now",
         "FILE"),
    WORD("key", WORD_KEY, "its key (in the file of --cert)", "FILE"),
    WORD("client-ca", WORD_CLIENT_CA,
         "clients have to show a certificate from there", "FILE"),
    FLAG("no-tickets", '\0', no_tickets, "no TLS session is resumed"),
    WORD("cert-out", WORD_CERT_OUT, "gets the certificate, for --tls-ca",
         "FILE"),
    WORD("hostname", WORD_HOSTNAME, "its name (localhost)", "NAME"),
    WITHOUT("no-pipelining", OFFER_PIPELINING, "do not offer PIPELINING"),
    WITHOUT("no-chunking", OFFER_CHUNKING, "do not offer CHUNKING"),
    WITHOUT("no-8bitmime", OFFER_8BITMIME, "do not offer 8BITMIME"),
    WITHOUT("no-smtputf8", OFFER_SMTPUTF8, "do not offer SMTPUTF8"),
    WITHOUT("no-dsn", OFFER_DSN, "do not offer DSN"),
    WITHOUT("no-enhancedstatuscodes", OFFER_ENHANCED,
            "replies without enhanced codes"),
    WITHOUT("no-starttls", OFFER_STARTTLS, "do not offer STARTTLS"),
    FLAG("requiretls", '\0', requiretls, "offer REQUIRETLS under TLS"),
    WORD("size", WORD_SIZE,
         "the largest message (32 MiB); 0: SIZE is not offered", "BYTES"),
    WORD("auth", WORD_AUTH, "offer AUTH to this user", "USER"),
    WORD("auth-password-file", WORD_PASSWORD_FILE,
         "the password is its first line", "FILE"),
    WORD("auth-mechanisms", WORD_MECHANISMS,
         "offer only these: 'PLAIN SCRAM-SHA-256 ...'", "WORDS"),
    WORD("auth-busy", WORD_LOGINS_PUT_OFF, "the first N logins get a 454", "N"),
    FLAG("auth-required", '\0', auth_required, "no MAIL without a login"),
    FLAG("auth-in-clear", '\0', auth_in_clear, "offer AUTH without TLS, too"),
    WORD("maildir", WORD_MAILDIR, "keep the messages there", "DIR"),
    WORD("log", WORD_LOG, "a line of JSON for each transaction taken", "FILE"),
    WORD("verdicts", WORD_VERDICTS,
         "a line of JSON for the last word on each recipient", "FILE"),
    WORD("max-connections", WORD_CONNECTIONS_MAX, "then it listens no more",
         "N"),
    WORD("max-sessions", WORD_SESSIONS_MAX, "at a time, then 421", "N"),
    WORD("max-messages-per-session", WORD_MESSAGES_MAX, "then 421", "N"),
    WORD("max-recipients", WORD_RECIPIENTS_MAX, "of a message, then 452", "N"),
    WORD("limits", WORD_LIMITS,
         "offer LIMITS, and keep to it: MAILMAX, RCPTMAX", "'NAME=N ...'"),
    WORD("throttle", WORD_THROTTLE,
         "beyond N messages in S seconds 450, or that CODE", "N/S[/CODE]"),
    WORD("rate", WORD_RATE, "take at most N messages a second", "N"),
    WORD("delay", WORD_DELAY, "before the reply to each content", "MS"),
    WORD("service", WORD_SERVICE,
         "with --slow-beyond: what a message takes (10)", "MS"),
    WORD("slow-beyond", WORD_SLOW_BEYOND,
         "K at a time are served, and all slower beyond K sessions", "K"),
    WORD("idle", WORD_IDLE, "of silence, then 421", "SECONDS"),
    WORD("random", WORD_RANDOM, "faults by chance, too, the same for a SEED",
         "SEED"),
    WORD("script", WORD_SCRIPT, "play these lines to each client", "FILE"),
    WORD("exit-after", WORD_EXIT_AFTER, "stop once that many messages came",
         "N"),
    FLAG("quiet", 'q', quiet, "do not say where it listens"),
    USUAL_ROW,
    POPT_TABLEEND,
};

static void free_words(void)
{
    for (size_t i = 0; i < WORDS; i++) {
        free(given.words[i]);
        given.words[i] = NULL;
    }
}

/* From words to settings. */

struct number {
    const char *name;
    enum word word;
    uint64_t max;
    uint64_t *out; /* stays as it is where none is given */
};

static bool take_number(const struct number *n, struct err *err)
{
    const char *text = given.words[n->word];
    if (!text || units_number(text, 0, n->max, n->out)) {
        return true;
    }
    err_set(err, EX_USAGE, "--%s %s: not a number from 0 to %llu", n->name,
            text, (unsigned long long)n->max);
    return false;
}

static bool take_numbers(struct sink_settings *out, struct err *err)
{
    uint64_t messages_max = 0, recipients_max = 0, workers = 0, idle_s = 0;
    const struct number numbers[] = {
        {"size", WORD_SIZE, UINT32_MAX, &out->bytes_max},
        {"max-connections", WORD_CONNECTIONS_MAX, UINT32_MAX,
         &out->connections_max},
        {"max-sessions", WORD_SESSIONS_MAX, UINT32_MAX, &out->sessions_max},
        {"max-messages-per-session", WORD_MESSAGES_MAX, UINT32_MAX,
         &messages_max},
        {"max-recipients", WORD_RECIPIENTS_MAX, UINT32_MAX, &recipients_max},
        {"rate", WORD_RATE, 1000000, &out->service.rate},
        {"delay", WORD_DELAY, HOUR_MS, &out->service.delay_ms},
        {"service", WORD_SERVICE, HOUR_MS, &out->service.message_ms},
        {"slow-beyond", WORD_SLOW_BEYOND, SERVICE_WORKERS_MAX, &workers},
        {"idle", WORD_IDLE, HOUR_MS / 1000, &idle_s},
        {"random", WORD_RANDOM, UINT64_MAX, &out->seed},
        {"auth-busy", WORD_LOGINS_PUT_OFF, UINT32_MAX, &out->logins_put_off},
        {"exit-after", WORD_EXIT_AFTER, UINT64_MAX / 2, &out->exit_after},
    };
    out->bytes_max = DEFAULT_BYTES_MAX;
    out->service.message_ms = DEFAULT_SERVICE_MS;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (!take_number(&numbers[i], err)) {
            return false;
        }
    }
    out->messages_max = (unsigned)messages_max;
    out->limits.recipients_max = (unsigned)recipients_max;
    out->service.workers = (unsigned)workers;
    out->idle_ms = idle_s * 1000;
    out->random = given.words[WORD_RANDOM] != NULL;
    if (given.words[WORD_SERVICE] && workers == 0) {
        err_set(err, EX_USAGE, "--service needs --slow-beyond");
        return false;
    }
    return true;
}

/* Of two limits on recipients the smaller one counts. */
static bool take_limits(struct sink_settings *out, struct err *err)
{
    const char *text = given.words[WORD_LIMITS];
    unsigned own = out->limits.recipients_max;
    if (!text) {
        return true;
    }
    if (!limits_read(span_of(text), &out->limits)) {
        err_set(err, EX_USAGE,
                "--limits %s: not such as \"MAILMAX=100 RCPTMAX=50\"", text);
        return false;
    }
    unsigned told = out->limits.recipients_max;
    out->limits.recipients_max =
        told == 0 || (own > 0 && own < told) ? own : told;
    return true;
}

/* N/S or N/S/CODE. */
static bool read_throttle(struct span text, struct throttle *out)
{
    static const struct {
        struct span code;
        enum answer answer;
    } codes[] = {
        {SPAN("450"), ANSWER_THROTTLED},
        {SPAN("454"), ANSWER_THROTTLED_LOGIN},
        {SPAN("421"), ANSWER_THROTTLED_CLOSING},
    };
    struct span count = span_slice(text, 0, span_find(text, '/'));
    text = span_rest(text, count.len < text.len ? count.len + 1 : count.len);
    struct span seconds = span_slice(text, 0, span_find(text, '/'));
    struct span code = span_rest(text, seconds.len);
    if (!ascii_parse_number(count, UINT32_MAX, &out->messages_max) ||
        !ascii_parse_number(seconds, HOUR_MS / 1000, &out->window_ms) ||
        out->messages_max == 0 || out->window_ms == 0) {
        return false;
    }
    out->window_ms *= 1000;
    out->answer = ANSWER_THROTTLED;
    bool known = code.len == 0;
    for (size_t i = 0; i < sizeof codes / sizeof *codes && !known; i++) {
        known = span_equal(span_rest(code, 1), codes[i].code);
        out->answer = codes[i].answer;
    }
    return known;
}

static bool take_throttle(struct sink_settings *out, struct err *err)
{
    const char *text = given.words[WORD_THROTTLE];
    if (!text || read_throttle(span_of(text), &out->throttle)) {
        return true;
    }
    err_set(err, EX_USAGE,
            "--throttle %s: not such as 100/60, 100/60/454 or 100/60/421",
            text);
    return false;
}

static bool take_identity(struct sink_settings *out, struct err *err)
{
    struct tls_server_settings *identity = &out->identity;
    const char *newest = given.words[WORD_TLS_MAX];
    *identity = (struct tls_server_settings){
        .cert_file = given.words[WORD_CERT],
        .key_file = given.words[WORD_KEY],
        .client_ca_file = given.words[WORD_CLIENT_CA],
        .version_max = newest && strcmp(newest, "1.2") == 0 ? TLS_1_2 : TLS_1_3,
        .resumes = !given.no_tickets,
    };
    if (newest && identity->version_max == TLS_1_3 &&
        strcmp(newest, "1.3") != 0) {
        err_set(err, EX_USAGE, "--tls-max %s: not 1.2 or 1.3", newest);
        return false;
    }
    if (identity->key_file && !identity->cert_file) {
        err_set(err, EX_USAGE, "--key is the key of no --cert");
        return false;
    }
    if (identity->cert_file && out->cert_file) {
        err_set(err, EX_USAGE,
                "--cert-out writes a certificate that is made, "
                "and --cert has one");
        return false;
    }
    return true;
}

static bool take_tls(struct sink_settings *out, struct err *err)
{
    static const struct {
        const char *name;
        enum sink_tls tls;
    } modes[] = {
        {"starttls", SINK_TLS_STARTTLS},
        {"implicit", SINK_TLS_IMPLICIT},
        {"off", SINK_TLS_OFF},
    };
    out->tls = SINK_TLS_STARTTLS;
    if (!given.words[WORD_TLS]) {
        return true;
    }
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        if (strcmp(given.words[WORD_TLS], modes[i].name) == 0) {
            out->tls = modes[i].tls;
            return true;
        }
    }
    err_set(err, EX_USAGE, "--tls %s: not starttls, implicit or off",
            given.words[WORD_TLS]);
    return false;
}

static bool take_mechanisms(struct sink_settings *out, struct err *err)
{
    struct span rest = span_trim(span_of(given.words[WORD_MECHANISMS]));
    out->mechanisms = given.words[WORD_MECHANISMS] ? 0 : LOGIN_ALL_MECHANISMS;
    while (rest.len > 0) {
        size_t len = span_find(rest, ' ');
        unsigned bit = login_bit(span_slice(rest, 0, len));
        if (bit == 0) {
            err_set(err, EX_USAGE, "--auth-mechanisms: %.*s: none is known",
                    (int)len, rest.data);
            return false;
        }
        out->mechanisms |= bit;
        rest = span_trim(span_rest(rest, len));
    }
    return true;
}

static bool take_login(struct sink_settings *out, struct buf *secret,
                       struct err *err)
{
    out->auth_required = given.auth_required;
    out->auth_in_clear = given.auth_in_clear;
    bool wanted = given.words[WORD_AUTH] || given.words[WORD_PASSWORD_FILE] ||
                  given.words[WORD_MECHANISMS] ||
                  given.words[WORD_LOGINS_PUT_OFF] || given.auth_required ||
                  given.auth_in_clear;
    if (!wanted) {
        return true;
    }
    if (!given.words[WORD_AUTH] || !given.words[WORD_AUTH][0] ||
        !given.words[WORD_PASSWORD_FILE]) {
        err_set(err, EX_USAGE,
                "a login needs both --auth and --auth-password-file");
        return false;
    }
    const struct secret_source source = {
        .kind = SECRET_FILE,
        .text = given.words[WORD_PASSWORD_FILE],
    };
    struct secrets secrets;
    secrets_init(&secrets, given.words[WORD_AUTH], "localhost");
    bool fine = secrets_fetch(&secrets, &source, secret, err);
    secrets_release(&secrets);
    out->user = span_of(given.words[WORD_AUTH]);
    out->secret = buf_span(secret);
    return fine;
}

/* What the sink says. */

static void say_listening(void *context, struct span address)
{
    if (!given.quiet) {
        struct err line;
        err_set(&line, 0, "sink listens on %.*s", (int)address.len,
                address.data);
        say_text(context, SAY_INFO, line.text);
    }
}

static void say_counts(void *context, struct span json)
{
    (void)context;
    printf("%.*s\n", (int)json.len, json.data);
}

static void say_astray(void *context, const char *text)
{
    say_text(context, SAY_WARNING, text);
}

static int run(struct say *say, struct buf *secret, struct err *err)
{
    struct sink_settings settings = {
        .listen = given.words[WORD_LISTEN] ? given.words[WORD_LISTEN]
                                           : "127.0.0.1:2525",
        .port_file = given.words[WORD_PORT_FILE],
        .cert_file = given.words[WORD_CERT_OUT],
        .hostname = given.words[WORD_HOSTNAME] ? given.words[WORD_HOSTNAME]
                                               : "localhost",
        .offers = (OFFER_ALL & ~(unsigned)given.refused_offers) |
                  (given.requiretls ? OFFER_REQUIRETLS : 0),
        .maildir = given.words[WORD_MAILDIR],
        .log_file = given.words[WORD_LOG],
        .verdicts_file = given.words[WORD_VERDICTS],
        .script = given.words[WORD_SCRIPT],
        .listening = say_listening,
        .counted = say_counts,
        .astray = say_astray,
        .context = say,
    };
    if (!take_tls(&settings, err) || !take_identity(&settings, err) ||
        !take_numbers(&settings, err) || !take_limits(&settings, err) ||
        !take_throttle(&settings, err) || !take_mechanisms(&settings, err) ||
        !take_login(&settings, secret, err)) {
        return err->status;
    }
    int status = sink_run(&settings, err);
    if (fflush(stdout) != 0 && status == 0) {
        err_set(err, EX_IOERR, "stdout cannot be written");
        status = err->status;
    }
    return status;
}

/* False: *err, or there is nothing more to do. */
static bool read_words(poptContext popt, struct err *err)
{
    poptReadDefaultConfig(popt, 0);
    int result;
    while ((result = poptGetNextOpt(popt)) > 0) {
        if (usual_shown(popt, result, err)) {
            return false;
        }
        free(given.words[result]); /* of two the last one counts */
        given.words[result] = poptGetOptArg(popt);
    }
    if (result < -1) {
        err_set(err, EX_USAGE, "%s: %s",
                poptBadOption(popt, POPT_BADOPTION_NOALIAS),
                poptStrerror(result));
        return false;
    }
    if (poptPeekArg(popt)) {
        err_set(err, EX_USAGE, "sink takes options alone, not %s",
                poptPeekArg(popt));
        return false;
    }
    return true;
}

int verb_sink(int argc, const char **argv)
{
    struct say say = {.loudest = SAY_INFO};
    struct err err = {0};
    struct buf secret;
    buf_init(&secret, SECRET_BYTES_MAX);
    poptContext popt = poptGetContext("mailshot", argc, argv, options, 0);
    int status = read_words(popt, &err) ? run(&say, &secret, &err) : err.status;
    if (status != 0) {
        say_text(&say, SAY_ERROR, err.text);
    }
    poptFreeContext(popt);
    buf_wipe(&secret);
    free_words();
    return status;
}
