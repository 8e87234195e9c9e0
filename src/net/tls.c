#include "net/tls.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/tls_parts.h"

/* The memory BIO: what GnuTLS would have sent and received. */

static ssize_t push(gnutls_transport_ptr_t pointer, const void *data,
                    size_t bytes)
{
    struct tls *t = pointer;
    char *to = buf_reserve(t->out, bytes);
    if (!to) {
        /* A peer that makes us answer and never reads the answers. */
        gnutls_transport_set_errno(t->session, ENOBUFS);
        return -1;
    }
    memcpy(to, data, bytes);
    buf_commit(t->out, bytes);
    return (ssize_t)bytes;
}

static ssize_t pull(gnutls_transport_ptr_t pointer, void *data, size_t bytes)
{
    struct tls *t = pointer;
    if (t->in.len == 0) {
        t->dry = true;
        gnutls_transport_set_errno(t->session, EAGAIN);
        return -1;
    }
    size_t taken = bytes < t->in.len ? bytes : t->in.len;
    memcpy(data, t->in.data, taken);
    t->in = span_rest(t->in, taken);
    return (ssize_t)taken;
}

/* GnuTLS asks this before it would wait; we never do. */
static int pull_timeout(gnutls_transport_ptr_t pointer, unsigned milliseconds)
{
    (void)pointer;
    (void)milliseconds;
    return 1;
}

/* Sessions. */

static void join(struct tls *t, gnutls_certificate_credentials_t credentials,
                 gnutls_priority_t priority)
{
    gnutls_session_set_ptr(t->session, t);
    gnutls_priority_set(t->session, priority);
    gnutls_credentials_set(t->session, GNUTLS_CRD_CERTIFICATE, credentials);
    gnutls_transport_set_ptr(t->session, t);
    gnutls_transport_set_push_function(t->session, push);
    gnutls_transport_set_pull_function(t->session, pull);
    gnutls_transport_set_pull_timeout_function(t->session, pull_timeout);
    /* The wire keeps the time. */
    gnutls_handshake_set_timeout(t->session, GNUTLS_INDEFINITE_TIMEOUT);
}

static struct tls *begin(unsigned role, struct buf *out, struct err *err)
{
    struct tls *t = mem_alloc_zero(1, sizeof *t);
    t->out = out;
    int result =
        gnutls_init(&t->session, role | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL);
    if (result != GNUTLS_E_SUCCESS) {
        err_set(err, EX_SOFTWARE, "TLS cannot be started: %s",
                gnutls_strerror(result));
        free(t);
        return NULL;
    }
    return t;
}

/* "relay.example." is the same host; certificates never have the dot. */
static char *copy_name(const char *name)
{
    size_t len = strlen(name);
    if (len > 0 && name[len - 1] == '.') {
        len--;
    }
    return mem_copy_text(name, len);
}

struct tls *tls_start_client(struct tls_client *c, const struct tls_host *host,
                             struct buf *out, struct err *err)
{
    /* What we have is shown whatever issuers the relay would like best. */
    unsigned showing = c->own ? GNUTLS_FORCE_CLIENT_CERT : 0;
    struct tls *t = begin(GNUTLS_CLIENT | showing, out, err);
    if (!t) {
        return NULL;
    }
    t->client = c;
    t->name = copy_name(host->name);
    t->where = mem_copy_text(host->where, strlen(host->where));
    unsigned char address[16];
    unsigned size;
    /* RFC 6066 3: no server name for an address. */
    if (!tls_trust_address(t->name, address, &size)) {
        gnutls_server_name_set(t->session, GNUTLS_NAME_DNS, t->name,
                               strlen(t->name));
    }
    join(t, c->credentials, c->priority);
    tls_ticket_offer(t);
    return t;
}

