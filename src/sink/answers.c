#include "sink/answers.h"

#include <assert.h>

#define WORDS(code, enhanced, text)                                            \
    {                                                                          \
        SPAN(code), SPAN(enhanced), SPAN(text)                                 \
    }

static const struct answer_words table[ANSWERS] = {
    [ANSWER_HELP] = WORDS("214", "2.0.0", "This relay delivers nowhere"),
    [ANSWER_BYE] = WORDS("221", "2.0.0", "Bye"),
    [ANSWER_GO_SECURE] = WORDS("220", "2.0.0", "Ready to start TLS"),
    [ANSWER_LOGGED_IN] = WORDS("235", "2.7.0", "Logged in"),
    [ANSWER_FINE] = WORDS("250", "2.0.0", "Ok"),
    [ANSWER_SENDER_FINE] = WORDS("250", "2.1.0", "Ok"),
    [ANSWER_RECIPIENT_FINE] = WORDS("250", "2.1.5", "Ok"),
    [ANSWER_CHUNK_FINE] = WORDS("250", "2.0.0", "Chunk taken"),
    [ANSWER_QUEUED] = WORDS("250", "2.0.0", "Ok: queued as "),
    [ANSWER_RESET] = WORDS("250", "2.0.0", "Ok"),
    [ANSWER_NOT_VERIFIED] =
        WORDS("252", "2.1.5", "Cannot verify, but would take mail for it"),
    [ANSWER_ASK] = WORDS("334", "", ""),
    [ANSWER_GIVE_CONTENT] = WORDS("354", "", "End with <CR><LF>.<CR><LF>"),
    [ANSWER_CLOSING] = WORDS("421", "4.3.2", "Closing down"),
    [ANSWER_TOO_MANY_MESSAGES] =
        WORDS("421", "4.7.0", "Too many messages in this connection"),
    [ANSWER_TOO_MANY_SESSIONS] =
        WORDS("421", "4.7.0", "Too many concurrent connections"),
    [ANSWER_IDLE] = WORDS("421", "4.4.2", "Idle for too long, closing"),
    [ANSWER_THROTTLED] = WORDS("450", "4.7.1", "Too many messages, slow down"),
    [ANSWER_THROTTLED_LOGIN] =
        WORDS("454", "4.7.0", "Throttling failure: sending rate exceeded"),
    [ANSWER_THROTTLED_CLOSING] =
        WORDS("421", "4.7.0", "Too many messages, closing"),
    [ANSWER_BUSY_LOGIN] = WORDS("454", "4.7.0", "Logins cannot be judged now"),
    [ANSWER_NO_STORE] = WORDS("452", "4.3.1", "The message cannot be stored"),
    [ANSWER_TOO_MANY_RECIPIENTS] = WORDS("452", "4.5.3", "Too many recipients"),
    [ANSWER_UNKNOWN] = WORDS("500", "5.5.1", "Command not recognized"),
    [ANSWER_LINE_TOO_LONG] = WORDS("500", "5.5.2", "Line too long"),
    [ANSWER_BARE_LF] = WORDS("500", "5.5.2", "A line must end with <CR><LF>"),
    [ANSWER_EARLY] =
        WORDS("500", "5.5.0", "Pipelining is not offered, and was used"),
    [ANSWER_ARGUMENTS] = WORDS("501", "5.5.4", "Arguments are missing"),
    [ANSWER_NO_ARGUMENTS] = WORDS("501", "5.5.4", "No arguments are allowed"),
    [ANSWER_BAD_SENDER] = WORDS("501", "5.1.7", "Bad sender address syntax"),
    [ANSWER_BAD_RECIPIENT] =
        WORDS("501", "5.1.3", "Bad recipient address syntax"),
    [ANSWER_BAD_PARAMETER] = WORDS("501", "5.5.4", "Bad parameter value"),
    [ANSWER_BAD_CHUNK] = WORDS("501", "5.5.4", "Bad chunk size, closing"),
    [ANSWER_BAD_LOGIN] = WORDS("501", "5.5.2", "Bad login exchange"),
    [ANSWER_LOGIN_CANCELLED] = WORDS("501", "5.7.0", "Login cancelled"),
    [ANSWER_NOT_OFFERED] = WORDS("502", "5.5.1", "Not offered here"),
    [ANSWER_SAY_HELLO] = WORDS("503", "5.5.1", "Say EHLO first"),
    [ANSWER_NESTED_MAIL] = WORDS("503", "5.5.1", "Nested MAIL"),
    [ANSWER_NEED_MAIL] = WORDS("503", "5.5.1", "MAIL first"),
    [ANSWER_NEED_RECIPIENT] = WORDS("503", "5.5.1", "RCPT first"),
    [ANSWER_IN_CHUNKS] = WORDS("503", "5.5.1", "Chunks are under way"),
    [ANSWER_IN_TRANSACTION] = WORDS("503", "5.5.1", "Not in a transaction"),
    [ANSWER_IS_SECURE] = WORDS("503", "5.5.1", "TLS stands already"),
    [ANSWER_IS_LOGGED_IN] = WORDS("503", "5.5.1", "Logged in already"),
    [ANSWER_NO_MECHANISM] =
        WORDS("504", "5.5.4", "Not one of the mechanisms offered"),
    [ANSWER_NEED_LOGIN] = WORDS("530", "5.7.0", "Authentication required"),
    [ANSWER_WRONG_LOGIN] = WORDS("535", "5.7.8", "Wrong name or password"),
    [ANSWER_NEED_TLS] = WORDS("538", "5.7.11", "Encryption required for login"),
    [ANSWER_TOO_BIG] = WORDS("552", "5.3.4", "Message too big"),
    [ANSWER_NEED_SMTPUTF8] =
        WORDS("553", "5.6.7", "Address needs SMTPUTF8, which MAIL did not say"),
    [ANSWER_NO_VALID_RECIPIENT] = WORDS("554", "5.5.1", "No valid recipients"),
    [ANSWER_INJECTED] =
        WORDS("554", "5.5.1", "Bytes in clear behind STARTTLS, closing"),
    [ANSWER_UNKNOWN_PARAMETER] =
        WORDS("555", "5.5.4", "Parameter unknown or not offered"),
};

const struct answer_words *answer_words(enum answer answer)
{
    assert(answer < ANSWERS);
    return &table[answer];
}
