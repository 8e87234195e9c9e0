#include "cli/adopt.h"

#include <netdb.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "cli/pin.h"
#include "cli/take.h"
#include "cli/units.h"

enum { TEXT_BYTES_MAX = 8192, HOST_BYTES_MAX = 256 };

static bool wrong(const struct options *o, const char *why, struct err *err)
{
    err_set(err, EX_CONFIG, "%s: account %s: %s", o->config, o->adopted->name,
            why);
    return false;
}

static const char *text_of(const struct options *o, enum account_text text)
{
    return o->adopted->texts[text];
}

/* --- which file --- */

/* folder/name where that exists, else NULL. */
static const char *existing(struct options *o, const char *folder,
                            const char *name)
{
    struct buf path;
    buf_init(&path, TEXT_BYTES_MAX);
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

/* --- the relay --- */

static bool adopt_address(struct options *o, struct err *err)
{
    const struct account *a = o->adopted;
    const char *host = a->texts[ACCOUNT_HOST];
    if (o->server_said) {
        return true;
    }
    if (!host) {
        return wrong(o, "no host", err);
    }
    bool implicit = !account_says(a, ACCOUNT_TLS, "off") &&
                    account_says(a, ACCOUNT_STARTTLS, "off");
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
        return wrong(o, fault, err);
    }
    relay.implicit_tls = implicit;
    options_add_relay(o, &relay);
    return true;
}

/* --- TLS --- */

/* A fingerprint takes the chain's place, as with msmtp. */
static bool adopt_trust(struct options *o, struct err *err)
{
    struct settings *s = &o->settings;
    const char *print = text_of(o, ACCOUNT_FINGERPRINT);
    const char *file = text_of(o, ACCOUNT_TRUST_FILE);
    bool none = file && strcmp(file, ACCOUNT_NO_TRUST) == 0;
    if (s->tls != TLS_REQUIRED || s->trust.ca_file) {
        return true;
    }
    if (print) {
        /* account_commands.c has seen that it is one. */
        (void)pin_read_fingerprint(print, &s->trust.fingerprint);
    } else if (none) {
        return wrong(o,
                     "tls_trust_file is empty, and there is no "
                     "tls_fingerprint: nothing could prove the relay",
                     err);
    }
    s->trust.ca_file = none ? NULL : file;
    return true;
}

static bool adopt_identity(struct options *o, struct err *err)
{
    struct tls_client_settings *trust = &o->settings.trust;
    const char *certificate = text_of(o, ACCOUNT_CERT_FILE);
    const char *key = text_of(o, ACCOUNT_KEY_FILE);
    if (trust->cert_file || trust->key_file) {
        return true;
    }
    if ((certificate == NULL) != (key == NULL)) {
        return wrong(o, "tls_cert_file and tls_key_file go together", err);
    }
    trust->cert_file = certificate;
    trust->key_file = key;
    return true;
}

static bool adopt_tls(struct options *o, struct err *err)
{
    struct settings *s = &o->settings;
    if (!options_said(o, "tls")) {
        s->tls = account_says(o->adopted, ACCOUNT_TLS, "off") ? TLS_OFF
                 : account_says(o->adopted, ACCOUNT_CERTCHECK, "off")
                     ? TLS_UNVERIFIED
                     : TLS_REQUIRED;
    }
    if (!s->tls_name) {
        s->tls_name = text_of(o, ACCOUNT_TLS_NAME);
    }
    return adopt_trust(o, err) && adopt_identity(o, err);
}

/* --- the login --- */

static void adopt_secret(struct options *o)
{
    const char *password = text_of(o, ACCOUNT_PASSWORD);
    const char *command = text_of(o, ACCOUNT_PASSWORDEVAL);
    if (o->secret_said) {
        return;
    }
    if (password) {
        struct stat facts;
        if (stat(o->config, &facts) != 0 || !S_ISREG(facts.st_mode)) {
            secrets_keep(&o->secrets, span_of(password)); /* it was a pipe */
        }
        o->secrets.account = o->adopted->name;
        o->settings.secret =
            (struct secret_source){.kind = SECRET_ACCOUNT, .text = o->config};
    } else if (command) {
        o->settings.secret =
            (struct secret_source){.kind = SECRET_COMMAND, .text = command};
    }
}

/* A user who is named on the command line logs in, whatever `auth` says. */
static bool adopt_login(struct options *o, struct err *err)
{
    struct settings *s = &o->settings;
    const char *how = text_of(o, ACCOUNT_AUTH);
    bool on = how && strcmp(how, "off") != 0;
    if (!on && !s->user) {
        return true;
    }
    if (!s->user) {
        s->user = text_of(o, ACCOUNT_USER);
    }
    if (!s->user) {
        return wrong(o, "auth is on, and no user is named", err);
    }
    if (on && strcmp(how, "on") != 0 && !options_said(o, "auth")) {
        (void)take_mechanism(how, &s->mechanisms);
    }
    adopt_secret(o);
    return true;
}

/* --- names --- */

static const char *own_user(void)
{
    const char *name = getenv("USER");
    name = name ? name : getenv("LOGNAME");
    const struct passwd *entry = name ? NULL : getpwuid(getuid());
    return name ? name : entry ? entry->pw_name : NULL;
}

