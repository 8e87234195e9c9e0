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
