#include "sink/login.h"

#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"

static int sextet(char c)
{
    if (ascii_is_upper(c)) {
        return c - 'A';
    }
    if (ascii_is_lower(c)) {
        return c - 'a' + 26;
    }
    if (ascii_is_digit(c)) {
        return c - '0' + 52;
    }
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* RFC 4648 4, padded. False: no base64, or longer than `to`. */
static bool decode(struct span text, char to[LOGIN_LINE_BYTES], size_t *len_out)
{
    size_t pads = 0;
    while (pads < 2 && pads < text.len &&
           text.data[text.len - 1 - pads] == '=') {
        pads++;
    }
    if (text.len % 4 != 0 || text.len / 4 * 3 > LOGIN_LINE_BYTES) {
        return false;
    }
    unsigned bits = 0;
    size_t len = 0;
    for (size_t i = 0; i < text.len - pads; i++) {
        int value = sextet(text.data[i]);
        if (value < 0) {
            return false;
        }
        bits = (bits << 6 | (unsigned)value) & 0xffffff;
        if (i % 4 != 0) {
            to[len++] = (char)(bits >> (6 - i % 4 * 2) & 0xff);
        }
    }
    *len_out = len;
    return true;
}

static enum login_result compare(const struct login_server *l, struct span user,
                                 struct span secret)
{
    bool right = span_equal(user, l->user) && span_equal(secret, l->secret);
    return right ? LOGIN_RIGHT : LOGIN_WRONG;
}

/* [authorization identity] NUL name NUL password. */
static enum login_result take_plain(const struct login_server *l,
                                    struct span said)
{
    size_t first = span_find(said, '\0');
    if (first == said.len) {
        return LOGIN_MALFORMED;
    }
    struct span identity = span_slice(said, 0, first);
    struct span rest = span_rest(said, first + 1);
    size_t second = span_find(rest, '\0');
    if (second == rest.len) {
        return LOGIN_MALFORMED;
    }
    struct span user = span_slice(rest, 0, second);
    if (identity.len > 0 && !span_equal(identity, user)) {
        return LOGIN_WRONG;
    }
    return compare(l, user, span_rest(rest, second + 1));
}

static enum login_result take_user(struct login_server *l, struct span said)
{
    if (said.len > sizeof l->said_user) {
        return LOGIN_WRONG;
    }
    memcpy(l->said_user, said.data, said.len);
    l->said_user_bytes = said.len;
    l->waits = LOGIN_PASSWORD;
    return LOGIN_ASK_PASSWORD;
}

static enum login_result take(struct login_server *l, struct span said)
{
    switch (l->waits) {
    case LOGIN_PLAIN:
        return take_plain(l, said);
    case LOGIN_USER:
        return take_user(l, said);
    case LOGIN_PASSWORD:
        return compare(l, span_from(l->said_user, l->said_user_bytes), said);
    case LOGIN_IDLE:
        break;
    }
    return LOGIN_MALFORMED;
}

enum login_result login_go_on(struct login_server *l, struct span line)
{
    char said[LOGIN_LINE_BYTES];
    size_t len = 0;
    enum login_result result = LOGIN_MALFORMED;
    if (span_equal(line, SPAN("*"))) {
        result = LOGIN_CANCELLED;
    } else if (decode(line, said, &len)) {
        result = take(l, span_from(said, len));
    }
    mem_wipe(said, sizeof said);
    if (result != LOGIN_ASK_PASSWORD) {
        l->waits = LOGIN_IDLE;
        mem_wipe(l->said_user, sizeof l->said_user);
    }
    return result;
}

enum login_result login_start(struct login_server *l, struct span arguments)
{
    size_t end = span_find(arguments, ' ');
    struct span mechanism = span_slice(arguments, 0, end);
    bool plain = span_equal_nocase(mechanism, SPAN("PLAIN"));
    if (!plain && !span_equal_nocase(mechanism, SPAN("LOGIN"))) {
        return LOGIN_NO_MECHANISM;
    }
    l->waits = plain ? LOGIN_PLAIN : LOGIN_USER;
    if (end == arguments.len) {
        return plain ? LOGIN_ASK_EMPTY : LOGIN_ASK_USER;
    }
    /* RFC 4954 4: a lone = stands for an empty initial response. */
    struct span response = span_rest(arguments, end + 1);
    bool empty = span_equal(response, SPAN("="));
    return login_go_on(l, empty ? span_from("", 0) : response);
}
