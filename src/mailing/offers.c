#include "mailing/offers.h"

#include <stddef.h>

static void append_word(struct buf *out, size_t start, struct span word)
{
    if (out->len > start) {
        buf_append(out, SPAN(", "));
    }
    buf_append(out, word);
}

static void append_number(struct buf *out, struct span word, uint64_t number)
{
    if (number > 0) {
        buf_append(out, word);
        buf_append_number(out, number);
    }
}

static void append_mechanisms(struct buf *out, unsigned offered)
{
    static const struct {
        unsigned bit;
        struct span name;
    } known[] = {
        {CAPABILITIES_AUTH_PLAIN, {" PLAIN", 6}},
        {CAPABILITIES_AUTH_LOGIN, {" LOGIN", 6}},
        {CAPABILITIES_AUTH_CRAM_MD5, {" CRAM-MD5", 9}},
        {CAPABILITIES_AUTH_SCRAM_SHA_1, {" SCRAM-SHA-1", 12}},
        {CAPABILITIES_AUTH_SCRAM_SHA_1_PLUS, {" SCRAM-SHA-1-PLUS", 17}},
        {CAPABILITIES_AUTH_SCRAM_SHA_256, {" SCRAM-SHA-256", 14}},
        {CAPABILITIES_AUTH_SCRAM_SHA_256_PLUS, {" SCRAM-SHA-256-PLUS", 19}},
        {CAPABILITIES_AUTH_XOAUTH2, {" XOAUTH2", 8}},
        {CAPABILITIES_AUTH_OAUTHBEARER, {" OAUTHBEARER", 12}},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (offered & known[i].bit) {
            buf_append(out, known[i].name);
        }
    }
}

void offers_append(struct buf *out, const struct capabilities *c)
{
    const struct {
        bool offered;
        struct span word;
    } words[] = {
        {c->pipelining, SPAN("PIPELINING")},
        {c->chunking, SPAN("CHUNKING")},
        {c->eight_bit, SPAN("8BITMIME")},
        {c->smtputf8, SPAN("SMTPUTF8")},
        {c->dsn, SPAN("DSN")},
        {c->requiretls, SPAN("REQUIRETLS")},
        {c->starttls, SPAN("STARTTLS")},
    };
    size_t start = out->len;
    if (c->size) {
        append_word(out, start, SPAN("SIZE"));
        append_number(out, SPAN(" "), c->bytes_max);
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (words[i].offered) {
            append_word(out, start, words[i].word);
        }
    }
    if (c->limits) {
        append_word(out, start, SPAN("LIMITS"));
        append_number(out, SPAN(" MAILMAX="), c->mail_max);
        append_number(out, SPAN(" RCPTMAX="), c->recipients_max);
    }
    if (c->auth) {
        append_word(out, start, SPAN("AUTH"));
        append_mechanisms(out, c->mechanisms);
    }
    if (out->len == start) {
        buf_append(out, SPAN("nothing"));
    }
}
