#include "mailing/credential.h"

enum { SECRET_BYTES_MAX = 65536, BINDING_BYTES_MAX = 256 };

bool credential_fetch(struct credential *c, const struct settings *settings,
                      const struct relay *relay,
                      const struct observer *observer, unsigned refusals,
                      struct err *err)
{
    buf_init(&c->secret, SECRET_BYTES_MAX);
    buf_init(&c->binding, BINDING_BYTES_MAX);
    c->refusals = refusals;
    if (!settings->user) {
        return true;
    }
    if (!observer->secret(observer->context, &settings->secret, &c->secret,
                          err)) {
        return false;
    }
    c->login = (struct login){
        .user = span_of(settings->user),
        .secret = buf_span(&c->secret),
        .mechanisms = settings->mechanisms,
        .host = span_of(relay->host),
        .port = span_of(relay->port),
    };
    return true;
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
    buf_wipe(&c->secret);
    buf_wipe(&c->binding);
    c->login.secret = SPAN("");
}

bool credential_renewable(const struct credential *c,
                          const struct settings *settings, unsigned *refusals)
{
    bool asked_anew = settings->secret.kind == SECRET_FILE ||
                      settings->secret.kind == SECRET_NETRC ||
                      settings->secret.kind == SECRET_COMMAND;
    if (!asked_anew || c->refusals > 0) {
        return false;
    }
    *refusals = 1; /* also where several sessions had the same old one */
    return true;
}
