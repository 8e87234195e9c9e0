#include "cli/relay.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/mem.h"
#include "cli/adopt.h"
#include "cli/netrc.h"
#include "cli/units.h"

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

/* As with msmtp, for its accounts: ~/.netrc, else /etc/netrc. */
static bool netrc_has_it(struct options *o)
{
    const struct settings *s = &o->settings;
    const char *home = getenv("HOME");
    struct buf own;
    buf_init(&own, 8192);
    buf_append_format(&own, "%s/.netrc", home ? home : "");
    buf_append_byte(&own, '\0');
    const char *const paths[] = {own.overflowed ? "" : own.data, "/etc/netrc"};
    bool found = false;
    for (size_t i = 0; i < 2 && !found && o->adopted && s->relay_count == 1;
         i++) {
        struct err err;
        struct buf secret;
        buf_init(&secret, SECRET_BYTES_MAX);
        found = netrc_fetch(paths[i], span_of(s->relays[0].host),
                            span_of(s->user), &secret, &err);
        buf_wipe(&secret);
        if (found) {
            char *path = mem_copy_text(paths[i], strlen(paths[i]));
            o->settings.secret = (struct secret_source){
                .kind = SECRET_NETRC, .text = options_keep(o, path)};
        }
    }
    buf_release(&own);
    return found;
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
    if (netrc_has_it(o)) {
        return true;
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
    /* An account is one relay's, and so is its password. */
    if (s->user && o->adopted && s->relay_count > 1 && !o->secret_said) {
        return usage("the password of an account is for its own relay: several "
                     "share the login that --user and --password-file give",
                     err);
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
    if (!account_adopt(o, err)) {
        return false;
    }
    if (s->relay_count == 0 && !s->dry_run) {
        return usage("no relay: --server names it, or an account file", err);
    }
    if (!tls_fits(o, err) || !login_fits(o, err)) {
        return false;
    }
    o->secrets.timeout_ms = s->connect_timeout_ms;
    o->secrets.user = s->user;
    o->secrets.host = s->relay_count == 1 ? s->relays[0].host : "the relay";
    return true;
}
