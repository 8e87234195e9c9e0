#include "sink/guest.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "sink/guest_parts.h"
#include "sink/offers.h"
#include "smtp/steps.h"

/* What is said. */

static void append(struct guest *g, struct span s)
{
    size_t before = g->out.len;
    buf_append(&g->out, s);
    g->said += g->out.len - before;
}

/* `behind` is said at the end of the line. */
static void say_line(struct guest *g, const struct answer_words *words,
                     struct span behind)
{
    bool enhanced =
        words->enhanced.len > 0 && (g->house->offers & OFFER_ENHANCED);
    append(g, words->code);
    append(g, SPAN(" "));
    if (enhanced) {
        append(g, words->enhanced);
        append(g, SPAN(" "));
    }
    append(g, words->text);
    append(g, behind);
    append(g, SPAN("\r\n"));
    if (words->code.data[0] == '5' && words->code.data[1] == '0') {
        g->house->counts->errors++;
    }
}

void guest_say_words(struct guest *g, const struct answer_words *words)
{
    say_line(g, words, SPAN(""));
}

void guest_say_with(struct guest *g, enum answer answer, struct span behind)
{
    say_line(g, answer_words(answer), behind);
}

void guest_say(struct guest *g, enum answer answer)
{
    guest_say_words(g, answer_words(answer));
}

void guest_finish_with(struct guest *g, enum answer answer)
{
    guest_say(g, answer);
    g->phase = GUEST_FINISHING;
}

void guest_say_line(struct guest *g, struct span line)
{
    append(g, line);
    append(g, SPAN("\r\n"));
}

void guest_add_mark(struct guest *g, uint64_t wait_ms, bool final)
{
    struct guest_mark mark = {g->said, wait_ms, final};
    buf_append(&g->marks, span_from((const char *)&mark, sizeof mark));
}

static void say_number(struct guest *g, const struct answer_words *words,
                       uint64_t number)
{
    char text[ASCII_NUMBER_BYTES_MAX];
    say_line(g, words, ascii_number(number, text));
}

void guest_say_number(struct guest *g, enum answer answer, uint64_t number)
{
    say_number(g, answer_words(answer), number);
}

unsigned guest_offers(const struct guest *g)
{
    unsigned offers = g->house->offers;
    if (g->secure) {
        return offers & ~(unsigned)OFFER_STARTTLS;
    }
    offers &= ~(unsigned)OFFER_REQUIRETLS; /* RFC 8689 3: under TLS alone */
    return g->house->auth_in_clear ? offers : offers & ~(unsigned)OFFER_AUTH;
}

/* RFC 5321 4.1.1.1. The last line is HELP, which is always there. */
static void say_offers(struct guest *g)
{
    static const struct {
        enum offer offer;
        struct span line;
    } keywords[] = {
        {OFFER_PIPELINING, SPAN("250-PIPELINING\r\n")},
        {OFFER_STARTTLS, SPAN("250-STARTTLS\r\n")},
        {OFFER_ENHANCED, SPAN("250-ENHANCEDSTATUSCODES\r\n")},
        {OFFER_8BITMIME, SPAN("250-8BITMIME\r\n")},
        {OFFER_SMTPUTF8, SPAN("250-SMTPUTF8\r\n")},
        {OFFER_DSN, SPAN("250-DSN\r\n")},
        {OFFER_CHUNKING, SPAN("250-CHUNKING\r\n")},
        {OFFER_REQUIRETLS, SPAN("250-REQUIRETLS\r\n")},
    };
    unsigned offers = guest_offers(g);
    append(g, SPAN("250-"));
    append(g, g->house->hostname);
    append(g, SPAN("\r\n"));
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++) {
        if (offers & keywords[i].offer) {
            append(g, keywords[i].line);
        }
    }
    if (offers & OFFER_AUTH) {
        guest_say_mechanisms(g);
    }
    if (offers & OFFER_SIZE) {
        static const struct answer_words words = {
            SPAN("250-SIZE"), {"", 0}, {"", 0}};
        say_number(g, &words, g->house->bytes_max);
    }
    if (g->house->limits.told.len > 0) {
        append(g, SPAN("250-LIMITS "));
        guest_say_line(g, g->house->limits.told);
    }
    append(g, SPAN("250 HELP\r\n"));
}

/* Commands that are no mail transaction. */

static void run_hello(struct guest *g, struct span arguments, bool extended)
{
    if (arguments.len == 0) {
        guest_say(g, ANSWER_ARGUMENTS);
        return;
    }
    guest_reset(g);
    g->greeted = true;
    g->extended = extended;
    if (extended) {
        say_offers(g);
        return;
    }
    append(g, SPAN("250 "));
    append(g, g->house->hostname);
    append(g, SPAN("\r\n"));
}

