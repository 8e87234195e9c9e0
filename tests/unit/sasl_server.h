/* For the tests of logins: a relay that is GNU SASL's server, and what it
 * believes. */
#pragma once

#include <gsasl.h>
#include <stdlib.h>
#include <string.h>

#include "smtp/auth.h"
#include "smtp/capabilities.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* What the server believes. */
struct belief {
    const char *secret;
    const char *iterations;
    const char *binding; /* in base64, or NULL */
    bool unique;
};

static int believe(Gsasl *library, Gsasl_session *session, Gsasl_property what)
{
    const struct belief *b = gsasl_callback_hook_get(library);
    const struct {
        Gsasl_property what;
        const char *value;
    } known[] = {
        {GSASL_PASSWORD, b->secret},
        {GSASL_SCRAM_ITER, b->iterations},
        {b->unique ? GSASL_CB_TLS_UNIQUE : GSASL_CB_TLS_EXPORTER, b->binding},
    };
    for (size_t i = 0; i < COUNT(known); i++) {
        if (what == known[i].what && known[i].value) {
            gsasl_property_set(session, what, known[i].value);
            return GSASL_OK;
        }
    }
    if (what != GSASL_VALIDATE_SIMPLE) {
        return GSASL_NO_CALLBACK;
    }
    return strcmp(gsasl_property_fast(session, GSASL_PASSWORD), b->secret) == 0
               ? GSASL_OK
               : GSASL_AUTHENTICATION_ERROR;
}

struct server {
    struct belief belief;
    Gsasl *library;
    Gsasl_session *session;
    int result;
    char *says; /* base64; NULL: nothing yet */
};

static inline void open_server(struct server *s, const char *mechanism)
{
    assert_int_equal(gsasl_init(&s->library), GSASL_OK);
    gsasl_callback_set(s->library, believe);
    gsasl_callback_hook_set(s->library, &s->belief);
    assert_int_equal(gsasl_server_start(s->library, mechanism, &s->session),
                     GSASL_OK);
    s->result = GSASL_NEEDS_MORE;
}

static inline void hear(struct server *s, struct span line)
{
    char text[4096];
    assert_true(line.len < sizeof text);
    memcpy(text, line.data, line.len);
    text[line.len] = '\0';
    gsasl_free(s->says);
    s->says = NULL;
    s->result = gsasl_step64(s->session, text, &s->says);
}

static inline void close_server(struct server *s)
{
    gsasl_free(s->says);
    gsasl_finish(s->session);
    gsasl_done(s->library);
}

static inline struct span line_of(const struct buf *b)
{
    assert_true(span_ends(buf_span(b), SPAN("\r\n")));
    return span_slice(buf_span(b), 0, b->len - 2);
}

static const char binding[] = "QmluZGluZ0JpbmRpbmdCaW5kaW5nQmluZGluZzEyMzQ=";

static inline struct login login_of(const char *secret)
{
    return (struct login){
        .user = SPAN("ann"),
        .secret = span_of(secret),
        .mechanisms = ~0u,
        .binding = {AUTH_TLS_EXPORTER,
                    SPAN("BindingBindingBindingBinding1234")},
    };
}

static const char *const by_library[] = {
    "SCRAM-SHA-256-PLUS",
    "SCRAM-SHA-1-PLUS",
    "SCRAM-SHA-256",
    "SCRAM-SHA-1",
    "CRAM-MD5",
    "PLAIN",
    "LOGIN",
};

static inline unsigned offer(const char *words)
{
    struct buf text;
    struct capabilities c;
    buf_init(&text, 4096);
    buf_append_format(&text, "relay\nAUTH %s\n", words);
    capabilities_read(buf_span(&text), &c);
    buf_release(&text);
    return c.mechanisms;
}

static inline struct auth *begin(struct login *login, const char *offered,
                                 struct buf *line)
{
    struct auth *a = auth_create(login, offer(offered));
    assert_non_null(a);
    buf_init(line, 1 << 16);
    assert_true(auth_begin(a, line));
    return a;
}

/* To the end; what the client makes of it. */
static inline enum auth_turn converse(struct auth *a, struct server *s)
{
    struct buf line;
    enum auth_turn turn = AUTH_SPOKEN;
    buf_init(&line, 1 << 16);
    assert_true(auth_begin(a, &line));
    open_server(s, auth_mechanism(a));
    struct span said = line_of(&line);
    size_t prefix = 5 + strlen(auth_mechanism(a));
    hear(s, said.len > prefix ? span_rest(said, prefix + 1) : SPAN(""));
    for (int i = 0; i < 6 && turn == AUTH_SPOKEN; i++) {
        bool speaks = s->result == GSASL_NEEDS_MORE ||
                      (s->result == GSASL_OK && s->says && *s->says);
        if (!speaks) {
            break;
        }
        bool last = s->result == GSASL_OK;
        buf_clear(&line);
        turn = auth_answer(a, span_of(s->says), &line);
        if (turn == AUTH_SPOKEN && !last) {
            hear(s, line_of(&line));
        } else if (last) {
            break;
        }
    }
    buf_release(&line);
    return turn;
}
