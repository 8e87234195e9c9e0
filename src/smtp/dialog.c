#include "smtp/dialog.h"

#include <assert.h>
#include <stdlib.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "smtp/dialog_parts.h"

enum { OUTBOX_BYTES_MAX = 1 << 20 };

/* --- life --- */

static void expect_greeting(struct dialog *d)
{
    struct expectation greeting = {.step = STEP_GREETING};
    dialog_expect(d, &greeting);
}

struct dialog *dialog_create(const struct dialog_settings *settings)
{
    assert(settings->window >= 1 && settings->window <= DIALOG_WINDOW_MAX);
    struct dialog *d = mem_alloc_zero(1, sizeof *d);
    d->settings = *settings;
    d->slot_count = settings->window < 2 ? 2 : settings->window;
    d->slots = mem_alloc_zero(d->slot_count, sizeof *d->slots);
    d->window = 1;
    d->cursor.step = STEP_RSET;
    d->clean = true;
    arena_init(&d->end_arena);
    reply_parser_init(&d->parser);
    buf_init(&d->outbox, OUTBOX_BYTES_MAX);
    expect_greeting(d);
    return d;
}

void dialog_name(struct dialog *d, struct span helo)
{
    d->settings.helo = helo;
}

void dialog_destroy(struct dialog *d)
{
    if (!d) {
        return;
    }
    for (unsigned i = 0; i < d->slot_count; i++) {
        arena_release(&d->slots[i].arena);
    }
    free(d->slots);
    free(d->ring);
    auth_destroy(d->auth);
    arena_release(&d->end_arena);
    reply_parser_release(&d->parser);
    buf_wipe(&d->outbox); /* it may hold a login */
    free(d);
}

struct slot *dialog_slot(const struct dialog *d, unsigned number)
{
    return &d->slots[number % d->slot_count];
}

/* While we log in, a relay may repeat what nobody else is to read. */
static struct span fit_for_others(const struct dialog *d, struct span text,
                                  struct buf *masked)
{
    buf_init(masked, 1 << 18);
    if (!d->auth) {
        return text;
    }
    auth_append_reply(d->auth, text, masked);
    return buf_span(masked);
}

/* The first reason stands. */
void dialog_finish(struct dialog *d, enum dialog_end end, enum step step,
                   const struct reply *reply)
{
    if (d->phase == DIALOG_OVER) {
        return;
    }
    d->phase = DIALOG_OVER;
    d->end = end;
    d->end_step = step;
    if (reply) {
        struct buf masked;
        d->end_replied = true;
        d->end_reply.code = reply->code;
        d->end_reply.text =
            arena_copy(&d->end_arena, fit_for_others(d, reply->text, &masked));
        buf_release(&masked);
        d->end_reply.enhanced = reply_enhanced(reply->code, d->end_reply.text);
    }
    /* The relay that lost step once is not trusted with streams again. */
    if ((end == DIALOG_END_DESYNC || end == DIALOG_END_MALFORMED) &&
        d->tier == DIALOG_STREAM) {
        d->stream_unfit = true;
    }
}

/* --- setting up --- */

static void say_hello(struct dialog *d, enum step step)
{
    struct buf line;
    buf_init(&line, 1024);
    buf_append(&line, step_rule(step)->verb);
    buf_append_byte(&line, ' ');
    buf_append(&line, d->settings.helo);
    dialog_say_command(d, step, buf_span(&line));
    buf_release(&line);
}

/* The tiers that this relay can be spoken to in, best last. */
static enum dialog_tier best_tier(const struct dialog *d)
{
    enum dialog_tier best = DIALOG_LOCKSTEP;
    if (d->capabilities.pipelining) {
        best = DIALOG_GROUP;
    }
    if (best == DIALOG_GROUP && d->capabilities.chunking && !d->stream_unfit) {
        best = DIALOG_STREAM;
    }
    return best < d->settings.tier_max ? best : d->settings.tier_max;
}

static void set_up(struct dialog *d)
{
    d->tier = best_tier(d);
    if (d->tier == DIALOG_STREAM) {
        dialog_say_probe(d);
    } else {
        d->phase = DIALOG_READY;
    }
}

static void log_in(struct dialog *d)
{
    const struct login *login = d->settings.login;
    d->auth = auth_create(login, d->capabilities.mechanisms);
    struct buf line;
    buf_init(&line, 65536);
    if (!d->auth || !auth_begin(d->auth, &line)) {
        dialog_finish(d, DIALOG_END_NO_AUTH, STEP_AUTH, NULL);
    } else {
        dialog_say_command(d, STEP_AUTH,
                           span_slice(buf_span(&line), 0, line.len - 2));
    }
    buf_wipe(&line);
}

/* Exim says that it closes in clear, into the TLS stream, where it cannot be
 * heard. Before 4.96 it may refuse a chunk and not swallow it. */
