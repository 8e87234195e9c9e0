#include "smtp/capabilities.h"

#include <assert.h>
#include <stddef.h>

#include "base/ascii.h"

static const struct {
    enum capabilities_auth bit;
    const char *name;
} mechanisms[] = {
    {CAPABILITIES_AUTH_PLAIN, "PLAIN"},
    {CAPABILITIES_AUTH_LOGIN, "LOGIN"},
    {CAPABILITIES_AUTH_CRAM_MD5, "CRAM-MD5"},
    {CAPABILITIES_AUTH_SCRAM_SHA_1, "SCRAM-SHA-1"},
    {CAPABILITIES_AUTH_SCRAM_SHA_1_PLUS, "SCRAM-SHA-1-PLUS"},
    {CAPABILITIES_AUTH_SCRAM_SHA_256, "SCRAM-SHA-256"},
    {CAPABILITIES_AUTH_SCRAM_SHA_256_PLUS, "SCRAM-SHA-256-PLUS"},
    {CAPABILITIES_AUTH_XOAUTH2, "XOAUTH2"},
    {CAPABILITIES_AUTH_OAUTHBEARER, "OAUTHBEARER"},
};

const char *capabilities_mechanism(enum capabilities_auth bit)
{
    size_t i = 0;
    while (mechanisms[i].bit != bit) {
        i++;
        assert(i < sizeof mechanisms / sizeof *mechanisms);
    }
    return mechanisms[i].name;
}

/* The next word of *rest, which moves behind it; empty at the end. */
static struct span next_word(struct span *rest)
{
    *rest = span_trim(*rest);
    size_t end = 0;
    while (end < rest->len && !ascii_is_blank(rest->data[end])) {
        end++;
    }
    struct span word = span_slice(*rest, 0, end);
    *rest = span_rest(*rest, end);
    return word;
}

static void read_size(struct span values, struct capabilities *out)
{
    if (!ascii_parse_number(next_word(&values), UINT64_MAX, &out->bytes_max)) {
        out->bytes_max = 0;
    }
}

static void read_auth(struct span values, struct capabilities *out)
{
    struct span word;
    while ((word = next_word(&values)).len > 0) {
        for (size_t i = 0; i < sizeof mechanisms / sizeof *mechanisms; i++) {
            if (span_equal_nocase(word, span_of(mechanisms[i].name))) {
                out->mechanisms |= mechanisms[i].bit;
            }
        }
    }
}

/* RFC 9422 3: NAME=VALUE, parted by blanks. */
static void read_limits(struct span values, struct capabilities *out)
{
    struct span word;
    while ((word = next_word(&values)).len > 0) {
        size_t equals = span_find(word, '=');
        uint64_t value;
        if (equals == word.len ||
            !ascii_parse_number(span_rest(word, equals + 1), UINT64_MAX,
                                &value)) {
            continue;
        }
        struct span name = span_slice(word, 0, equals);
        if (span_equal_nocase(name, SPAN("MAILMAX"))) {
            out->mail_max = value;
        } else if (span_equal_nocase(name, SPAN("RCPTMAX"))) {
            out->recipients_max = value;
        }
    }
}

/* A keyword is a flag, and may have values of its own to read. */
static const struct {
    struct span keyword;
    size_t flag; /* offset of a bool in struct capabilities */
    void (*read)(struct span values, struct capabilities *out);
} keywords[] = {
    {SPAN("STARTTLS"), offsetof(struct capabilities, starttls), NULL},
    {SPAN("PIPELINING"), offsetof(struct capabilities, pipelining), NULL},
    {SPAN("CHUNKING"), offsetof(struct capabilities, chunking), NULL},
    {SPAN("8BITMIME"), offsetof(struct capabilities, eight_bit), NULL},
    {SPAN("SMTPUTF8"), offsetof(struct capabilities, smtputf8), NULL},
    {SPAN("DSN"), offsetof(struct capabilities, dsn), NULL},
    {SPAN("REQUIRETLS"), offsetof(struct capabilities, requiretls), NULL},
    {SPAN("SIZE"), offsetof(struct capabilities, size), read_size},
    {SPAN("AUTH"), offsetof(struct capabilities, auth), read_auth},
    {SPAN("LIMITS"), offsetof(struct capabilities, limits), read_limits},
};

static void read_line(struct span line, struct capabilities *out)
{
    struct span rest = line;
    struct span word = next_word(&rest);
    /* "AUTH=PLAIN LOGIN": as some servers said it before RFC 2554. */
    if (span_starts_nocase(word, SPAN("AUTH="))) {
        out->auth = true;
        read_auth(span_rest(span_trim(line), 5), out);
        return;
    }
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++) {
        if (!span_equal_nocase(word, keywords[i].keyword)) {
            continue;
        }
        *(bool *)((char *)out + keywords[i].flag) = true;
        if (keywords[i].read) {
            keywords[i].read(rest, out);
        }
    }
}

void capabilities_read(struct span lines, struct capabilities *out)
{
    *out = (struct capabilities){0};
    bool first = true;
    while (lines.len > 0) {
        size_t end = span_find(lines, '\n');
        if (!first) {
            read_line(span_slice(lines, 0, end), out);
        }
        first = false;
        lines = span_rest(lines, end < lines.len ? end + 1 : end);
    }
}
