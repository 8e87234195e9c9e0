/* Whatever a relay asks of a login: who cannot know the password is never
 * taken for the relay where the mechanism proves it, what is said is a line of
 * base64, there is an end of it, and no reply repeats the secret to others.
 *
 * The first byte chooses the mechanism; then a challenge a line. One that
 * begins with "=" is sent in base64, with the client's nonce for each "@". */
#include <gsasl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "smtp/auth.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MECHANISMS = 9, TURNS_MAX = 4 };

static void must(bool truth)
{
    if (!truth) {
        abort();
    }
}

static bool has(struct span text, struct span part)
{
    for (size_t i = 0; i + part.len <= text.len; i++) {
        if (span_equal(span_slice(text, i, i + part.len), part)) {
            return true;
        }
    }
    return false;
}

static void look_at_line(struct span line)
{
    must(span_ends(line, SPAN("\r\n")));
    for (size_t i = 0; i + 2 < line.len; i++) {
        char c = line.data[i];
        must(ascii_is_alnum(c) || span_find(SPAN("+/= -"), c) < 5);
    }
}

static void look_at_reply(const struct auth *a, struct span secret)
{
    struct buf reply;
    struct buf shown;
    buf_init(&reply, 1 << 16);
    buf_init(&shown, 1 << 18);
    buf_append(&reply, SPAN("5.7.8 "));
    buf_append(&reply, secret);
    buf_append(&reply, secret);
    auth_append_reply(a, buf_span(&reply), &shown);
    must(!has(buf_span(&shown), secret));
    buf_release(&reply);
    buf_release(&shown);
}

/* Counting takes time, and is no secret of the fuzzer's. */
static bool counts_long(struct span line)
{
    return has(line, SPAN("i=")) && line.len > 60;
}

static void encode(struct span line, struct span nonce, struct buf *out)
{
    struct buf plain;
    buf_init(&plain, 1 << 16);
    for (size_t i = 1; i < line.len; i++) {
        if (line.data[i] == '@') {
            buf_append(&plain, nonce);
        } else {
            buf_append_byte(&plain, line.data[i]);
        }
    }
    char *text = NULL;
    size_t len = 0;
    must(gsasl_base64_to(plain.data, plain.len, &text, &len) == GSASL_OK);
    buf_append(out, span_from(text, len));
    gsasl_free(text);
    buf_release(&plain);
}

/* r=… at the end of what SCRAM says first. */
static void find_nonce(struct span line, struct buf *nonce)
{
    size_t blank = span_find_last(line, ' ');
    char *plain = NULL;
    size_t len = 0;
    if (blank == line.len ||
        gsasl_base64_from(line.data + blank + 1, line.len - blank - 3, &plain,
                          &len) != GSASL_OK) {
        return;
    }
    struct span said = span_from(plain, len);
    size_t equals = span_find_last(said, '=');
    buf_append(nonce, span_rest(said, equals < len ? equals + 1 : len));
    gsasl_free(plain);
}

static void converse(struct auth *a, struct span rest, struct span secret)
{
    struct buf line, nonce, challenge;
    buf_init(&line, 1 << 17);
    buf_init(&nonce, 4096);
    buf_init(&challenge, 1 << 17);
    unsigned turns = 0;
    enum auth_turn turn = auth_begin(a, &line) ? AUTH_SPOKEN : AUTH_GARBLED;
    find_nonce(buf_span(&line), &nonce);
    look_at_line(buf_span(&line));
    while (rest.len > 0 && turn == AUTH_SPOKEN) {
        size_t end = span_find(rest, '\n');
        struct span one = span_slice(rest, 0, end);
        rest = span_rest(rest, end < rest.len ? end + 1 : end);
        buf_clear(&line);
        buf_clear(&challenge);
        if (counts_long(one)) {
            break;
        }
        if (one.len > 0 && one.data[0] == '=') {
            encode(one, buf_span(&nonce), &challenge);
            one = buf_span(&challenge);
        }
        turn = auth_answer(a, one, &line);
        must(turn == AUTH_SPOKEN || line.len == 0);
        if (turn == AUTH_SPOKEN) {
            look_at_line(buf_span(&line));
            must(++turns <= TURNS_MAX);
        }
    }
    must(span_find(span_of(auth_mechanism(a)), 'S') != 0 ||
         auth_accepted(a) != AUTH_SPOKEN); /* SCRAM */
    look_at_reply(a, secret);
    buf_release(&line);
    buf_release(&nonce);
    buf_release(&challenge);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = span_from((const char *)data, size);
    if (size == 0) {
        return 0;
    }
    const struct login login = {
        .user = SPAN("ann"),
        .secret = SPAN("open.sesame"),
        .mechanisms = 1u << data[0] % MECHANISMS,
        .binding = {AUTH_TLS_EXPORTER, SPAN("bindingbindingbinding")},
    };
    struct auth *a = auth_create(&login, ~0u);
    must(a != NULL);
    converse(a, span_rest(text, 1), login.secret);
    auth_destroy(a);
    return 0;
}
