/* Any bytes to the sink: the same answers and the same messages whether they
 * come at once or in pieces. The first byte chooses what is offered, the
 * second how long the pieces are. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "sink/guest.h"
#include "sink/login.h"
#include "sink/offers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
    struct buf answers;
    struct buf taken;
    enum guest_phase phase;
};

static bool take(void *context, const struct guest_letter *letter)
{
    struct buf *taken = context;
    buf_append(taken, letter->sender);
    buf_append_byte(taken, '>');
    buf_append(taken, letter->recipients);
    buf_append(taken, letter->message_id);
    buf_append_byte(taken, ':');
    buf_append(taken, letter->content);
    buf_append_byte(taken, ';');
    return letter->bytes == letter->content.len || (abort(), false);
}

static void judge(void *context, const struct guest_verdict *v)
{
    struct buf *taken = context;
    buf_append(taken, v->address);
    buf_append_number(taken, v->attempt);
    buf_append(taken, v->code);
    buf_append_byte(taken, v->taken ? '+' : '-');
}

/* Those whose challenges are not by chance. */
static unsigned mechanisms(void)
{
    return login_bit(SPAN("PLAIN")) | login_bit(SPAN("LOGIN")) |
           login_bit(SPAN("XOAUTH2")) | login_bit(SPAN("OAUTHBEARER"));
}

static void play(struct span said, size_t step, unsigned how,
                 struct outcome *out)
{
    static const struct limits limits = {SPAN("MAILMAX=4 RCPTMAX=1"), 4, 1};
    struct throttle throttle = {.messages_max = 3, .window_ms = 1};
    struct counts counts = {0};
    struct faults faults;
    faults_init(&faults);
    faults.random = faults.counting = how & 128;
    buf_init(&out->answers, GUEST_OUTBOX_BYTES_MAX);
    buf_init(&out->taken, 64 << 20);
    /* What depends on which bytes come together is not offered. */
    unsigned offers = OFFER_PIPELINING;
    offers |= how & 1 ? OFFER_CHUNKING | OFFER_ENHANCED : 0;
    offers |= how & 2 ? OFFER_SMTPUTF8 | OFFER_8BITMIME | OFFER_DSN : 0;
    offers |= how & 4 ? OFFER_AUTH : 0;
    const struct guest_house house = {
        .hostname = SPAN("h"),
        .offers = offers,
        .bytes_max = how & 8 ? 20 : 0,
        .messages_max = how & 16 ? 2 : 0,
        .limits = how & 64 ? limits : (struct limits){0},
        .throttle = how & 128 ? &throttle : NULL,
        .user = SPAN("a"),
        .secret = SPAN("b"),
        .mechanisms = mechanisms(),
        .keep = true,
        .mark = how & 32,
        .counts = &counts,
        .faults = &faults,
        .take = take,
        .judge = how & 128 ? judge : NULL,
        .context = &out->taken,
    };
    struct guest *g = guest_create(&house, 1, true);
    for (size_t at = 0; at < said.len; at += step) {
        size_t end = said.len - at < step ? said.len : at + step;
        guest_receive(g, span_slice(said, at, end));
    }
    out->phase = guest_phase(g);
    buf_append(&out->answers, buf_span(guest_outbox(g)));
    guest_destroy(g);
    faults_release(&faults);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    struct span said = span_from((const char *)data + 2, size - 2);
    struct outcome whole;
    struct outcome pieces;
    play(said, said.len + 1, data[0], &whole);
    play(said, (size_t)data[1] + 1, data[0], &pieces);
    if (whole.phase != pieces.phase ||
        !span_equal(buf_span(&whole.answers), buf_span(&pieces.answers)) ||
        !span_equal(buf_span(&whole.taken), buf_span(&pieces.taken))) {
        abort();
    }
    buf_release(&whole.answers);
    buf_release(&whole.taken);
    buf_release(&pieces.answers);
    buf_release(&pieces.taken);
    return 0;
}
