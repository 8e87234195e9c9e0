#include <string.h>

#include "base/ascii.h"
#include "base/utf8.h"
#include "sink/guest_parts.h"
#include "sink/offers.h"
#include "sink/params.h"

void guest_reset(struct guest *g)
{
    g->mail.open = false;
    g->mail.smtputf8 = false;
    g->mail.chunked = false;
    g->mail.tried = 0;
    g->mail.accepted = 0;
    g->mail.end = FAULT_END_NONE;
    buf_clear(&g->mail.paths);
}

static void finish_with(struct guest *g, enum answer answer)
{
    guest_say(g, answer);
    g->phase = GUEST_FINISHING;
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

void guest_run_mail(struct guest *g, struct span arguments)
{
    const struct guest_house *house = g->house;
    if (house->closing) {
        finish_with(g, ANSWER_CLOSING);
        return;
    }
    if (house->messages_max > 0 && g->taken >= house->messages_max) {
        finish_with(g, ANSWER_TOO_MANY_MESSAGES);
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
    g->mail.open = true;
    g->mail.smtputf8 = params.smtputf8;
    remember(g, &path);
    g->mail.sender_bytes = g->mail.paths.len;
    guest_say(g, ANSWER_SENDER_FINE);
}

/* RCPT. */

static void refuse_recipient(struct guest *g, const struct answer_words *words)
{
    bool for_now = words->code.data[0] == '4';
    g->house->counts->deferred += for_now;
    g->house->counts->refused += !for_now;
    guest_say_words(g, words);
}

static enum answer judge_recipient(const struct guest *g, struct span arguments,
                                   struct path *path)
{
    if (!path_read(arguments, SPAN("TO:"), path) || path->address.len == 0) {
        return ANSWER_BAD_RECIPIENT;
    }
    struct params params;
    enum answer answer = judge(g, path, PARAMS_OF_RCPT, &params);
    if (answer == ANSWER_FINE && g->mail.accepted >= GUEST_RECIPIENTS_MAX) {
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
        refuse_recipient(g, answer_words(answer));
        return;
    }
    const struct fault *fault =
        faults_find(g->house->faults, path.address, path.local);
    if (fault && fault->reply.code.len > 0) {
        refuse_recipient(g, &fault->reply);
        return;
    }
    if (fault) {
        g->mail.end = fault->end;
    }
    g->mail.accepted++;
    remember(g, &path);
    guest_say(g, ANSWER_RECIPIENT_FINE);
}

/* Content. */

static bool too_big(const struct guest *g, uint64_t more)
{
    uint64_t max = g->house->bytes_max;
    uint64_t bytes = g->content.bytes;
    return g->content.kept.overflowed ||
           (max > 0 && (bytes > max || more > max - bytes));
}

static bool take(struct guest *g, const char *tier)
{
    struct counts *counts = g->house->counts;
    struct span paths = buf_span(&g->mail.paths);
    struct guest_letter letter = {
        .number = counts->messages + 1,
        .session = g->session,
        .sender = span_slice(paths, 0, g->mail.sender_bytes - 1),
        .recipients = span_rest(paths, g->mail.sender_bytes),
        .message_id = content_message_id(&g->content),
        .content = buf_span(&g->content.kept),
        .bytes = g->content.bytes,
        .tier = tier,
    };
    if (!g->house->take(g->house->context, &letter)) {
        return false;
    }
    g->taken++;
    counts->messages++;
    counts->recipients += g->mail.accepted;
    counts->bytes += letter.bytes;
    return true;
}

static void cut(struct guest *g)
{
    g->house->counts->dropped++;
    g->phase = GUEST_CUT;
}

/* The content is there: from here to the reply it is taken, or it is not. */
static void end_content(struct guest *g, const char *tier, uint64_t *counter)
{
    if (g->house->mark) {
        buf_append(&g->marks,
                   span_from((const char *)&g->said, sizeof g->said));
    }
    if (too_big(g, 0)) {
        guest_say(g, ANSWER_TOO_BIG);
    } else if (g->mail.end == FAULT_END_DROP) {
        cut(g);
    } else if (!take(g, tier)) {
        guest_say(g, ANSWER_NO_STORE);
    } else {
        ++*counter;
        if (g->mail.end == FAULT_END_LOSE) {
            cut(g);
        } else {
            guest_say_number(g, ANSWER_QUEUED, g->house->counts->messages);
        }
    }
    guest_reset(g);
}

/* Why no content can come now; ANSWER_FINE: it can. */
static enum answer content_out_of_place(const struct guest *g)
{
    if (!g->mail.open) {
        return ANSWER_NEED_MAIL;
    }
    if (g->mail.tried == 0) {
        return ANSWER_NEED_RECIPIENT;
    }
    return g->mail.accepted > 0 ? ANSWER_FINE : ANSWER_NO_VALID_RECIPIENT;
}

void guest_run_data(struct guest *g, struct span arguments)
{
    (void)arguments;
    enum answer answer =
        g->mail.chunked ? ANSWER_IN_CHUNKS : content_out_of_place(g);
    if (answer != ANSWER_FINE) {
        guest_say(g, answer);
        return;
    }
    content_start(&g->content);
    g->mode = GUEST_CONTENT;
    guest_say(g, ANSWER_GIVE_CONTENT);
}

void guest_take_content(struct guest *g, struct span *bytes)
{
    if (content_add_dotted(&g->content, bytes)) {
        g->mode = GUEST_COMMAND;
        end_content(g, "data", &g->house->counts->data);
    }
}

/* "n" or "n LAST" (RFC 3030 2). */
static bool read_chunk(struct span arguments, uint64_t *bytes_out,
                       bool *last_out)
{
    size_t end = span_find(arguments, ' ');
    struct span word = span_trim(span_rest(arguments, end));
    *last_out = word.len > 0;
    return (word.len == 0 || span_equal_nocase(word, SPAN("LAST"))) &&
           ascii_parse_number(span_slice(arguments, 0, end), UINT64_MAX,
                              bytes_out);
}

static void end_chunk(struct guest *g)
{
    g->mode = GUEST_COMMAND;
    if (g->chunk.swallow) {
        guest_say(g, g->chunk.refusal);
    } else if (g->chunk.last) {
        end_content(g, "bdat", &g->house->counts->bdat);
    } else {
        guest_say(g, ANSWER_CHUNK_FINE);
    }
}

/* A refused chunk is taken all the same and thrown away (RFC 3030 2): not to
 * do so would run a message as commands. */
void guest_run_bdat(struct guest *g, struct span arguments)
{
    if (!(g->house->offers & OFFER_CHUNKING)) {
        guest_say(g, ANSWER_UNKNOWN);
        return;
    }
    if (!read_chunk(arguments, &g->chunk.left, &g->chunk.last)) {
        /* Where the next command begins cannot be known. */
        finish_with(g, ANSWER_BAD_CHUNK);
        return;
    }
    enum answer answer = content_out_of_place(g);
    if (answer == ANSWER_NEED_RECIPIENT) {
        /* As a client asks that wants to know whether chunks are swallowed:
         * no error of its own. */
        answer = ANSWER_NO_VALID_RECIPIENT;
    }
    if (answer == ANSWER_FINE && !g->mail.chunked) {
        content_start(&g->content);
        g->mail.chunked = true;
    }
    if (answer == ANSWER_FINE && too_big(g, g->chunk.left)) {
        answer = ANSWER_TOO_BIG;
    }
    g->chunk.swallow = answer != ANSWER_FINE;
    g->chunk.refusal = answer;
    if (g->chunk.swallow) {
        guest_reset(g);
    }
    g->mode = GUEST_CHUNK;
    if (g->chunk.left == 0) {
        end_chunk(g);
    }
}

void guest_take_chunk(struct guest *g, struct span *bytes)
{
    size_t len =
        g->chunk.left < bytes->len ? (size_t)g->chunk.left : bytes->len;
    if (!g->chunk.swallow) {
        content_add(&g->content, span_slice(*bytes, 0, len));
    }
    *bytes = span_rest(*bytes, len);
    g->chunk.left -= len;
    if (g->chunk.left == 0) {
        end_chunk(g);
    }
}
