#include <string.h>

#include "base/utf8.h"
#include "sink/guest_parts.h"
#include "sink/offers.h"
#include "sink/params.h"

void guest_reset(struct guest *g)
{
    if (g->mail.window != 0) { /* it was not taken */
        throttle_give_back(g->house->throttle, g->mail.window);
        g->mail.window = 0;
    }
    g->mail.open = false;
    g->mail.smtputf8 = false;
    g->mail.requiretls = false;
    g->mail.chunked = false;
    g->mail.tried = 0;
    g->mail.accepted = 0;
    g->mail.fault = NULL;
    buf_clear(&g->mail.paths);
}

void guest_cut(struct guest *g)
{
    g->house->counts->dropped++;
    g->phase = GUEST_CUT;
}

void guest_judge(struct guest *g, struct span address, bool at_content,
                 struct span code, bool taken)
{
    const struct guest_house *house = g->house;
    if (house->judge) {
        const struct guest_verdict verdict = {
            .address = address,
            .attempt = faults_attempts(house->faults, address),
            .at_content = at_content,
            .code = code,
            .taken = taken,
            .session = g->session,
        };
        house->judge(house->context, &verdict);
    }
}

/* MAIL. */

/* What is wrong with this command before it is read; ANSWER_FINE: nothing. */
static enum answer mail_out_of_place(const struct guest *g)
{
    if (!g->greeted) {
        return ANSWER_SAY_HELLO;
    }
    if (g->house->auth_required && !g->logged_in) {
        return ANSWER_NEED_LOGIN;
    }
    return g->mail.open ? ANSWER_NESTED_MAIL : ANSWER_FINE;
}

/* What is wrong with an address and its parameters, as such. */
static enum answer judge(const struct guest *g, const struct path *path,
                         enum params_of of, struct params *params)
{
    unsigned offers = g->extended ? guest_offers(g) : 0;
    switch (params_read(path->parameters, of, offers, params)) {
    case PARAMS_NOT_OFFERED:
        return ANSWER_UNKNOWN_PARAMETER;
    case PARAMS_MALFORMED:
        return ANSWER_BAD_PARAMETER;
    case PARAMS_FINE:
        break;
    }
    if (path->ascii) {
        return ANSWER_FINE;
    }
    if (!g->mail.smtputf8 && !params->smtputf8) {
        return ANSWER_NEED_SMTPUTF8;
    }
    bool mail = of == PARAMS_OF_MAIL;
    enum answer bad = mail ? ANSWER_BAD_SENDER : ANSWER_BAD_RECIPIENT;
    return utf8_valid(path->address) ? ANSWER_FINE : bad;
}

static enum answer judge_mail(const struct guest *g, const struct path *path,
                              struct params *params)
{
    /* Only RCPT may name a postmaster without a domain. */
    if (path->address.len > 0 && path->local.len == path->address.len) {
        return ANSWER_BAD_SENDER;
    }
    enum answer answer = judge(g, path, PARAMS_OF_MAIL, params);
    if (answer == ANSWER_FINE && g->house->bytes_max > 0 &&
        params->size > g->house->bytes_max) {
        return ANSWER_TOO_BIG;
    }
    return answer;
}

static void remember(struct guest *g, const struct path *path)
{
    buf_append(&g->mail.paths, path->address);
    buf_append_byte(&g->mail.paths, '\n');
}

/* Why no message is wanted on this connection any more; ANSWER_FINE: one is.
 * RFC 9422 counts every MAIL, whatever became of it. */
static enum answer enough_of_it(struct guest *g)
{
    const struct guest_house *house = g->house;
    g->mails++;
    if (house->closing) {
        return ANSWER_CLOSING;
    }
    bool enough =
        (house->messages_max > 0 && g->taken >= house->messages_max) ||
        (house->limits.mails_max > 0 && g->mails > house->limits.mails_max);
    return enough ? ANSWER_TOO_MANY_MESSAGES : ANSWER_FINE;
}