static void run_ehlo(struct guest *g, struct span arguments)
{
    run_hello(g, arguments, true);
}

static void run_helo(struct guest *g, struct span arguments)
{
    run_hello(g, arguments, false);
}

static void run_starttls(struct guest *g, struct span arguments)
{
    (void)arguments;
    if (!(g->house->offers & OFFER_STARTTLS)) {
        guest_say(g, ANSWER_NOT_OFFERED);
    } else if (g->secure) {
        guest_say(g, ANSWER_IS_SECURE);
    } else if (!g->extended) {
        guest_say(g, ANSWER_SAY_HELLO);
    } else if (g->behind > 0) {
        /* RFC 3207 4: whoever can put bytes in here could have them run as if
         * they had come over TLS. */
        guest_finish_with(g, ANSWER_INJECTED);
    } else {
        guest_say(g, ANSWER_GO_SECURE);
        g->phase = GUEST_WANTS_TLS;
    }
}

static void run_rset(struct guest *g, struct span arguments)
{
    (void)arguments;
    guest_reset(g);
    guest_say(g, ANSWER_RESET);
}

static void run_quit(struct guest *g, struct span arguments)
{
    (void)arguments;
    guest_finish_with(g, ANSWER_BYE);
}

static void run_noop(struct guest *g, struct span arguments)
{
    (void)arguments;
    guest_say(g, ANSWER_FINE);
}

static void run_vrfy(struct guest *g, struct span arguments)
{
    (void)arguments;
    guest_say(g, ANSWER_NOT_VERIFIED);
}

static void run_help(struct guest *g, struct span arguments)
{
    (void)arguments;
    guest_say(g, ANSWER_HELP);
}

enum arguments { ARGUMENTS_NONE, ARGUMENTS_SOME, ARGUMENTS_MAYBE };

static const struct {
    void (*run)(struct guest *g, struct span arguments);
    enum arguments arguments;
} commands[STEPS] = {
    [STEP_EHLO] = {run_ehlo, ARGUMENTS_SOME},
    [STEP_HELO] = {run_helo, ARGUMENTS_SOME},
    [STEP_STARTTLS] = {run_starttls, ARGUMENTS_NONE},
    [STEP_AUTH] = {guest_run_auth, ARGUMENTS_SOME},
    [STEP_RSET] = {run_rset, ARGUMENTS_NONE},
    [STEP_MAIL] = {guest_run_mail, ARGUMENTS_SOME},
    [STEP_RCPT] = {guest_run_rcpt, ARGUMENTS_SOME},
    [STEP_DATA] = {guest_run_data, ARGUMENTS_NONE},
    [STEP_BDAT] = {guest_run_bdat, ARGUMENTS_SOME},
    [STEP_QUIT] = {run_quit, ARGUMENTS_NONE},
    [STEP_NOOP] = {run_noop, ARGUMENTS_MAYBE},
    [STEP_VRFY] = {run_vrfy, ARGUMENTS_SOME},
    [STEP_HELP] = {run_help, ARGUMENTS_MAYBE},
};

static void run_command(struct guest *g, struct span line)
{
    enum step step = step_of_command(line);
    if (step == STEP_NONE || !commands[step].run) {
        guest_say(g, ANSWER_UNKNOWN);
        return;
    }
    size_t verb_bytes = step_rule(step)->verb.len;
    struct span arguments = span_trim(span_rest(line, verb_bytes));
    if (commands[step].arguments == ARGUMENTS_NONE && arguments.len > 0) {
        guest_say(g, ANSWER_NO_ARGUMENTS);
    } else if (commands[step].arguments == ARGUMENTS_SOME &&
               arguments.len == 0) {
        guest_say(g, ANSWER_ARGUMENTS);
    } else {
        commands[step].run(g, arguments);
    }
}

/* Lines. */

static void run_line(struct guest *g, struct span line)
{
    bool too_long = g->line_too_long || line.len > GUEST_LINE_BYTES_MAX;
    if (g->house->script) {
        guest_play_line(g, too_long ? SPAN("(a line too long)") : line);
    } else if (too_long) {
        guest_say(g, ANSWER_LINE_TOO_LONG);
    } else if (!span_ends(line, SPAN("\r\n"))) {
        guest_say(g, ANSWER_BARE_LF);
    } else if (g->mode == GUEST_LOGIN) {
        line.len -= 2;
        guest_go_on_logging_in(g, line);
    } else {
        line.len -= 2;
        run_command(g, line);
    }
}

