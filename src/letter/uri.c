#include "letter/uri.h"

#include "base/ascii.h"

/* RFC 3986 2.2 and 2.3, and the percent sign. */
static bool of_a_uri(char c)
{
    static const bool fine[256] = {
        ['0' ... '9'] = true, ['A' ... 'Z'] = true, ['a' ... 'z'] = true,
        ['-'] = true,         ['.'] = true,         ['_'] = true,
        ['~'] = true,         [':'] = true,         ['/'] = true,
        ['?'] = true,         ['#'] = true,         ['['] = true,
        [']'] = true,         ['@'] = true,         ['!'] = true,
        ['$'] = true,         ['&'] = true,         ['\''] = true,
        ['('] = true,         [')'] = true,         ['*'] = true,
        ['+'] = true,         [','] = true,         [';'] = true,
        ['='] = true,         ['%'] = true,
    };
    return fine[(unsigned char)c];
}

/* RFC 3986 3.1: behind its first letter. */
static bool of_a_scheme(char c)
{
    return ascii_is_alnum(c) || c == '+' || c == '-' || c == '.';
}

static bool is_hex(struct span s, size_t at)
{
    return at < s.len && ascii_hex_value(s.data[at]) >= 0;
}

static size_t scheme_bytes(struct span uri)
{
    size_t len = 0;
    while (len < uri.len && of_a_scheme(uri.data[len])) {
        len++;
    }
    bool one = len > 0 && len < uri.len && uri.data[len] == ':';
    return one && ascii_is_alpha(uri.data[0]) ? len : 0;
}

static struct span before(struct span s, char end)
{
    return span_slice(s, 0, span_find(s, end));
}

/* Userinfo, host and port (RFC 3986 3.2). */
static const char *authority_fault(struct span rest)
{
    struct span authority = before(before(before(rest, '/'), '?'), '#');
    size_t at = span_find_last(authority, '@');
    at = at < authority.len ? at + 1 : 0;
    struct span host = before(span_rest(authority, at), ':');
    return host.len > 0 ? NULL : "no host";
}

/* RFC 6068: one that can be written to at once. */
static const char *mailto_fault(struct span rest)
{
    struct span address = before(before(rest, '?'), '#');
    size_t at = span_find(address, '@');
    bool one = at > 0 && at + 1 < address.len &&
               span_find_last(address, '@') == at &&
               span_find(address, ',') == address.len;
    return one ? NULL : "not one address";
}

bool uri_is_https(struct span uri)
{
    return span_starts_nocase(uri, SPAN("https://"));
}

const char *uri_fault(struct span uri)
{
    for (size_t i = 0; i < uri.len; i++) {
        if (!of_a_uri(uri.data[i])) {
            return "a character that has to be percent-encoded";
        }
        if (uri.data[i] == '%' && !(is_hex(uri, i + 1) && is_hex(uri, i + 2))) {
            return "a % without two hex digits behind it";
        }
    }
    size_t scheme = scheme_bytes(uri);
    if (scheme == 0) {
        return "no scheme, such as https:";
    }
    if (uri_is_https(uri)) {
        return authority_fault(span_rest(uri, 8));
    }
    bool mailto = span_equal_nocase(span_slice(uri, 0, scheme), SPAN("mailto"));
    return mailto ? mailto_fault(span_rest(uri, scheme + 1)) : NULL;
}

bool uri_next(struct span list, size_t *at, struct span *uri_out)
{
    size_t open = *at + span_find(span_rest(list, *at), '<');
    if (open == list.len) {
        *at = list.len;
        return false;
    }
    struct span rest = span_rest(list, open + 1);
    size_t close = span_find(rest, '>');
    if (close == rest.len) {
        return false;
    }
    *uri_out = span_trim(span_slice(rest, 0, close));
    *at = open + 1 + close + 1;
    return true;
}
