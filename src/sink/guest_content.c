#include "base/ascii.h"
#include "sink/guest_parts.h"
#include "sink/offers.h"

/* Its end. */

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
        .requiretls = g->mail.requiretls,
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

/* The word on all that were accepted. */
static void judge_all(struct guest *g, struct span code, bool taken)
{
    struct span rest =
        span_rest(buf_span(&g->mail.paths), g->mail.sender_bytes);
    while (g->house->judge && rest.len > 0) {
        size_t end = span_find(rest, '\n');
        guest_judge(g, span_slice(rest, 0, end), true, code, taken);
        rest = span_rest(rest, end + 1);
    }
}

/* Nobody who was accepted gets it. */
static void condemn(struct guest *g, const struct answer_words *words)
{
    bool for_now = words->code.data[0] == '4';
    g->house->counts->deferred += for_now ? g->mail.accepted : 0;
    g->house->counts->refused += for_now ? 0 : g->mail.accepted;
    judge_all(g, words->code, false);
}

static void refuse(struct guest *g, const struct answer_words *words)
{
    condemn(g, words);
    guest_say_words(g, words);
}

static void say_nothing(struct guest *g, bool taken, bool cut)
{
    judge_all(g, SPAN(""), taken);
    if (cut) {
        guest_cut(g);
    } else {
        g->phase = GUEST_MUTE;
    }
}

static void confirm(struct guest *g)
{
    judge_all(g, answer_words(ANSWER_QUEUED)->code, true);
    guest_say_number(g, ANSWER_QUEUED, g->house->counts->messages);
}

/* The content is there: from here to the reply it is taken, or it is not. */
static void end_content(struct guest *g, const char *tier, uint64_t *counter)
{
    const struct fault *fault = g->mail.fault;
    enum fault_kind kind = fault ? fault->kind : FAULT_NONE;
    if (g->house->mark || kind == FAULT_SLOW) {
        guest_add_mark(g, kind == FAULT_SLOW ? FAULTS_SLOW_MS : 0, true);
    }
    if (too_big(g, 0)) {
        refuse(g, answer_words(ANSWER_TOO_BIG));
    } else if (kind == FAULT_REFUSE_CONTENT) {
        refuse(g, &fault->reply);
    } else if (kind == FAULT_DROP || kind == FAULT_MUTE) {
        say_nothing(g, false, kind == FAULT_DROP);
    } else if (!take(g, tier)) {
        refuse(g, answer_words(ANSWER_NO_STORE));
    } else {
        ++*counter;
        g->mail.window = 0; /* it keeps its place */
        if (kind == FAULT_LOSE) {
            say_nothing(g, true, true);
        } else {
            confirm(g);
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
        if (g->house->script) {
            guest_play_content(g);
        } else {
            end_content(g, "data", &g->house->counts->data);
        }
    }
}

bool guest_read_chunk(struct span arguments, uint64_t *bytes_out,
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
    if (g->house->script) {
        guest_play_content(g);
    } else if (g->chunk.swallow) {
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
    if (!guest_read_chunk(arguments, &g->chunk.left, &g->chunk.last)) {
        /* Where the next command begins cannot be known. */
        guest_finish_with(g, ANSWER_BAD_CHUNK);
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
        if (g->mail.accepted > 0) {
            condemn(g, answer_words(answer)); /* said behind the chunk */
        }
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