static void know_exim(struct dialog *d, struct span name)
{
    d->ends_without_a_word = true;
    d->usual_max = EXIM_LETTERS_MAX;
    if (span_starts(name, SPAN("Exim 4.")) && name.len > 8 &&
        ascii_is_digit(name.data[7]) && ascii_is_digit(name.data[8])) {
        d->stream_unfit = (name.data[7] - '0') * 10 + name.data[8] - '0' < 96;
    }
}

static void take_greeting(struct dialog *d, const struct reply *reply)
{
    for (size_t i = 0; i < reply->text.len; i++) {
        struct span name = span_rest(reply->text, i);
        if (span_starts(name, SPAN("Exim "))) {
            know_exim(d, name);
        }
    }
    say_hello(d, STEP_EHLO);
}

/* RFC 5321 4.1.1.1: 250, and no other. A second greeting is not it. */
static void take_hello(struct dialog *d, const struct reply *reply)
{
    if (reply->code != 250) {
        dialog_finish(d, DIALOG_END_DESYNC, STEP_EHLO, reply);
        return;
    }
    capabilities_read(reply_lines(&d->parser), &d->capabilities);
    if (d->settings.security == DIALOG_STARTTLS && !d->secured) {
        if (d->capabilities.starttls) {
            dialog_say_command(d, STEP_STARTTLS, SPAN("STARTTLS"));
        } else {
            dialog_finish(d, DIALOG_END_NO_TLS, STEP_EHLO, NULL);
        }
    } else if (d->settings.login) {
        log_in(d);
    } else {
        set_up(d);
    }
}

/* What came behind the 220 in clear was not said by whom we will verify. */
static void take_starttls(struct dialog *d, const struct reply *reply)
{
    (void)reply;
    if (d->unread.len > 0 || d->ring_count > 0) {
        dialog_finish(d, DIALOG_END_INJECTED, STEP_STARTTLS, NULL);
    } else {
        d->phase = DIALOG_WANTS_TLS;
    }
}

void dialog_secured(struct dialog *d)
{
    assert(d->phase == DIALOG_WANTS_TLS ||
           (d->settings.security == DIALOG_IMPLICIT_TLS && !d->secured));
    d->secured = true;
    buf_clear(&d->outbox);
    d->said_bytes = 0;
    d->handed = 0;
    d->capabilities = (struct capabilities){0};
    reply_parser_release(&d->parser);
    reply_parser_init(&d->parser);
    if (d->phase == DIALOG_WANTS_TLS) {
        d->phase = DIALOG_SETTING_UP;
        say_hello(d, STEP_EHLO);
    }
}

static void end_login(struct dialog *d, enum auth_turn turn,
                      const struct reply *reply)
{
    dialog_finish(
        d, turn == AUTH_UNPROVEN ? DIALOG_END_UNPROVEN : DIALOG_END_CHALLENGE,
        STEP_AUTH, reply);
}

static void take_login(struct dialog *d, const struct reply *reply)
{
    enum auth_turn worth = auth_accepted(d->auth);
    if (worth != AUTH_SPOKEN) {
        end_login(d, worth, reply);
        return;
    }
    auth_destroy(d->auth);
    d->auth = NULL;
    d->settings.login = NULL;
    set_up(d);
}

static void take_challenge(struct dialog *d, const struct reply *reply)
{
    struct buf line;
    buf_init(&line, 65536);
    enum auth_turn turn = auth_answer(d->auth, reply->text, &line);
    if (turn == AUTH_SPOKEN) {
        dialog_say_command(d, STEP_AUTH,
                           span_slice(buf_span(&line), 0, line.len - 2));
    } else {
        end_login(d, turn, reply);
    }
    buf_wipe(&line);
}

/* What a step of the session does once it was granted. */
static void (*const granted[STEPS])(struct dialog *, const struct reply *) = {
    [STEP_GREETING] = take_greeting, [STEP_EHLO] = take_hello,
    [STEP_HELO] = take_hello,        [STEP_STARTTLS] = take_starttls,
    [STEP_AUTH] = take_login,
};

static void take_refusal(struct dialog *d, enum step step,
                         const struct reply *reply)
{
    bool may_greet_again = step == STEP_EHLO && reply->code / 100 == 5 &&
                           d->settings.security == DIALOG_CLEAR;
    if (step == STEP_AUTH) {
        dialog_finish(
            d, auth_by_token(d->auth) ? DIALOG_END_TOKEN : DIALOG_END_LOGIN,
            step, reply);
    } else if (may_greet_again) {
        say_hello(d, STEP_HELO); /* RFC 5321 3.2: a server without ESMTP */
    } else {
        dialog_finish(d, DIALOG_END_REFUSED, step, reply);
    }
}

/* The probe: MAIL, a chunk, RSET. A relay that does not swallow the refused
 * chunk answers once more, for the chunk's text, before the RSET's 250. */
