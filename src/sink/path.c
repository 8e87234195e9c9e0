#include "sink/path.h"

#include "base/ascii.h"

static bool is_atext(char c)
{
    static const struct span others = SPAN("!#$%&'*+-/=?^_`{|}~");
    return ascii_is_alnum(c) || !ascii_is_ascii(c) ||
           span_find(others, c) < others.len;
}

static bool is_label_byte(char c)
{
    return ascii_is_alnum(c) || c == '-' || !ascii_is_ascii(c);
}

/* The three below: length of what they name at the start of s; 0: it does
 * not start so. */
static size_t dotted(struct span s, bool (*part_of)(char c))
{
    size_t at = 0;
    size_t part = 0;
    for (; at < s.len; at++) {
        if (part_of(s.data[at])) {
            part++;
        } else if (s.data[at] == '.' && part > 0) {
            part = 0;
        } else {
            break;
        }
    }
    return part > 0 ? at : 0;
}

static size_t quoted(struct span s)
{
    for (size_t at = 1; at < s.len; at++) {
        if (s.data[at] == '"') {
            return at + 1;
        }
        if (s.data[at] == '\\') {
            at++;
        }
        if (at == s.len || ascii_is_control(s.data[at])) {
            return 0;
        }
    }
    return 0;
}

static size_t literal(struct span s)
{
    for (size_t at = 1; at < s.len; at++) {
        char c = s.data[at];
        if (c == ']') {
            return at > 1 ? at + 1 : 0;
        }
        if (!ascii_is_alnum(c) && c != '.' && c != ':') {
            return 0;
        }
    }
    return 0;
}

static size_t mailbox(struct span s, struct path *out)
{
    if (s.len == 0) {
        return 0;
    }
    size_t local = s.data[0] == '"' ? quoted(s) : dotted(s, is_atext);
    out->local = span_slice(s, 0, local);
    if (local == 0 || local > PATH_LOCAL_BYTES_MAX) {
        return 0;
    }
    if (local == s.len || s.data[local] != '@') {
        return span_equal_nocase(out->local, SPAN("postmaster")) ? local : 0;
    }
    struct span behind = span_rest(s, local + 1);
    bool bracket = behind.len > 0 && behind.data[0] == '[';
    size_t domain = bracket ? literal(behind) : dotted(behind, is_label_byte);
    return domain > 0 ? local + 1 + domain : 0;
}

bool path_read(struct span text, struct span keyword, struct path *out)
{
    *out = (struct path){{"", 0}, {"", 0}, {"", 0}, true};
    if (!span_starts_nocase(text, keyword)) {
        return false;
    }
    struct span s = span_rest(text, keyword.len);
    if (s.len < 2 || s.data[0] != '<') {
        return false;
    }
    s = span_rest(s, 1);
    size_t len = s.data[0] == '>' ? 0 : mailbox(s, out);
    if ((len == 0 && s.data[0] != '>') || len > PATH_BYTES_MAX ||
        len == s.len || s.data[len] != '>') {
        return false;
    }
    out->address = span_slice(s, 0, len);
    out->ascii = ascii_only(out->address);
    out->parameters = span_rest(s, len + 1);
    return out->parameters.len == 0 || out->parameters.data[0] == ' ';
}
