#include "smtp/auth.h"

#include <gsasl.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "smtp/bearer.h"
#include "smtp/capabilities.h"

enum {
    COMMAND_BYTES_MAX = 512, /* RFC 5321 4.5.3.1.4, with its CRLF */
    SAID_BYTES_MAX = 1 << 17,
    COMPLAINT_BYTES_MAX = 1024,
    /* A relay could have us count for hours. 2 s or so. */
    ITERATIONS_MAX = 1000000,
    TURNS_MAX = 4, /* SCRAM takes three; GNU SASL may answer nothing for ever */
    ECHO_BYTES_MIN = 6, /* of what we said: shorter is chance */
};

/* Strongest first: what is bound to this TLS session, then what proves the
 * relay too, then what hides the secret from it, then what hands it over.
 * Tokens come last: a password is one more often. */
static const struct mechanism {
    enum capabilities_auth bit;
    const char *option; /* as --auth does */
    bool speaks_first;  /* has an initial response (RFC 4422 5.c) */
    bool prepared;      /* user and secret go through SASLprep */
    bool binds;         /* to the TLS session */
    bool proves;        /* the relay, by its last challenge */
    /* Where GNU SASL has no such mechanism. */
    void (*append_token)(const struct login *login, struct buf *out);
    const char *after_complaint;
} mechanisms[] = {
    {CAPABILITIES_AUTH_SCRAM_SHA_256_PLUS, "scram-sha-256", true, true, true,
     true, NULL, NULL},
    {CAPABILITIES_AUTH_SCRAM_SHA_1_PLUS, "scram-sha-1", true, true, true, true,
     NULL, NULL},
    {CAPABILITIES_AUTH_SCRAM_SHA_256, "scram-sha-256", true, true, false, true,
     NULL, NULL},
    {CAPABILITIES_AUTH_SCRAM_SHA_1, "scram-sha-1", true, true, false, true,
     NULL, NULL},
    {CAPABILITIES_AUTH_CRAM_MD5, "cram-md5", false, true, false, false, NULL,
     NULL},
    {CAPABILITIES_AUTH_PLAIN, "plain", true, false, false, false, NULL, NULL},
    {CAPABILITIES_AUTH_LOGIN, "login", false, false, false, false, NULL, NULL},
    {CAPABILITIES_AUTH_OAUTHBEARER, "oauthbearer", true, false, false, false,
     bearer_append_oauthbearer, "AQ=="}, /* RFC 7628 3.2.3 */
    {CAPABILITIES_AUTH_XOAUTH2, "xoauth2", true, false, false, false,
     bearer_append_xoauth2, ""},
};

enum { MECHANISMS = sizeof mechanisms / sizeof *mechanisms };

struct auth {
    const struct mechanism *mechanism;
    const struct login *login;
    Gsasl *library; /* of a mechanism that is GNU SASL's */
    Gsasl_session *session;
    struct buf held;      /* an initial response too long for the command */
    struct buf said;      /* each response, in base64, with a NUL behind */
    struct buf complaint; /* about a token */
    unsigned turns;       /* taken by the mechanism */
    bool complete;
};

unsigned auth_bits(struct span name)
{
    unsigned bits = 0;
    for (size_t i = 0; i < MECHANISMS; i++) {
        if (span_equal_nocase(name, span_of(mechanisms[i].option))) {
            bits |= mechanisms[i].bit;
        }
    }
    return bits;
}

/* --- which one --- */

static void drop(char *text, size_t len)
{
    if (text) {
        mem_wipe(text, len);
        gsasl_free(text);
    }
}

/* SASLprep has a form for it, and that is not empty. */
static bool can_be_prepared(struct span text)
{
    char *copy = mem_copy_text(text.data, text.len);
    char *prepared = NULL;
    bool can = gsasl_saslprep(copy, (Gsasl_saslprep_flags)0, &prepared, NULL) ==
                   GSASL_OK &&
               prepared[0] != '\0';
    drop(prepared, prepared ? strlen(prepared) : 0);
    mem_wipe(copy, text.len);
    free(copy);
    return can;
}

/* GNU SASL takes texts that end with a NUL. */
static bool has_nul(struct span text)
{
    return span_find(text, '\0') < text.len;
}

static bool possible(const struct mechanism *m, const struct login *login)
{
    if (login->user.len == 0 || has_nul(login->user) ||
        has_nul(login->secret)) {
        return false;
    }
    if (m->append_token) {
        return bearer_fits(login);
    }
    return (!m->binds || login->binding.data.len > 0) &&
           (!m->prepared ||
            (can_be_prepared(login->user) && can_be_prepared(login->secret)));
}

static const struct mechanism *strongest(const struct login *login,
                                         unsigned offered)
{
    for (size_t i = 0; i < MECHANISMS; i++) {
        if ((mechanisms[i].bit & login->mechanisms & offered) &&
            possible(&mechanisms[i], login)) {
            return &mechanisms[i];
        }
    }
    return NULL;
}

