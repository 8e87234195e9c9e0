/* What is there to be told of a session? */
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <stdio.h>

#include "net/tls.h"
#include "net/tls_parts.h"

static const char *or_none(const char *text)
{
    return text ? text : "";
}

static const char *version_of(const struct tls *t)
{
    return or_none(
        gnutls_protocol_get_name(gnutls_protocol_get_version(t->session)));
}

static const char *cipher_of(const struct tls *t)
{
    return or_none(gnutls_cipher_get_name(gnutls_cipher_get(t->session)));
}

void tls_describe(struct tls *t)
{
    snprintf(t->description, sizeof t->description, "%s %s", version_of(t),
             cipher_of(t));
}

struct span tls_description(const struct tls *t)
{
    return span_of(t ? t->description : NULL);
}

static const char *way_of_trust(const struct tls_client *c)
{
    if (c->fingerprint.size > 0) {
        return "fingerprint";
    }
    if (c->verify) {
        return c->ca_file ? "ca-file" : "system";
    }
    return c->pin_count > 0 ? "pin" : "unverified";
}

static void add_certificate(const struct tls *t, struct tls_facts *out)
{
    unsigned count = 0;
    const gnutls_datum_t *shown =
        gnutls_certificate_get_peers(t->session, &count);
    gnutls_x509_crt_t leaf;
    if (!shown || count == 0 || gnutls_x509_crt_init(&leaf) < 0) {
        return;
    }
    out->shown =
        gnutls_x509_crt_import(leaf, shown, GNUTLS_X509_FMT_DER) == 0 &&
        tls_trust_pin(leaf, &out->key) &&
        gnutls_hash_fast(GNUTLS_DIG_SHA256, shown->data, shown->size,
                         out->certificate_sha256) == 0;
    out->until_s = out->shown ? gnutls_x509_crt_get_expiration_time(leaf) : 0;
    gnutls_x509_crt_deinit(leaf);
}

void tls_facts(const struct tls *t, struct tls_facts *out)
{
    gnutls_session_t s = t->session;
    const char *group = gnutls_group_get_name(gnutls_group_get(s));
    *out = (struct tls_facts){
        .version = version_of(t),
        .cipher = cipher_of(t),
        .group = or_none(group ? group : gnutls_kx_get_name(gnutls_kx_get(s))),
        .name = or_none(t->name),
        .trust = t->client ? way_of_trust(t->client) : "",
        .asked = t->client && tls_client_asks(t->client),
        .pinned = t->client && t->client->pin_count > 0,
        .resumed = gnutls_session_is_resumed(s) != 0,
    };
    add_certificate(t, out);
}