/* False: it was told to come later. */
static bool pass_throttle(struct guest *g)
{
    struct throttle *throttle = g->house->throttle;
    if (!throttle) {
        return true;
    }
    g->mail.window = throttle_begin(throttle);
    if (g->mail.window != 0) {
        return true;
    }
    g->house->counts->throttled++;
    guest_say(g, throttle->answer);
    if (throttle->answer == ANSWER_THROTTLED_CLOSING) {
        g->phase = GUEST_FINISHING;
    }
    return false;
}

void guest_run_mail(struct guest *g, struct span arguments)
{
    enum answer enough = enough_of_it(g);
    if (enough != ANSWER_FINE) {
        guest_finish_with(g, enough);
        return;
    }
    struct path path;
    struct params params;
    enum answer answer = mail_out_of_place(g);
    if (answer == ANSWER_FINE) {
        answer = path_read(arguments, SPAN("FROM:"), &path)
                     ? judge_mail(g, &path, &params)
                     : ANSWER_BAD_SENDER;
    }
    if (answer != ANSWER_FINE) {
        guest_say(g, answer);
        return;
    }
    if (!pass_throttle(g)) {
        return;
    }
    g->mail.open = true;
    g->mail.smtputf8 = params.smtputf8;
    g->mail.requiretls = params.requiretls;
    remember(g, &path);
    g->mail.sender_bytes = g->mail.paths.len;
    guest_say(g, ANSWER_SENDER_FINE);
}

/* RCPT. */

static void refuse_recipient(struct guest *g, const struct path *path,
                             const struct answer_words *words)
{
    bool for_now = words->code.data[0] == '4';
    g->house->counts->deferred += for_now;
    g->house->counts->refused += !for_now;
    guest_judge(g, path->address, false, words->code, false);
    guest_say_words(g, words);
}

/* False: it was refused, or the connection is at its end. */
static bool pass_faults(struct guest *g, const struct path *path)
{
    const struct fault *fault =
        faults_find(g->house->faults, path->address, path->local);
    enum fault_kind kind = fault ? fault->kind : FAULT_NONE;
    if (kind == FAULT_CUT) {
        guest_judge(g, path->address, false, SPAN(""), false);
        guest_cut(g);
        return false;
    }
    if (kind == FAULT_REFUSE || kind == FAULT_CLOSE) {
        refuse_recipient(g, path, &fault->reply);
        g->phase = kind == FAULT_CLOSE ? GUEST_FINISHING : g->phase;
        return false;
    }
    g->mail.fault = fault ? fault : g->mail.fault;
    return true;
}

static unsigned recipients_max(const struct guest *g)
{
    unsigned max = g->house->limits.recipients_max;
    return max > 0 && max < GUEST_RECIPIENTS_MAX ? max : GUEST_RECIPIENTS_MAX;
}

static enum answer judge_recipient(const struct guest *g, struct span arguments,
                                   struct path *path)
{
    if (!path_read(arguments, SPAN("TO:"), path) || path->address.len == 0) {
        return ANSWER_BAD_RECIPIENT;
    }
    struct params params;
    enum answer answer = judge(g, path, PARAMS_OF_RCPT, &params);
    if (answer == ANSWER_FINE && g->mail.accepted >= recipients_max(g)) {
        return ANSWER_TOO_MANY_RECIPIENTS;
    }
    return answer;
}

void guest_run_rcpt(struct guest *g, struct span arguments)
{
    if (!g->mail.open || g->mail.chunked) {
        guest_say(g, g->mail.open ? ANSWER_IN_CHUNKS : ANSWER_NEED_MAIL);
        return;
    }
    struct path path;
    enum answer answer = judge_recipient(g, arguments, &path);
    g->mail.tried++;
    if (answer != ANSWER_FINE) {
        refuse_recipient(g, &path, answer_words(answer));
        return;
    }
    if (!pass_faults(g, &path)) {
        return;
    }
    g->mail.accepted++;
    remember(g, &path);
    guest_say(g, ANSWER_RECIPIENT_FINE);
}
