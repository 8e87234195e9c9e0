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
    for (unsigned bit = 1; bit <= offered; bit <<= 1) {
        if (offered & bit) {
            buf_append_byte(out, ' ');
            buf_append(out, span_of(capabilities_mechanism(bit)));
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