/* --- life --- */

static bool set(struct auth *a, Gsasl_property property, struct span value)
{
    return gsasl_property_set_raw(a->session, property, value.data,
                                  value.len) == GSASL_OK;
}

/* Only for the -PLUS forms: with a binding that it is not to use, GNU SASL
 * 2.2.0 refuses to begin. */
static bool bind(struct auth *a)
{
    static const Gsasl_property properties[] = {
        [AUTH_TLS_EXPORTER] = GSASL_CB_TLS_EXPORTER,
        [AUTH_TLS_UNIQUE] = GSASL_CB_TLS_UNIQUE,
    };
    const struct auth_binding *b = &a->login->binding;
    char *text = NULL;
    size_t len = 0;
    bool bound =
        gsasl_base64_to(b->data.data, b->data.len, &text, &len) == GSASL_OK &&
        set(a, properties[b->kind], span_from(text, len));
    drop(text, len);
    return bound;
}

static bool start(struct auth *a)
{
    return a->mechanism->append_token ||
           (gsasl_init(&a->library) == GSASL_OK &&
            gsasl_client_start(a->library,
                               capabilities_mechanism(a->mechanism->bit),
                               &a->session) == GSASL_OK &&
            set(a, GSASL_AUTHID, a->login->user) &&
            set(a, GSASL_PASSWORD, a->login->secret) &&
            (!a->mechanism->binds || bind(a)));
}

struct auth *auth_create(const struct login *login, unsigned offered)
{
    const struct mechanism *m = strongest(login, offered);
    if (!m) {
        return NULL;
    }
    struct auth *a = mem_alloc_zero(1, sizeof *a);
    a->mechanism = m;
    a->login = login;
    buf_init(&a->held, SAID_BYTES_MAX);
    buf_init(&a->said, SAID_BYTES_MAX);
    buf_init(&a->complaint, COMPLAINT_BYTES_MAX);
    if (!start(a)) {
        auth_destroy(a);
        return NULL;
    }
    return a;
}

/* GNU SASL frees its copy as it is. */
static void wipe_copy(struct auth *a)
{
    char *copy =
        (char *)(uintptr_t)gsasl_property_fast(a->session, GSASL_PASSWORD);
    if (copy) {
        mem_wipe(copy, strlen(copy));
    }
}

void auth_destroy(struct auth *a)
{
    if (!a) {
        return;
    }
    if (a->session) {
        wipe_copy(a);
        gsasl_finish(a->session);
    }
    if (a->library) {
        gsasl_done(a->library);
    }
    buf_wipe(&a->held);
    buf_wipe(&a->said);
    buf_release(&a->complaint);
    free(a);
}

/* --- turns --- */

/* The response stands at the end of `said`, and is what is given back. */
static struct span keep_said(struct auth *a, struct span response)
{
    char *text = NULL;
    size_t len = 0;
    if (gsasl_base64_to(response.data, response.len, &text, &len) != GSASL_OK) {
        mem_exhausted();
    }
    size_t before = a->said.len;
    buf_append(&a->said, span_from(text, len));
    buf_append_byte(&a->said, '\0');
    drop(text, len);
    return a->said.overflowed
               ? SPAN("")
               : span_slice(buf_span(&a->said), before, a->said.len - 1);
}

/* One turn of the mechanism, in plain; *response_out is in base64. */
static bool take_turn(struct auth *a, struct span challenge,
                      struct span *response_out)
{
    char *response = NULL;
    size_t len = 0;
    int result =
        gsasl_step(a->session, challenge.data, challenge.len, &response, &len);
    bool understood = result == GSASL_OK || result == GSASL_NEEDS_MORE;
    a->complete = result == GSASL_OK;
    a->turns++;
    if (understood) {
        *response_out = keep_said(a, span_from(response, len));
    }
    drop(response, len);
    return understood && !a->said.overflowed;
}

static bool speak_first(struct auth *a, struct span *response_out)
{
    if (!a->mechanism->append_token) {
        return take_turn(a, SPAN(""), response_out);
    }
    struct buf response;
    buf_init(&response, SAID_BYTES_MAX);
    a->mechanism->append_token(a->login, &response);
    *response_out = keep_said(a, buf_span(&response));
    a->complete = !response.overflowed && !a->said.overflowed;
    buf_wipe(&response);
    return a->complete;
}

bool auth_begin(struct auth *a, struct buf *out)
{
    struct span response = SPAN("");
    bool speaks = a->mechanism->speaks_first;
    if (speaks && !speak_first(a, &response)) {
        return false;
    }
    size_t before = out->len;
    buf_append(out, SPAN("AUTH "));
    buf_append(out, span_of(capabilities_mechanism(a->mechanism->bit)));
    size_t line_bytes = out->len - before + 1 + response.len + 2;
    if (speaks && line_bytes > COMMAND_BYTES_MAX) {
        /* RFC 4954 4: it is said when the relay asks for it. */
        buf_append(&a->held, response);
    } else if (speaks) {
        buf_append_byte(out, ' ');
        /* RFC 4954 4: an empty response is said as "=". */
        buf_append(out, response.len > 0 ? response : SPAN("="));
    }
    buf_append(out, SPAN("\r\n"));
    return true;
}

