#include "mailing/ending.h"

/* Why a dialog is over, in words that say what to do. */
static const char *const end_words[] = {
    [DIALOG_END_NONE] = "",
    [DIALOG_END_QUIT] = "",
    [DIALOG_END_CLOSING] = "the relay closes the session",
    [DIALOG_END_REFUSED] = "the relay refused",
    [DIALOG_END_NO_TLS] = "the relay does not offer STARTTLS, and nothing is "
                          "sent in clear (smtps:// is for implicit TLS)",
    [DIALOG_END_INJECTED] = "the relay, or who sits between, sent text in "
                            "clear behind its consent to STARTTLS",
    [DIALOG_END_NO_AUTH] = "the relay offers no login that can be used with "
                           "this name and password (see --auth)",
    [DIALOG_END_LOGIN] = "the relay refused the login (check --user and the "
                         "password)",
    [DIALOG_END_TOKEN] = "the relay refused the token (it may have run out)",
    [DIALOG_END_CHALLENGE] = "what the relay asks of the login makes no sense",
    [DIALOG_END_UNPROVEN] = "the relay did not prove that it knows the "
                            "password: it may be another one",
    [DIALOG_END_DESYNC] = "a reply that nothing asked for",
    [DIALOG_END_MALFORMED] = "what came is no SMTP reply",
    [DIALOG_END_LOST] = "the connection was lost",
};

void ending_describe(const struct dialog *d, struct span relay, int status,
                     struct err *why)
{
    enum dialog_end how = dialog_end(d);
    const struct reply *reply = dialog_end_reply(d);
    const char *step = step_name(dialog_end_step(d));
    if (reply) {
        err_set(why, status, "%.*s: %s%s%s: %u %.*s", (int)relay.len,
                relay.data, end_words[how], *step ? " at " : "", step,
                reply->code,
                (int)(reply->text.len > 512 ? 512 : reply->text.len),
                reply->text.data);
    } else {
        err_set(why, status, "%.*s: %s", (int)relay.len, relay.data,
                end_words[how]);
    }
}
