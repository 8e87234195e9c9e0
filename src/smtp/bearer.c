#include "smtp/bearer.h"

#include "base/ascii.h"

bool bearer_is_token(struct span secret)
{
    while (span_ends(secret, SPAN("="))) {
        secret = span_slice(secret, 0, secret.len - 1);
    }
    for (size_t i = 0; i < secret.len; i++) {
        char c = secret.data[i];
        if (!ascii_is_alnum(c) && span_find(SPAN("-._~+/"), c) == 6) {
            return false;
        }
    }
    return secret.len > 0;
}

bool bearer_fits(const struct login *login)
{
    for (size_t i = 0; i < login->user.len; i++) {
        if (ascii_is_control(login->user.data[i])) {
            return false;
        }
    }
    return bearer_is_token(login->secret);
}

static void append_token(const struct login *login, struct buf *out)
{
    buf_append(out, SPAN("\1auth=Bearer "));
    buf_append(out, login->secret);
    buf_append(out, SPAN("\1\1"));
}

void bearer_append_xoauth2(const struct login *login, struct buf *out)
{
    buf_append(out, SPAN("user="));
    buf_append(out, login->user);
    append_token(login, out);
}

/* RFC 5801 4: a saslname has neither comma nor equals sign. */
static void append_name(struct span name, struct buf *out)
{
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] == ',') {
            buf_append(out, SPAN("=2C"));
        } else if (name.data[i] == '=') {
            buf_append(out, SPAN("=3D"));
        } else {
            buf_append_byte(out, name.data[i]);
        }
    }
}

static void append_pair(struct span key, struct span value, struct buf *out)
{
    if (value.len > 0) {
        buf_append(out, key);
        buf_append(out, value);
    }
}

void bearer_append_oauthbearer(const struct login *login, struct buf *out)
{
    buf_append(out, SPAN("n,a="));
    append_name(login->user, out);
    buf_append(out, SPAN(","));
    append_pair(SPAN("\1host="), login->host, out);
    append_pair(SPAN("\1port="), login->port, out);
    append_token(login, out);
}