static void take_probe_reply(struct dialog *d, const struct expectation *e,
                             const struct reply *reply)
{
    bool granted_it = reply->code / 100 == 2;
    d->errors_in_a_row += granted_it ? 0 : 1;
    if (granted_it && e->step != STEP_BDAT) {
        (void)forms_owner(&d->forms, e->step, reply);
    }
    if (e->step == STEP_BDAT && granted_it) {
        d->stream_unfit = true; /* it took a message for nobody */
    }
    if (e->step != STEP_RSET) {
        return;
    }
    if (!granted_it && !d->stream_unfit) {
        d->stream_unfit = true;
        dialog_expect(d, e); /* the RSET's own reply is still to come */
        return;
    }
    if (!granted_it) {
        dialog_finish(d, DIALOG_END_DESYNC, e->step, reply);
        return;
    }
    d->tier = best_tier(d);
    d->phase = DIALOG_READY;
}

static void take_session_reply(struct dialog *d, const struct expectation *e,
                               const struct reply *reply)
{
    char first = (char)('0' + reply->code / 100);
    if (e->step == STEP_AUTH && first == '3') {
        take_challenge(d, reply);
    } else if (first == step_rule(e->step)->go_on) {
        if (granted[e->step]) {
            granted[e->step](d, reply);
        }
    } else if (first == '4' || first == '5') {
        take_refusal(d, e->step, reply);
    } else {
        dialog_finish(d, DIALOG_END_DESYNC, e->step, reply);
    }
}

/* --- the answering cursor --- */

static void trace_reply(const struct dialog *d, const struct reply *reply)
{
    if (d->settings.trace) {
        struct buf line;
        struct buf masked;
        buf_init(&line, 1 << 19);
        buf_append_number(&line, reply->code);
        buf_append_byte(&line, ' ');
        buf_append(&line, fit_for_others(d, reply->text, &masked));
        d->settings.trace(d->settings.trace_context, false, buf_span(&line));
        buf_release(&line);
        buf_release(&masked);
    }
}

static void take_reply(struct dialog *d, const struct reply *reply)
{
    trace_reply(d, reply);
    if (d->ring_count == 0) {
        dialog_finish(
            d, reply->code == 421 ? DIALOG_END_CLOSING : DIALOG_END_DESYNC,
            STEP_NONE, reply);
        return;
    }
    struct expectation e = dialog_answered(d);
    if (e.step == STEP_QUIT) {
        dialog_finish(d, DIALOG_END_QUIT, e.step, reply);
    } else if (reply->code == 421) {
        dialog_finish(d, DIALOG_END_CLOSING, e.step, reply);
    } else if (d->handed < e.due_bytes) {
        dialog_finish(d, DIALOG_END_DESYNC, e.step, reply);
    } else if (e.slot) {
        dialog_take_letter_reply(d, &e, reply);
    } else if (e.probe) {
        take_probe_reply(d, &e, reply);
    } else {
        take_session_reply(d, &e, reply);
    }
}

bool dialog_receive(struct dialog *d, struct span bytes, uint64_t handed)
{
    bool whole = false;
    d->handed = handed;
    if (d->phase == DIALOG_WANTS_TLS && bytes.len > 0) {
        dialog_finish(d, DIALOG_END_INJECTED, STEP_STARTTLS, NULL);
    }
    while (bytes.len > 0 && d->phase != DIALOG_OVER) {
        struct reply reply;
        enum reply_result result = reply_parse(&d->parser, &bytes, &reply);
        if (result == REPLY_PARTIAL) {
            break;
        }
        if (result == REPLY_MALFORMED) {
            dialog_finish(d, DIALOG_END_MALFORMED, dialog_waits_for(d), NULL);
            break;
        }
        whole = true;
        d->unread = bytes;
        take_reply(d, &reply);
    }
    return whole;
}

/* --- what the owner asks --- */

enum dialog_phase dialog_phase(const struct dialog *d)
{
    return d->phase;
}

struct buf *dialog_outbox(struct dialog *d)
{
    return &d->outbox;
}

enum step dialog_waits_for(const struct dialog *d)
{
    return d->ring_count > 0 ? d->ring[d->ring_first].step : STEP_NONE;
}

enum dialog_end dialog_end(const struct dialog *d)
{
    return d->end;
}

enum step dialog_end_step(const struct dialog *d)
{
    return d->end_step;
}

const struct reply *dialog_end_reply(const struct dialog *d)
{
    return d->end_replied ? &d->end_reply : NULL;
}

const struct capabilities *dialog_capabilities(const struct dialog *d)
{
    return &d->capabilities;
}

enum dialog_tier dialog_tier(const struct dialog *d)
{
    return d->tier;
}

bool dialog_stream_unfit(const struct dialog *d)
{
    return d->stream_unfit;
}

bool dialog_said(const struct dialog *d)
{
    return d->saying == d->given;
}

unsigned dialog_letters(const struct dialog *d)
{
    return d->given - d->oldest;
}