struct tls *tls_start_server(struct tls_server *s, struct buf *out,
                             struct err *err)
{
    struct tls *t = begin(GNUTLS_SERVER, out, err);
    if (!t) {
        return NULL;
    }
    join(t, s->credentials, s->priority);
    gnutls_certificate_server_set_request(
        t->session, s->asks ? GNUTLS_CERT_REQUIRE : GNUTLS_CERT_IGNORE);
    if (s->asks) {
        gnutls_session_set_verify_cert(t->session, NULL, 0);
    }
    if (s->ticket_key.data) {
        gnutls_session_ticket_enable_server(t->session, &s->ticket_key);
    }
    return t;
}

void tls_destroy(struct tls *t)
{
    if (t) {
        gnutls_deinit(t->session);
        free(t->name);
        free(t->where);
        free(t);
    }
}

void tls_feed(struct tls *t, struct span ciphertext)
{
    assert(t->in.len == 0);
    t->in = ciphertext;
    t->dry = false;
}

/* Failures. */

struct failure {
    int code;
    const char *text;
};

static const char no_tls[] =
    "what came is no TLS (smtps:// is for a port where it comes first)";

static const struct failure failures[] = {
    {GNUTLS_E_UNSUPPORTED_VERSION_PACKET,
     "the other side speaks none of the versions asked for"},
    {GNUTLS_E_UNEXPECTED_PACKET_LENGTH, no_tls},
    {GNUTLS_E_UNEXPECTED_PACKET, no_tls},
    {GNUTLS_E_NO_CIPHER_SUITES, "no cipher that both sides know"},
    {GNUTLS_E_NO_CERTIFICATE_FOUND, "no certificate was shown"},
    {GNUTLS_E_PUSH_ERROR, "the other side does not read"},
};

/* Servers that know none of the versions offered say so, or just that the
 * handshake failed. */
static void explain_alert(const struct tls *t, struct err *err)
{
    gnutls_alert_description_t alert = gnutls_alert_get(t->session);
    const char *text = gnutls_alert_get_name(alert);
    bool newest = t->client && t->client->version_min == TLS_1_3;
    bool old = alert == GNUTLS_A_PROTOCOL_VERSION;
    const char *hint = "";
    if (newest && (old || alert == GNUTLS_A_HANDSHAKE_FAILURE)) {
        hint = " (--tls-min 1.3 may ask too much of it)";
    } else if (old) {
        hint = " (it speaks neither TLS 1.2 nor 1.3)";
    }
    err_set(err, EX_PROTOCOL, "TLS: the other side refused: %s%s",
            text ? text : "unknown alert", hint);
}

static enum tls_result fail(const struct tls *t, int code, struct err *err)
{
    if (t->refusal.status) {
        *err = t->refusal;
        return TLS_FAILED;
    }
    if (code == GNUTLS_E_FATAL_ALERT_RECEIVED) {
        explain_alert(t, err);
        return TLS_FAILED;
    }
    const char *text = gnutls_strerror(code);
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
        if (failures[i].code == code) {
            text = failures[i].text;
        }
    }
    err_set(err, EX_PROTOCOL, "TLS: %s", text);
    return TLS_FAILED;
}

/* GnuTLS says E_AGAIN also where it has merely swallowed a session ticket and
 * more records wait in what was fed; and it stops for warnings that stop
 * nobody. */
static bool to_be_repeated(const struct tls *t, int code)
{
    if (code == GNUTLS_E_REHANDSHAKE) {
        /* RFC 5246 7.2.2: no renegotiation, thank you. */
        gnutls_alert_send(t->session, GNUTLS_AL_WARNING,
                          GNUTLS_A_NO_RENEGOTIATION);
        return true;
    }
    if (code == GNUTLS_E_AGAIN || code == GNUTLS_E_INTERRUPTED) {
        return !t->dry;
    }
    return code == GNUTLS_E_WARNING_ALERT_RECEIVED;
}

/* The server's certificate came with the session that is resumed; GnuTLS does
 * not ask about it again. */
static int look_again(struct tls *t)
{
    bool asked = t->client && gnutls_session_is_resumed(t->session);
    return asked && tls_client_asks(t->client) ? tls_trust_verify(t->session)
                                               : GNUTLS_E_SUCCESS;
}