static void carry(struct guest *g, struct span part)
{
    if (part.len > sizeof g->line - g->line_bytes) {
        g->line_too_long = true;
    }
    if (!g->line_too_long) {
        memcpy(g->line + g->line_bytes, part.data, part.len);
        g->line_bytes += part.len;
    }
}

static void take_line(struct guest *g, struct span *bytes)
{
    size_t end = span_find(*bytes, '\n');
    if (end == bytes->len) {
        carry(g, *bytes);
        *bytes = span_rest(*bytes, end);
        return;
    }
    struct span line = span_slice(*bytes, 0, end + 1);
    *bytes = span_rest(*bytes, end + 1);
    g->behind = bytes->len;
    if (g->line_bytes > 0 || g->line_too_long) {
        carry(g, line);
        line = span_from(g->line, g->line_bytes);
    }
    run_line(g, line);
    g->line_bytes = 0;
    g->line_too_long = false;
}

/* Without PIPELINING nothing may stand behind what was just answered; but a
 * BDAT brings its chunk along. */
static bool came_too_early(const struct guest *g, struct span bytes)
{
    return bytes.len > 0 && g->mode != GUEST_CHUNK &&
           g->phase == GUEST_TALKING && !(g->house->offers & OFFER_PIPELINING);
}

void guest_receive(struct guest *g, struct span bytes)
{
    while (bytes.len > 0 && g->phase == GUEST_TALKING) {
        switch (g->mode) {
        case GUEST_COMMAND:
        case GUEST_LOGIN:
            take_line(g, &bytes);
            break;
        case GUEST_CONTENT:
            guest_take_content(g, &bytes);
            break;
        case GUEST_CHUNK:
            guest_take_chunk(g, &bytes);
            break;
        }
        if (came_too_early(g, bytes)) {
            guest_finish_with(g, ANSWER_EARLY);
        }
        if (g->out.overflowed) {
            g->phase = GUEST_CUT;
        }
    }
}

/* Life. */

static void greet(struct guest *g)
{
    append(g, SPAN("220 "));
    append(g, g->house->hostname);
    append(g, SPAN(" ESMTP mailshot sink\r\n"));
}

static struct guest *create(const struct guest_house *house, uint64_t session,
                            bool secure)
{
    struct guest *g = mem_alloc_zero(1, sizeof *g);
    g->house = house;
    g->session = session;
    g->secure = secure;
    guest_furnish_login(g);
    buf_init(&g->out, GUEST_OUTBOX_BYTES_MAX);
    buf_init(&g->marks, GUEST_OUTBOX_BYTES_MAX);
    buf_init(&g->mail.paths, GUEST_PATHS_BYTES_MAX);
    content_init(&g->content, house->keep && !house->script);
    return g;
}

struct guest *guest_create(const struct guest_house *house, uint64_t session,
                           bool secure)
{
    struct guest *g = create(house, session, secure);
    if (house->script) {
        guest_play(g);
    } else {
        greet(g);
    }
    return g;
}

struct guest *guest_turn_away(const struct guest_house *house)
{
    struct guest *g = create(house, 0, false);
    guest_finish_with(g, ANSWER_TOO_MANY_SESSIONS);
    return g;
}

void guest_dismiss(struct guest *g)
{
    g->house->counts->idle++;
    guest_finish_with(g, ANSWER_IDLE);
}

void guest_destroy(struct guest *g)
{
    guest_reset(g);
    buf_release(&g->out);
    buf_release(&g->marks);
    buf_release(&g->mail.paths);
    content_release(&g->content);
    login_release(&g->login);
    buf_release(&g->unique);
    buf_release(&g->exporter);
    mem_wipe(g, sizeof *g); /* a password may be among it */
    free(g);
}

/* RFC 3207 4.2: what was said before counts no more. */
void guest_secured(struct guest *g)
{
    assert(g->phase == GUEST_WANTS_TLS);
    guest_reset(g);
    g->phase = GUEST_TALKING;
    g->secure = true;
    g->greeted = false;
    g->extended = false;
    g->logged_in = false;
    if (g->house->script) {
        guest_play(g);
    }
}

struct buf *guest_outbox(struct guest *g)
{
    return &g->out;
}

enum guest_phase guest_phase(const struct guest *g)
{
    return g->phase;
}

bool guest_mark(const struct guest *g, struct guest_mark *mark_out)
{
    if (g->marks.len == 0) {
        return false;
    }
    memcpy(mark_out, g->marks.data, sizeof *mark_out);
    return true;
}

void guest_pass_mark(struct guest *g)
{
    buf_drop_front(&g->marks, sizeof(struct guest_mark));
}

uint64_t guest_said(const struct guest *g)
{
    return g->said;
}
