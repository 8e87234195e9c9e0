#include "mailing/credential.h"

#include "mailing/secret_line.h"
#include "mailing/session.h"

enum { SECRET_BYTES_MAX = 65536, BINDING_BYTES_MAX = 256 };

static void make_login(struct credential *c, const struct session_terms *terms)
{
    c->login = (struct login){
        .user = span_of(terms->settings->user),
        .secret = buf_span(&c->secret),
        .mechanisms = terms->settings->mechanisms,
        .host = span_of(terms->relay->host),
        .port = span_of(terms->relay->port),
    };
}

static const char command_name[] = "--passwordeval";

static void command_over(void *context, const struct err *why)
{
    struct credential *c = context;
    struct err fault = *why;
    c->command = NULL;
    if (fault.status == 0 &&
        secret_keep_line(&c->secret, 0, command_name, &fault)) {
        c->login.secret = buf_span(&c->secret);
    }
    c->had(c->context, &fault);
}

static bool run_command(struct credential *c, const struct session_terms *terms,
                        struct err *err)
{
    const struct child_command command = {
        .text = terms->settings->secret.text,
        .name = command_name,
        .timeout_ms = terms->settings->connect_timeout_ms,
    };
    c->command =
        child_start(terms->loop, &command, &c->secret, command_over, c, err);
    return c->command != NULL;
}

bool credential_fetch(struct credential *c, const struct session_terms *terms,
                      void (*had)(void *context, const struct err *why),
                      void *context, struct err *err)
{
    const struct settings *settings = terms->settings;
    const struct observer *observer = terms->observer;
    buf_init(&c->secret, SECRET_BYTES_MAX);
    buf_init(&c->binding, BINDING_BYTES_MAX);
    c->before = terms->learned->logins;
    c->had = had;
    c->context = context;
    if (!settings->user) {
        return true;
    }
    bool fine = settings->secret.kind == SECRET_COMMAND
                    ? run_command(c, terms, err)
                    : observer->secret(observer->context, &settings->secret,
                                       &c->secret, err);
    make_login(c, terms);
    return fine;
}

/* TLS 1.3 has no tls-unique; on 1.2 it is what SCRAM asks of all (RFC 5802
 * 6.1). */
void credential_bind(struct credential *c, const struct tls *t)
{
    static const struct {
        enum tls_binding tls;
        enum auth_binding_kind login;
    } kinds[] = {
        {TLS_BINDING_UNIQUE, AUTH_TLS_UNIQUE},
        {TLS_BINDING_EXPORTER, AUTH_TLS_EXPORTER},
    };
    bool bound = false;
    buf_clear(&c->binding);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && !bound; i++) {
        bound = tls_bind(t, kinds[i].tls, &c->binding);
        c->login.binding.kind = kinds[i].login;
    }
    c->login.binding.data = buf_span(&c->binding);
}

void credential_wipe(struct credential *c)
{
    child_stop(c->command);
    c->command = NULL;
    buf_wipe(&c->secret);
    buf_wipe(&c->binding);
    c->login.secret = SPAN("");
}

static bool asked_anew(const struct settings *settings)
{
    return settings->user && (settings->secret.kind == SECRET_FILE ||
                              settings->secret.kind == SECRET_NETRC ||
                              settings->secret.kind == SECRET_COMMAND);
}

bool credential_token_renewable(const struct credential *c,
                                const struct settings *settings,
                                struct logins *logins)
{
    if (!asked_anew(settings) || c->before.refused > 0) {
        return false;
    }
    logins->refused = 1; /* also where several sessions had the same old one */
    return true;
}

bool credential_lapse_renewable(const struct credential *c,
                                const struct settings *settings,
                                struct logins *logins)
{
    unsigned generation = c->before.lapsed;
    if (!asked_anew(settings) || generation > logins->held) {
        return false;
    }
    logins->lapsed += generation == logins->lapsed ? 1 : 0;
    return true;
}

void credential_held(const struct credential *c, struct logins *logins)
{
    unsigned generation = c->before.lapsed;
    logins->held = generation > logins->held ? generation : logins->held;
}
