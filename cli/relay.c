#include "cli/relay.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/take.h"
#include "cli/units.h"

/* folder/name where that exists, else NULL. */
static const char *existing(struct options *o, const char *folder,
                            const char *name)
{
    struct buf path;
    buf_init(&path, 8192);
    buf_append(&path, span_of(folder));
    buf_append(&path, span_of(name));
    buf_append_byte(&path, '\0');
    bool there =
        folder && *folder && !path.overflowed && access(path.data, F_OK) == 0;
    char *found = there ? mem_copy_text(path.data, path.len - 1) : NULL;
    buf_release(&path);
    return options_keep(o, found);
}

static const char *usual_file(struct options *o)
{
    const char *home = getenv("HOME");
    const char *config = getenv("XDG_CONFIG_HOME");
    const char *found = config && *config
                            ? existing(o, config, "/mailshot/accounts")
                            : existing(o, home, "/.config/mailshot/accounts");
    return found ? found : existing(o, home, "/.msmtprc");
}

static bool account_wrong(const struct options *o, const struct account *a,
                          const char *why, struct err *err)
{
    err_set(err, EX_CONFIG, "%s: account %s: %s", o->config, a->name, why);
    return false;
}

static bool adopt_address(struct options *o, const struct account *a,
                          struct err *err)
{
    const char *host = a->texts[ACCOUNT_HOST];
    if (o->server_said) {
        return true;
    }
    if (!host) {
        return account_wrong(o, a, "no host", err);
    }
    bool implicit = a->tls != ACCOUNT_OFF && a->starttls == ACCOUNT_OFF;
    const char *port = a->texts[ACCOUNT_PORT];
    if (!port) {
        port = implicit ? "465" : "25"; /* as with msmtp */
    }
    bool bare_v6 = strchr(host, ':') && host[0] != '[';
    struct relay relay;
    struct buf url;
    buf_init(&url, 4096);
    buf_append_format(&url, bare_v6 ? "[%s]:%s" : "%s:%s", host, port);
    const char *fault = url.overflowed ? "the host is longer than any name"
                                       : units_relay(buf_span(&url), &relay);
    buf_release(&url);
    if (fault) {
        return account_wrong(o, a, fault, err);
    }
    relay.implicit_tls = implicit;
    options_add_relay(o, &relay);
    return true;
}

static void adopt_tls(struct options *o, const struct account *a)
{
    struct settings *s = &o->settings;
    if (!options_said(o, "tls") && a->tls == ACCOUNT_OFF) {
        s->tls = TLS_OFF;
    } else if (!options_said(o, "tls") && a->certcheck == ACCOUNT_OFF) {
        s->tls = TLS_UNVERIFIED;
    }
    if (!s->trust.ca_file) {
        s->trust.ca_file = a->texts[ACCOUNT_TRUST_FILE];
    }
    if (!s->tls_name) {
        s->tls_name = a->texts[ACCOUNT_TLS_NAME];
    }
}

static void adopt_secret(struct options *o, const struct account *a)
{
    const char *password = a->texts[ACCOUNT_PASSWORD];
    const char *command = a->texts[ACCOUNT_PASSWORDEVAL];
    if (o->secret_said) {
        return;
    }
    if (password) {
        secrets_keep(&o->secrets, span_of(password));
        o->settings.secret =
            (struct secret_source){.kind = SECRET_FILE, .text = o->config};
    } else if (command) {
        o->settings.secret =
            (struct secret_source){.kind = SECRET_COMMAND, .text = command};
    }
}

static bool adopt_login(struct options *o, const struct account *a,
                        struct err *err)
{
    struct settings *s = &o->settings;
    if (a->auth != ACCOUNT_ON) {
        return true;
    }
    if (!s->user) {
        s->user = a->texts[ACCOUNT_USER];
    }
    if (!s->user) {
        return account_wrong(o, a, "auth is on, and no user is named", err);
    }
    if (a->mechanism && !options_said(o, "auth") &&
        !take_mechanism(a->mechanism, &s->mechanisms)) {
        return account_wrong(o, a, "auth: no mechanism that is known here",
                             err);
    }
    adopt_secret(o, a);
    return true;
}

static bool adopt(struct options *o, const struct account *a, struct err *err)
{
    struct settings *s = &o->settings;
    if (!adopt_address(o, a, err) || !adopt_login(o, a, err)) {
        return false;
    }
    adopt_tls(o, a);
    if (!s->helo) {
        s->helo = a->texts[ACCOUNT_DOMAIN];
    }
    if (s->sender.len == 0) {
        s->sender = span_of(a->texts[ACCOUNT_FROM]);
    }
    if (a->timeout_ms > 0 && !options_said(o, "timeout")) {
        s->timeout_ms = a->timeout_ms;
    }
    if (a->timeout_ms > 0 && !options_said(o, "connect-timeout")) {
        s->connect_timeout_ms = a->timeout_ms;
    }
    return true;
}

