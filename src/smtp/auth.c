#include "smtp/auth.h"

#include <gsasl.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "smtp/capabilities.h"

/* Strongest first: what proves the server too, then what hides the secret
 * from it, then what hands it over. */
static const struct mechanism {
    unsigned bit;
    const char *name;   /* as SASL knows it */
    const char *option; /* as --auth does */
    bool speaks_first;  /* has an initial response (RFC 4422 5.c) */
} mechanisms[] = {
    {CAPABILITIES_AUTH_SCRAM_SHA_256, "SCRAM-SHA-256", "scram-sha-256", true},
    {CAPABILITIES_AUTH_SCRAM_SHA_1, "SCRAM-SHA-1", "scram-sha-1", true},
    {CAPABILITIES_AUTH_CRAM_MD5, "CRAM-MD5", "cram-md5", false},
    {CAPABILITIES_AUTH_PLAIN, "PLAIN", "plain", true},
    {CAPABILITIES_AUTH_LOGIN, "LOGIN", "login", false},
};

enum { MECHANISMS = sizeof mechanisms / sizeof *mechanisms };

struct auth {
    const struct mechanism *mechanism;
    Gsasl *library;
    Gsasl_session *session;
    bool complete;
};

unsigned auth_bit(struct span name)
{
    for (size_t i = 0; i < MECHANISMS; i++) {
        if (span_equal_nocase(name, span_of(mechanisms[i].option))) {
            return mechanisms[i].bit;
        }
    }
    return 0;
}

static const struct mechanism *strongest(unsigned bits)
{
    for (size_t i = 0; i < MECHANISMS; i++) {
        if (mechanisms[i].bit & bits) {
            return &mechanisms[i];
        }
    }
    return NULL;
}

static bool start(struct auth *a, const struct login *login)
{
    return gsasl_init(&a->library) == GSASL_OK &&
           gsasl_client_start(a->library, a->mechanism->name, &a->session) ==
               GSASL_OK &&
           gsasl_property_set_raw(a->session, GSASL_AUTHID, login->user.data,
                                  login->user.len) == GSASL_OK &&
           gsasl_property_set_raw(a->session, GSASL_PASSWORD,
                                  login->secret.data,
                                  login->secret.len) == GSASL_OK;
}

struct auth *auth_create(const struct login *login, unsigned offered)
{
    const struct mechanism *m = strongest(login->mechanisms & offered);
    if (!m) {
        return NULL;
    }
    struct auth *a = mem_alloc_zero(1, sizeof *a);
    a->mechanism = m;
    if (!start(a, login)) {
        auth_destroy(a);
        return NULL;
    }
    return a;
}

void auth_destroy(struct auth *a)
{
    if (!a) {
        return;
    }
    if (a->session) {
        gsasl_finish(a->session);
    }
    if (a->library) {
        gsasl_done(a->library);
    }
    free(a);
}

/* One turn of the mechanism: base64 in, base64 out. */
static bool take_step(struct auth *a, const char *challenge, char **answer_out)
{
    *answer_out = NULL;
    int result = gsasl_step64(a->session, challenge, answer_out);
    a->complete = result == GSASL_OK;
    return result == GSASL_OK || result == GSASL_NEEDS_MORE;
}

static void drop_answer(char *answer)
{
    if (answer) {
        mem_wipe(answer, strlen(answer));
        gsasl_free(answer);
    }
}

bool auth_begin(struct auth *a, struct buf *out)
{
    char *response = NULL;
    if (a->mechanism->speaks_first && !take_step(a, NULL, &response)) {
        drop_answer(response);
        return false;
    }
    buf_append(out, SPAN("AUTH "));
    buf_append(out, span_of(a->mechanism->name));
    if (response) {
        buf_append_byte(out, ' ');
        /* RFC 4954 4: an empty response is said as "=". */
        buf_append(out, response[0] ? span_of(response) : SPAN("="));
    }
    buf_append(out, SPAN("\r\n"));
    drop_answer(response);
    return true;
}

bool auth_answer(struct auth *a, struct span challenge, struct buf *out)
{
    if (a->complete) {
        return false; /* it has said all it can: a server that asks on */
    }
    char *text = mem_copy_text(challenge.data, challenge.len);
    char *response = NULL;
    bool understood = take_step(a, text, &response);
    if (understood) {
        buf_append(out, span_of(response));
        buf_append(out, SPAN("\r\n"));
    }
    drop_answer(response);
    free(text);
    return understood;
}

bool auth_complete(const struct auth *a)
{
    return a->complete;
}

const char *auth_mechanism(const struct auth *a)
{
    return a->mechanism->name;
}
