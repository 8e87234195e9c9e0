/* AUTH: RFC 4954. */
#include "sink/guest_parts.h"
#include "sink/offers.h"

void guest_furnish_login(struct guest *g)
{
    const struct guest_house *house = g->house;
    login_init(&g->login);
    g->login.user = house->user;
    g->login.secret = house->secret;
    g->login.mechanisms = house->mechanisms;
    buf_init(&g->unique, GUEST_BINDING_BYTES_MAX);
    buf_init(&g->exporter, GUEST_BINDING_BYTES_MAX);
}

void guest_bind(struct guest *g, struct span unique, struct span exporter)
{
    buf_append(&g->unique, unique);
    buf_append(&g->exporter, exporter);
    g->login.unique = buf_span(&g->unique);
    g->login.exporter = buf_span(&g->exporter);
}

void guest_say_mechanisms(struct guest *g)
{
    struct buf line;
    buf_init(&line, 512);
    buf_append(&line, SPAN("250-AUTH "));
    login_append_offers(&g->login, &line);
    guest_say_line(g, buf_span(&line));
    buf_release(&line);
}

static void answer_login(struct guest *g, enum login_result result)
{
    static const enum answer answers[] = {
        [LOGIN_ASK] = ANSWER_ASK,
        [LOGIN_RIGHT] = ANSWER_LOGGED_IN,
        [LOGIN_WRONG] = ANSWER_WRONG_LOGIN,
        [LOGIN_MALFORMED] = ANSWER_BAD_LOGIN,
        [LOGIN_CANCELLED] = ANSWER_LOGIN_CANCELLED,
        [LOGIN_NO_MECHANISM] = ANSWER_NO_MECHANISM,
    };
    g->mode = login_open(&g->login) ? GUEST_LOGIN : GUEST_COMMAND;
    g->logged_in = result == LOGIN_RIGHT;
    g->house->counts->auth_ok += result == LOGIN_RIGHT;
    g->house->counts->auth_failed += result == LOGIN_WRONG;
    guest_say_with(g, answers[result],
                   result == LOGIN_ASK ? login_challenge(&g->login) : SPAN(""));
}

static bool put_off_login(const struct guest *g)
{
    if (g->house->counts->auth_busy >= g->house->logins_put_off) {
        return false;
    }
    g->house->counts->auth_busy++;
    return true;
}

void guest_run_auth(struct guest *g, struct span arguments)
{
    if (!(g->house->offers & OFFER_AUTH)) {
        guest_say(g, ANSWER_NOT_OFFERED);
    } else if (!(guest_offers(g) & OFFER_AUTH)) {
        guest_say(g, ANSWER_NEED_TLS);
    } else if (!g->extended) {
        guest_say(g, ANSWER_SAY_HELLO);
    } else if (g->logged_in) {
        guest_say(g, ANSWER_IS_LOGGED_IN);
    } else if (g->mail.open) {
        guest_say(g, ANSWER_IN_TRANSACTION);
    } else if (put_off_login(g)) {
        guest_say(g, ANSWER_BUSY_LOGIN);
    } else {
        answer_login(g, login_start(&g->login, arguments));
    }
}

void guest_go_on_logging_in(struct guest *g, struct span line)
{
    answer_login(g, login_go_on(&g->login, line));
}