/* A relay that was named needs no account, and gets no account's password
 * unless that was named, too. */
static bool adopt_account(struct options *o, struct err *err)
{
    bool named = o->config || o->account;
    if (o->server_said && !named) {
        return true;
    }
    if (!o->config) {
        o->config = usual_file(o);
    }
    if (!o->config) {
        if (named) {
            err_set(err, EX_NOINPUT,
                    "no account file: neither "
                    "~/.config/mailshot/accounts nor "
                    "~/.msmtprc is there");
        }
        return !named;
    }
    if (!accounts_read(&o->accounts, o->config, err)) {
        return false;
    }
    const char *name = o->account ? o->account : "default";
    const struct account *a = accounts_find(&o->accounts, name);
    if (!a) {
        err_set(err, EX_CONFIG, "%s: no account %s", o->config, name);
        return false;
    }
    return adopt(o, a, err);
}

static bool usage(const char *text, struct err *err)
{
    err_set(err, EX_USAGE, "%s", text);
    return false;
}

static bool identity_fits(const struct settings *s, struct err *err)
{
    const struct tls_client_settings *trust = &s->trust;
    if (s->tls == TLS_OFF && trust->pin_count > 0) {
        return usage("--tls off and --tls-pin contradict each other", err);
    }
    if (s->tls != TLS_REQUIRED &&
        (s->requiretls || s->requiretls_column.len > 0)) {
        return usage("--requiretls needs a relay that has proved who it is: "
                     "--tls required",
                     err);
    }
    if (!trust->cert_file) {
        return !trust->key_file ||
               usage("--tls-key is the key of no --tls-cert", err);
    }
    return s->tls == TLS_OFF ||
           secrets_key_is_private(
               trust->key_file ? trust->key_file : trust->cert_file, err);
}

static bool tls_fits_relay(const struct options *o, const struct relay *relay,
                           struct err *err)
{
    const struct settings *s = &o->settings;
    if (relay->implicit_tls) {
        return usage("--tls off and smtps:// contradict each other", err);
    }
    if (!s->user) {
        return true;
    }
    if (!units_loopback(relay->host)) {
        return usage("--tls off: a password would be sent in clear; that is "
                     "refused, but to loopback with --auth-in-clear",
                     err);
    }
    return s->auth_in_clear ||
           usage("--tls off: a password would be sent in clear; "
                 "--auth-in-clear allows that to loopback",
                 err);
}

static bool tls_fits(const struct options *o, struct err *err)
{
    const struct settings *s = &o->settings;
    bool fits = identity_fits(s, err);
    for (size_t i = 0; s->tls == TLS_OFF && i < s->relay_count && fits; i++) {
        fits = tls_fits_relay(o, &s->relays[i], err);
    }
    return fits;
}

static bool find_secret(struct options *o, struct err *err)
{
    struct secret_source *source = &o->settings.secret;
    const char *const names[] = {o->settings.user, o->account, "mailshot"};
    if (source->kind != SECRET_NONE) {
        return true;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *file = names[i] ? secrets_credential(names[i]) : NULL;
        if (file) {
            *source = (struct secret_source){.kind = SECRET_FILE,
                                             .text = options_keep(o, file)};
            return true;
        }
    }
    if (secrets_can_prompt()) {
        source->kind = SECRET_PROMPT;
        return true;
    }
    if (o->settings.dry_run) {
        return true;
    }
    err_set(err, EX_CONFIG,
            "no password for %s: --password-file, --password-fd or "
            "--passwordeval has it, or $CREDENTIALS_DIRECTORY, or a person at "
            "a terminal",
            o->settings.user);
    return false;
}

static bool login_fits(struct options *o, struct err *err)
{
    struct settings *s = &o->settings;
    if (s->mechanisms == 0) {
        s->user = NULL;
        s->secret = (struct secret_source){.kind = SECRET_NONE};
        return true;
    }
    if (s->user) {
        return tls_fits(o, err) && find_secret(o, err);
    }
    if (o->secret_said) {
        return usage("a password is given, and no --user to log in", err);
    }
    return !o->mechanism_said ||
           usage("--auth names a mechanism, and no --user is given", err);
}

bool relay_settle(struct options *o, struct err *err)
{
    struct settings *s = &o->settings;
    if (!adopt_account(o, err)) {
        return false;
    }
    if (s->relay_count == 0 && !s->dry_run) {
        return usage("no relay: --server names it, or an account file", err);
    }
    if (!tls_fits(o, err) || !login_fits(o, err)) {
        return false;
    }
    o->secrets.user = s->user;
    o->secrets.host = s->relay_count == 1 ? s->relays[0].host : "the relay";
    return true;
}
