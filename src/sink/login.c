#include "sink/login.h"

#include <gsasl.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { CHALLENGE_BYTES_MAX = 8192 };

/* Where GNU SASL has no such mechanism: true where the token is right. */
static bool right_xoauth2(const struct login_server *l, struct span said);
static bool right_oauthbearer(const struct login_server *l, struct span said);

struct login_mechanism {
    const char *name;
    bool speaks_first; /* the client does */
    bool binds;
    bool (*right)(const struct login_server *l, struct span said);
    struct span answer; /* to the complaint about a token */
};

/* A mechanism's bit is its place. */
static const struct login_mechanism mechanisms[] = {
    {"PLAIN", true, false, NULL, {"", 0}},
    {"LOGIN", false, false, NULL, {"", 0}},
    {"CRAM-MD5", false, false, NULL, {"", 0}},
    {"SCRAM-SHA-1", true, false, NULL, {"", 0}},
    {"SCRAM-SHA-1-PLUS", true, true, NULL, {"", 0}},
    {"SCRAM-SHA-256", true, false, NULL, {"", 0}},
    {"SCRAM-SHA-256-PLUS", true, true, NULL, {"", 0}},
    {"XOAUTH2", true, false, right_xoauth2, {"", 0}},
    {"OAUTHBEARER", true, false, right_oauthbearer, SPAN("\1")},
};

enum { MECHANISMS = sizeof mechanisms / sizeof *mechanisms };
_Static_assert(LOGIN_ALL_MECHANISMS == (1 << MECHANISMS) - 1, "a bit for each");

static const struct login_mechanism *find(struct span name)
{
    for (size_t i = 0; i < MECHANISMS; i++) {
        if (span_equal_nocase(name, span_of(mechanisms[i].name))) {
            return &mechanisms[i];
        }
    }
    return NULL;
}

unsigned login_bit(struct span name)
{
    const struct login_mechanism *m = find(name);
    return m ? 1u << (m - mechanisms) : 0;
}

static bool offered(const struct login_server *l,
                    const struct login_mechanism *m)
{
    return (l->mechanisms & 1u << (m - mechanisms)) != 0 &&
           (!m->binds || l->unique.len + l->exporter.len > 0);
}

void login_append_offers(const struct login_server *l, struct buf *out)
{
    bool first = true;
    for (size_t i = 0; i < MECHANISMS; i++) {
        if (offered(l, &mechanisms[i])) {
            buf_append(out, first ? SPAN("") : SPAN(" "));
            buf_append(out, span_of(mechanisms[i].name));
            first = false;
        }
    }
}

/* --- life --- */

void login_init(struct login_server *l)
{
    buf_init(&l->challenge, CHALLENGE_BYTES_MAX);
}

static void wipe_property(Gsasl_session *session, Gsasl_property what)
{
    const char *copy = gsasl_property_fast(session, what);
    if (copy) {
        mem_wipe((char *)(uintptr_t)copy, strlen(copy));
    }
}

static void end(struct login_server *l)
{
    if (l->session) {
        wipe_property(l->session, GSASL_PASSWORD);
        gsasl_finish(l->session);
    }
    if (l->library) {
        gsasl_done(l->library);
    }
    l->session = NULL;
    l->library = NULL;
    l->mechanism = NULL;
    l->judged = false;
    l->refused = false;
}

void login_release(struct login_server *l)
{
    end(l);
    buf_wipe(&l->challenge);
}

/* --- what the library asks --- */

static struct span property(Gsasl_session *session, Gsasl_property what)
{
    return span_of(gsasl_property_fast(session, what));
}

static int hand_over(Gsasl_session *session, Gsasl_property what,
                     struct span value)
{
    return gsasl_property_set_raw(session, what, value.data, value.len);
}

static int hand_over_binding(Gsasl_session *session, Gsasl_property what,
                             struct span binding)
{
    char *text = NULL;
    size_t len;
    if (binding.len == 0 ||
        gsasl_base64_to(binding.data, binding.len, &text, &len) != GSASL_OK) {
        return GSASL_NO_CALLBACK;
    }
    int result = hand_over(session, what, span_from(text, len));
    gsasl_free(text);
    return result;
}

static int judge(const struct login_server *l, Gsasl_session *session)
{
    struct span user = property(session, GSASL_AUTHID);
    struct span identity = property(session, GSASL_AUTHZID);
    bool right = span_equal(user, l->user) &&
                 span_equal(property(session, GSASL_PASSWORD), l->secret) &&
                 (identity.len == 0 || span_equal(identity, user));
    return right ? GSASL_OK : GSASL_AUTHENTICATION_ERROR;
}

static int answer_library(Gsasl *library, Gsasl_session *session,
                          Gsasl_property what)
{
    const struct login_server *l = gsasl_callback_hook_get(library);
    if (what == GSASL_VALIDATE_SIMPLE) {
        return judge(l, session);
    }
    if (what == GSASL_PASSWORD) {
        return span_equal(property(session, GSASL_AUTHID), l->user)
                   ? hand_over(session, what, l->secret)
                   : GSASL_NO_PASSWORD;
    }
    if (what == GSASL_CB_TLS_UNIQUE) {
        return hand_over_binding(session, what, l->unique);
    }
    if (what == GSASL_CB_TLS_EXPORTER) {
        return hand_over_binding(session, what, l->exporter);
    }
    return GSASL_NO_CALLBACK;
}

/* --- the mechanisms --- */

