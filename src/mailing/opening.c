#include "mailing/opening.h"

static enum dialog_security security(const struct session_terms *terms)
{
    if (terms->settings->tls == TLS_OFF) {
        return DIALOG_CLEAR;
    }
    return terms->relay->implicit_tls ? DIALOG_IMPLICIT_TLS : DIALOG_STARTTLS;
}

struct dialog_settings opening_of(const struct session_terms *terms)
{
    const struct settings *settings = terms->settings;
    bool stream = !terms->learned->stream_unfit;
    enum dialog_tier best = stream ? DIALOG_STREAM : DIALOG_GROUP;
    return (struct dialog_settings){
        .security = security(terms),
        .tier_max = settings->tier_max < best ? settings->tier_max : best,
        .window = settings->window,
        .letters_max = appetite_limit(&terms->learned->appetite,
                                      settings->messages_per_session),
        .dsn = settings->dsn,
        .verified = settings->tls == TLS_REQUIRED,
        .probe_sender = terms->probe_sender,
    };
}

void opening_show(const struct session_terms *terms, struct span relay,
                  bool ours, struct span line)
{
    struct buf text;
    buf_init(&text, 1 << 17);
    buf_append(&text, relay);
    buf_append(&text, ours ? SPAN(" > ") : SPAN(" < "));
    buf_append(&text, line);
    buf_append_byte(&text, '\0');
    if (!text.overflowed) {
        terms->observer->say(terms->observer->context, SAY_DEBUG, text.data);
    }
    buf_release(&text);
}