/* The i= of a server-first-message (RFC 5802 7). */
static bool counts_too_long(struct span challenge)
{
    while (challenge.len > 0) {
        size_t end = span_find(challenge, ',');
        struct span part = span_slice(challenge, 0, end);
        uint64_t iterations;
        if (span_starts(part, SPAN("i=")) &&
            !ascii_parse_number(span_rest(part, 2), ITERATIONS_MAX,
                                &iterations)) {
            return true;
        }
        challenge = span_rest(challenge, end < challenge.len ? end + 1 : end);
    }
    return false;
}

static enum auth_turn take_challenge(struct auth *a, struct span challenge,
                                     struct span *response_out)
{
    bool proof = a->mechanism->proves && a->turns == 2;
    if (a->complete || a->turns == TURNS_MAX ||
        (a->mechanism->proves && !proof && counts_too_long(challenge))) {
        return AUTH_GARBLED; /* it has said all it can: a relay that asks on */
    }
    return take_turn(a, challenge, response_out) ? AUTH_SPOKEN
           : proof                               ? AUTH_UNPROVEN
                                                 : AUTH_GARBLED;
}

/* A token is told why it is refused, once. */
static enum auth_turn take_complaint(struct auth *a, struct span challenge,
                                     struct span *response_out)
{
    if (!a->complete) {
        return AUTH_GARBLED;
    }
    a->complete = false;
    buf_append(&a->complaint, challenge);
    *response_out = span_of(a->mechanism->after_complaint);
    return AUTH_SPOKEN;
}

static enum auth_turn turn(struct auth *a, struct span challenge,
                           struct span *response_out)
{
    if (a->held.len > 0) {
        *response_out = buf_span(&a->held);
        return AUTH_SPOKEN;
    }
    return a->mechanism->append_token
               ? take_complaint(a, challenge, response_out)
               : take_challenge(a, challenge, response_out);
}

enum auth_turn auth_answer(struct auth *a, struct span challenge,
                           struct buf *out)
{
    char *plain = NULL;
    size_t len = 0;
    struct span response = SPAN("");
    if (gsasl_base64_from(challenge.data, challenge.len, &plain, &len) !=
        GSASL_OK) {
        return AUTH_GARBLED;
    }
    enum auth_turn result = turn(a, span_from(plain, len), &response);
    drop(plain, len);
    if (result == AUTH_SPOKEN) {
        buf_append(out, response);
        buf_append(out, SPAN("\r\n"));
        if (a->held.len > 0) {
            mem_wipe(a->held.data, a->held.len);
            buf_clear(&a->held);
        }
    }
    return result;
}

enum auth_turn auth_accepted(const struct auth *a)
{
    if (a->complete && a->held.len == 0) {
        return AUTH_SPOKEN;
    }
    return a->mechanism->proves ? AUTH_UNPROVEN : AUTH_GARBLED;
}

const char *auth_mechanism(const struct auth *a)
{
    return capabilities_mechanism(a->mechanism->bit);
}

bool auth_by_token(const struct auth *a)
{
    return a->mechanism->append_token != NULL;
}

/* --- what a reply repeats --- */

static size_t common(struct span a, struct span b)
{
    size_t len = 0;
    while (len < a.len && len < b.len && a.data[len] == b.data[len]) {
        len++;
    }
    return len;
}

/* How much of the front of the text is the secret, or stands somewhere in
 * what we said. */
static size_t repeated(const struct auth *a, struct span text)
{
    struct span secret = a->login->secret;
    struct span said = buf_span(&a->said);
    size_t most = secret.len > 0 && span_starts(text, secret) ? secret.len : 0;
    for (size_t i = 0; i < said.len; i++) {
        size_t len =
            said.data[i] == text.data[0] ? common(text, span_rest(said, i)) : 0;
        most = len >= ECHO_BYTES_MIN && len > most ? len : most;
    }
    return most;
}

static void append_masked(const struct auth *a, struct span text,
                          struct buf *out)
{
    while (text.len > 0) {
        size_t len = repeated(a, text);
        buf_append(out, len > 0 ? SPAN("***") : span_slice(text, 0, 1));
        text = span_rest(text, len > 0 ? len : 1);
    }
}

void auth_append_reply(const struct auth *a, struct span text, struct buf *out)
{
    append_masked(a, text, out);
    if (a->complaint.len > 0) {
        buf_append(out, SPAN(" ("));
        append_masked(a, buf_span(&a->complaint), out);
        buf_append(out, SPAN(")"));
    }
}