enum tls_result tls_handshake(struct tls *t, struct err *err)
{
    int code;
    do {
        code = gnutls_handshake(t->session);
    } while (code < 0 && to_be_repeated(t, code));
    if (code == GNUTLS_E_SUCCESS) {
        code = look_again(t);
    }
    if (code == GNUTLS_E_SUCCESS) {
        tls_describe(t);
        return TLS_DONE;
    }
    if (code == GNUTLS_E_AGAIN || code == GNUTLS_E_INTERRUPTED) {
        return TLS_AGAIN;
    }
    if (code != GNUTLS_E_FATAL_ALERT_RECEIVED) {
        gnutls_alert_send_appropriate(t->session, code);
    }
    enum tls_result result = fail(t, code, err);
    if (t->offered && !t->refusal.status) {
        /* A server that stumbles over the old session may like a new one. */
        tls_ticket_forget(t);
        err->status = EX_UNAVAILABLE;
    }
    return result;
}

/* Under TLS 1.3 the other side judges our part of the handshake (that there is
 * no certificate of ours) when for us it is done: its first word. */
static enum tls_result fail_reading(const struct tls *t, int code,
                                    struct err *err)
{
    bool judged = code == GNUTLS_E_FATAL_ALERT_RECEIVED && !t->heard;
    fail(t, code, err);
    err->status = judged ? EX_PROTOCOL : EX_UNAVAILABLE;
    return TLS_FAILED;
}

enum tls_result tls_read(struct tls *t, struct buf *plain, struct err *err)
{
    for (;;) {
        char *to = buf_reserve(plain, TLS_RECORD_BYTES);
        if (!to) {
            err_set(err, EX_UNAVAILABLE, "TLS: more came than was sent");
            return TLS_FAILED;
        }
        ssize_t got = gnutls_record_recv(t->session, to, TLS_RECORD_BYTES);
        tls_ticket_keep(t);
        if (got > 0) {
            buf_commit(plain, (size_t)got);
            t->heard = true;
        } else if (got == 0) {
            return TLS_CLOSED;
        } else if (!to_be_repeated(t, (int)got)) {
            return got == GNUTLS_E_AGAIN || got == GNUTLS_E_INTERRUPTED
                       ? TLS_AGAIN
                       : fail_reading(t, (int)got, err);
        }
    }
}

bool tls_write(struct tls *t, struct span plain, size_t *taken_out,
               struct err *err)
{
    size_t bytes = plain.len < TLS_RECORD_BYTES ? plain.len : TLS_RECORD_BYTES;
    ssize_t sent = gnutls_record_send(t->session, plain.data, bytes);
    if (sent < 0) {
        fail(t, (int)sent, err);
        return false;
    }
    *taken_out = (size_t)sent;
    return true;
}

void tls_bye(struct tls *t)
{
    /* It cannot fail but by a push that did, and then nobody reads it. */
    (void)gnutls_bye(t->session, GNUTLS_SHUT_WR);
}

bool tls_bind(const struct tls *t, enum tls_binding kind, struct buf *out)
{
    static const gnutls_channel_binding_t kinds[] = {
        [TLS_BINDING_UNIQUE] = GNUTLS_CB_TLS_UNIQUE,
        [TLS_BINDING_EXPORTER] = GNUTLS_CB_TLS_EXPORTER,
    };
    gnutls_protocol_t version = gnutls_protocol_get_version(t->session);
    /* GnuTLS would hand out tls-unique without the extended secret, too. */
    bool safe = version == GNUTLS_TLS1_3 ||
                gnutls_session_ext_master_secret_status(t->session);
    gnutls_datum_t bytes;
    if (t->description[0] == '\0' || !safe ||
        gnutls_session_channel_binding(t->session, kinds[kind], &bytes) != 0) {
        return false;
    }
    buf_append(out, span_from((char *)bytes.data, bytes.size));
    gnutls_free(bytes.data);
    return true;
}
