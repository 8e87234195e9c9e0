#include "mailing/opening.h"

static enum dialog_security security(const struct session_terms *terms)
{
    if (terms->settings->tls == TLS_OFF) {
        return DIALOG_CLEAR;
    }
    return terms->relay->implicit_tls ? DIALOG_IMPLICIT_TLS : DIALOG_STARTTLS;
}

/* As many as asked for, or as the relay was seen to take. */
static unsigned letters_max(const struct session_terms *terms)
{
    unsigned asked = terms->settings->messages_per_session;
    unsigned learned = terms->learned->letters;
    return asked == 0 || (learned > 0 && learned < asked) ? learned : asked;
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
        .letters_max = letters_max(terms),
        .dsn = settings->dsn,
        .verified = settings->tls == TLS_REQUIRED,
        .probe_sender = terms->probe_sender,
    };
}