static void append_host(struct buf *out, bool canonical)
{
    char host[HOST_BYTES_MAX] = "";
    const char *name = getenv("HOSTNAME");
    if (!name && gethostname(host, sizeof host - 1) == 0) {
        name = host;
    }
    struct addrinfo hints = {.ai_flags = AI_CANONNAME};
    struct addrinfo *found = NULL;
    if (canonical && name && getaddrinfo(name, NULL, &hints, &found) == 0) {
        buf_append(out, span_of(found->ai_canonname));
        freeaddrinfo(found);
    } else {
        buf_append(out, span_of(name));
    }
}

static void append_mailname(struct buf *out)
{
    char line[HOST_BYTES_MAX] = "";
    FILE *file = fopen("/etc/mailname", "re");
    if (file && fgets(line, sizeof line, file)) {
        struct span name = span_of(line);
        buf_append(out, span_trim(span_slice(name, 0, span_find(name, '\n'))));
    }
    if (file) {
        fclose(file);
    }
}

/* %U, %H, %C and %M, as msmtp fills them in. */
static const char *filled_in(struct options *o, const char *text)
{
    struct buf out;
    buf_init(&out, TEXT_BYTES_MAX);
    for (; *text; text++) {
        char next = text[0] == '%' ? text[1] : '\0';
        text += next == 'U' || next == 'H' || next == 'C' || next == 'M';
        if (next == 'U') {
            buf_append(&out, span_of(own_user()));
        } else if (next == 'H' || next == 'C') {
            append_host(&out, next == 'C');
        } else if (next == 'M') {
            append_mailname(&out);
        } else {
            buf_append_byte(&out, *text);
        }
    }
    char *filled = mem_copy_text(out.data, out.len);
    buf_release(&out);
    return options_keep(o, filled);
}

/* A pattern only chooses among accounts. */
static bool is_pattern(const char *text)
{
    return strpbrk(text, "?*[") != NULL;
}

static bool wrong_sender(const struct options *o, const char *fault,
                         struct err *err)
{
    char text[80];
    snprintf(text, sizeof text, "the envelope sender: %s", fault);
    return wrong(o, text, err);
}

static bool adopt_sender(struct options *o, struct err *err)
{
    struct settings *s = &o->settings;
    const char *from = text_of(o, ACCOUNT_FROM);
    const char *domain = text_of(o, ACCOUNT_MAILDOMAIN);
    if (s->sender.len > 0) {
        return true;
    }
    if (account_says(o->adopted, ACCOUNT_AUTO_FROM, "on")) {
        if (!domain || !own_user()) {
            return wrong(o, "auto_from is on, and there is no maildomain", err);
        }
        struct buf out;
        buf_init(&out, TEXT_BYTES_MAX);
        buf_append_format(&out, "%s@%s", own_user(), domain);
        s->sender = span_of(options_keep(o, mem_copy_text(out.data, out.len)));
        buf_release(&out);
    } else if (from && !is_pattern(from)) {
        s->sender = span_of(filled_in(o, from));
    }
    const char *fault =
        s->sender.len > 0 ? take_template_fault(s->sender) : NULL;
    return !fault || wrong_sender(o, fault, err);
}

/* --- all of it --- */

/* What an option's own taker understands. */
static bool adopt_words(struct options *o, struct err *err)
{
    static const struct {
        const char *option;
        enum account_text text;
        bool (*take)(struct options *o, const struct option *row,
                     const char *value, struct err *err);
    } rows[] = {
        {"bind", ACCOUNT_SOURCE_IP, take_bind},
        {"dsn-notify", ACCOUNT_DSN_NOTIFY, take_dsn_notify},
        {"dsn-return", ACCOUNT_DSN_RETURN, take_dsn_return},
    };
    bool fine = true;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0] && fine; i++) {
        const char *value = text_of(o, rows[i].text);
        o->saying = rows[i].option;
        fine = !value || options_said(o, rows[i].option) ||
               rows[i].take(o, NULL, value, err);
    }
    return fine;
}

static bool adopt(struct options *o, struct err *err)
{
    struct settings *s = &o->settings;
    const char *domain = text_of(o, ACCOUNT_DOMAIN);
    uint64_t timeout_ms = 0;
    if (!adopt_address(o, err) || !adopt_login(o, err) || !adopt_tls(o, err) ||
        !adopt_sender(o, err) || !adopt_words(o, err)) {
        return false;
    }
    if (!s->helo && domain) {
        s->helo = filled_in(o, domain);
    }
    if (ascii_parse_number(span_of(text_of(o, ACCOUNT_TIMEOUT)), UINT64_MAX,
                           &timeout_ms)) {
        s->timeout_ms = options_said(o, "timeout") ? s->timeout_ms : timeout_ms;
        s->connect_timeout_ms = options_said(o, "connect-timeout")
                                    ? s->connect_timeout_ms
                                    : timeout_ms;
    }
    return true;
}

/* A relay that was named needs no account, and gets no account's password
 * unless that was named, too. */
bool account_adopt(struct options *o, struct err *err)
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
    if (!accounts_read(&o->accounts, o->config, o->settings.connect_timeout_ms,
                       err)) {
        return false;
    }
    const char *name = o->account ? o->account : "default";
    o->adopted = accounts_find(&o->accounts, name);
    if (!o->adopted) {
        err_set(err, EX_CONFIG, "%s: no account %s", o->config, name);
        return false;
    }
    bool fine = adopt(o, err);
    accounts_forget_passwords(&o->accounts);
    return fine;
}