/* What stands between `before` and the next ^A; *said moves behind that. */
static bool take_part(struct span *said, struct span before,
                      struct span *part_out)
{
    size_t len = span_find(*said, '\1');
    if (!span_starts(*said, before) || len == said->len) {
        return false;
    }
    *part_out = span_slice(*said, before.len, len);
    *said = span_rest(*said, len + 1);
    return true;
}

static bool right_xoauth2(const struct login_server *l, struct span said)
{
    struct span user;
    struct span token;
    return take_part(&said, SPAN("user="), &user) &&
           take_part(&said, SPAN("auth=Bearer "), &token) &&
           span_equal(said, SPAN("\1")) && span_equal(user, l->user) &&
           span_equal(token, l->secret);
}

/* The name as it is: =2C and =3D are not taken back. */
static bool right_oauthbearer(const struct login_server *l, struct span said)
{
    struct span user;
    struct span pair;
    struct span token = SPAN("");
    if (!take_part(&said, SPAN("n,a="), &user) || !span_ends(user, SPAN(","))) {
        return false;
    }
    user.len--;
    while (take_part(&said, SPAN(""), &pair) && pair.len > 0) {
        if (span_starts(pair, SPAN("auth=Bearer "))) {
            token = span_rest(pair, 12);
        }
    }
    return said.len == 0 && span_equal(user, l->user) &&
           span_equal(token, l->secret);
}

static void put_challenge(struct login_server *l, struct span plain)
{
    char *text = NULL;
    size_t len = 0;
    buf_clear(&l->challenge);
    if (gsasl_base64_to(plain.data, plain.len, &text, &len) == GSASL_OK) {
        buf_append(&l->challenge, span_from(text, len));
    }
    gsasl_free(text);
}

/* RFC 7628 3.2.2; Google's is the same. */
static enum login_result take_token(struct login_server *l, struct span said)
{
    if (l->refused) {
        return span_equal(said, l->mechanism->answer) ? LOGIN_WRONG
                                                      : LOGIN_MALFORMED;
    }
    if (l->mechanism->right(l, said)) {
        return LOGIN_RIGHT;
    }
    l->refused = true;
    put_challenge(l, SPAN("{\"status\":\"invalid_token\",\"schemes\":"
                          "\"bearer\",\"scope\":\"mail\"}"));
    return LOGIN_ASK;
}

static enum login_result take_step(struct login_server *l, struct span said)
{
    char *answer = NULL;
    size_t len = 0;
    int result = gsasl_step(l->session, said.data, said.len, &answer, &len);
    put_challenge(l, span_from(answer, len));
    gsasl_free(answer);
    if (result == GSASL_OK && len == 0) {
        return LOGIN_RIGHT;
    }
    if (result == GSASL_OK || result == GSASL_NEEDS_MORE) {
        /* RFC 4954 4: what is said with a success is a challenge, too. */
        l->judged = result == GSASL_OK;
        return LOGIN_ASK;
    }
    return result == GSASL_MECHANISM_PARSE_ERROR ? LOGIN_MALFORMED
                                                 : LOGIN_WRONG;
}

static enum login_result take(struct login_server *l, struct span said)
{
    if (l->judged) {
        return said.len == 0 ? LOGIN_RIGHT : LOGIN_MALFORMED;
    }
    return l->mechanism->right ? take_token(l, said) : take_step(l, said);
}

enum login_result login_go_on(struct login_server *l, struct span line)
{
    char *said = NULL;
    size_t len = 0;
    enum login_result result = LOGIN_MALFORMED;
    if (span_equal(line, SPAN("*"))) {
        result = LOGIN_CANCELLED;
    } else if (gsasl_base64_from(line.data, line.len, &said, &len) ==
               GSASL_OK) {
        result = take(l, span_from(said, len));
    }
    if (said) {
        mem_wipe(said, len);
        gsasl_free(said);
    }
    if (result != LOGIN_ASK) {
        end(l);
    }
    return result;
}

static bool begin(struct login_server *l, const struct login_mechanism *m)
{
    l->mechanism = m;
    if (m->right) {
        return true;
    }
    Gsasl *library = NULL;
    Gsasl_session *session = NULL;
    if (gsasl_init(&library) != GSASL_OK) {
        return false;
    }
    gsasl_callback_set(library, answer_library);
    gsasl_callback_hook_set(library, l);
    l->library = library;
    bool begun = gsasl_server_start(library, m->name, &session) == GSASL_OK;
    l->session = session;
    return begun;
}

enum login_result login_start(struct login_server *l, struct span arguments)
{
    size_t name_bytes = span_find(arguments, ' ');
    const struct login_mechanism *m =
        find(span_slice(arguments, 0, name_bytes));
    end(l);
    if (!m || !offered(l, m) || !begin(l, m)) {
        end(l);
        return LOGIN_NO_MECHANISM;
    }
    bool given = name_bytes < arguments.len;
    if (!given && m->speaks_first) {
        put_challenge(l, SPAN(""));
        return LOGIN_ASK;
    }
    if (!m->speaks_first) {
        enum login_result asked = take_step(l, SPAN(""));
        if (!given || asked != LOGIN_ASK) {
            return asked;
        }
    }
    /* RFC 4954 4: a lone = stands for an empty initial response. */
    struct span response = span_rest(arguments, name_bytes + 1);
    return login_go_on(l,
                       span_equal(response, SPAN("=")) ? SPAN("") : response);
}

bool login_open(const struct login_server *l)
{
    return l->mechanism != NULL;
}

struct span login_challenge(const struct login_server *l)
{
    return buf_span(&l->challenge);
}
