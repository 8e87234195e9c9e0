/* Whatever a relay answers: exactly one verdict a recipient; `sent` only for
 * whom a plain relay would have delivered to by those replies, with the very
 * content; `unknown` where it heard all of the content and nobody knows, and
 * nowhere else; no verdict that has a letter mailed again, or called refused,
 * that was delivered; never two transactions in one; memory within bounds.
 *
 * Bytes: four of settings, then one for each turn of the relay. */
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "fuzz/relay_model.h"
#include "smtp/dialog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct letter {
    struct span recipients[MODEL_RECIPIENTS];
    unsigned count, told;
    bool told_each[MODEL_RECIPIENTS];
    struct buf paths, content;
    struct span parts[2];
};

struct play {
    struct span input;
    struct dialog *dialog;
    struct dialog_settings settings;
    struct login login;
    unsigned offers; /* of the honest EHLO reply */
    struct model model;
    struct letter letters[MODEL_LETTERS];
    unsigned letters_max, given;
    struct buf wire; /* said, not handed to the kernel */
    uint64_t handed;
    size_t lag_bytes; /* never handed at once */
    bool bytewise;
    bool says_all; /* the same words to all commands */
};

static unsigned take(struct play *p)
{
    if (p->input.len == 0) {
        return 0;
    }
    unsigned byte = (unsigned char)p->input.data[0];
    p->input = span_rest(p->input, 1);
    return byte;
}

/* --- letters --- */

static void content_of(unsigned letter, struct buf *out)
{
    buf_append_format(out, "Subject: %u\r\n\r\n.\r\n..dots\r\n", letter);
    size_t bytes = letter % 8 == 5 ? 70000 : letter * 10;
    while (out->len < bytes) {
        buf_append(out, SPAN(".MAIL FROM:<s0@x>\r\n"));
    }
    buf_append(out, SPAN("end\r\n"));
}

static void write_letter(struct letter *l, unsigned number)
{
    l->count = 1 + number % MODEL_RECIPIENTS;
    buf_init(&l->paths, 4096);
    buf_init(&l->content, 1 << 20);
    buf_append_format(&l->paths, "s%u@x", number);
    size_t starts[MODEL_RECIPIENTS + 1] = {l->paths.len};
    for (unsigned i = 0; i < l->count; i++) {
        buf_append_format(&l->paths, "r%u.%u@x", number, i);
        starts[i + 1] = l->paths.len;
    }
    for (unsigned i = 0; i < l->count; i++) {
        l->recipients[i] =
            span_slice(buf_span(&l->paths), starts[i], starts[i + 1]);
    }
    content_of(number, &l->content);
    size_t half = l->content.len / 2;
    l->parts[0] = span_slice(buf_span(&l->content), 0, half);
    l->parts[1] = span_rest(buf_span(&l->content), half);
}

static void give(struct play *p)
{
    unsigned number = p->given++;
    struct letter *l = &p->letters[number];
    write_letter(l, number);
    struct span sender =
        span_slice(buf_span(&l->paths), 0,
                   (size_t)(l->recipients[0].data - l->paths.data));
    struct transaction t = {
        .sender = sender,
        .recipients = l->recipients,
        .recipient_count = l->count,
        .content = l->parts,
        .content_count = 2,
        .content_bytes = l->content.len,
        .eight_bit =
            number % 2 == 1 && dialog_capabilities(p->dialog)->eight_bit,
        .needs_smtputf8 = number % 7 == 3,
        .requires_tls = number % 11 == 5,
        .id = SPAN("<id+1@x>"),
        .tag = l,
    };
    dialog_give(p->dialog, &t);
}

/* What was lent is gone with the last verdict, or once it was said: the
 * sanitizer sees who still looks at it. */
static void take_back(struct letter *l)
{
    buf_release(&l->paths);
    buf_release(&l->content);
}

static void take_back_said(struct play *p)
{
    if (dialog_said(p->dialog)) {
        for (unsigned i = 0; i < p->given; i++) {
            take_back(&p->letters[i]);
        }
    }
}

static void check_verdict(const struct play *p, const struct dialog_verdict *v)
{
    const struct letter *l = v->tag;
    bool delivered = p->model.delivered[l - p->letters][v->recipient];
    bool heard = p->model.heard_whole[l - p->letters];
    bool closing = dialog_end(p->dialog) == DIALOG_END_CLOSING;
    unsigned code = v->reply.code;
    must(v->kind != VERDICT_SENT || (delivered && code / 100 == 2));
    must(!delivered || v->kind == VERDICT_SENT || v->kind == VERDICT_UNKNOWN);
    must(v->kind != VERDICT_REFUSED || code == 0 ||
         (code >= 400 && code != 421));
    must(v->kind != VERDICT_PENDING || !heard || closing);
    must(v->kind != VERDICT_UNKNOWN || (heard && !closing) || p->model.over);
}

static void take_verdicts(struct play *p)
{
    struct dialog_verdict v;
    while (dialog_verdict(p->dialog, &v)) {
        struct letter *l = v.tag;
        must(v.recipient < l->count && !l->told_each[v.recipient]);
        l->told_each[v.recipient] = true;
        must(v.letter_done == (++l->told == l->count));
        check_verdict(p, &v);
        if (v.letter_done) {
            take_back(l);
        }
    }
}

/* --- the owner --- */

static void hand_over(struct play *p)
{
    if (p->wire.len > p->lag_bytes) {
        size_t bytes = p->wire.len - p->lag_bytes;
        model_hear(&p->model, span_slice(buf_span(&p->wire), 0, bytes));
        buf_drop_front(&p->wire, bytes);
        p->handed += bytes;
    }
}

static void take_turn(struct play *p)
{
    take_verdicts(p);
    while (p->given < p->letters_max && dialog_hungry(p->dialog) > 0) {
        give(p);
        take_verdicts(p);
    }
    struct buf *out = dialog_outbox(p->dialog);
    while (dialog_pump(p->dialog), out->len > 0) {
        must(out->len <= 1 << 18);
        buf_append(&p->wire, buf_span(out));
        buf_clear(out);
    }
    must(!p->wire.overflowed);
    take_back_said(p);
    hand_over(p);
}

static void secure(struct play *p)
{
    must(p->model.count == 0 && p->wire.len == 0);
    dialog_secured(p->dialog);
    p->handed = 0;
    take_turn(p);
}

static void relay_says(struct play *p, struct span bytes)
{
    while (bytes.len > 0) {
        struct span part = span_slice(bytes, 0, p->bytewise ? 1 : bytes.len);
        bytes = span_rest(bytes, part.len);
        model_say(&p->model, part);
        dialog_receive(p->dialog, part, p->handed);
        take_turn(p);
        if (dialog_phase(p->dialog) == DIALOG_WANTS_TLS && bytes.len == 0) {
            secure(p);
        }
    }
}

/* --- the relay --- */

static void offer(struct play *p, struct buf *out)
{
    static const char *const lines[] = {
        "250-PIPELINING\r\n",
        "250-CHUNKING\r\n",
        "250-8BITMIME\r\n",
        "250-SMTPUTF8\r\n",
        "250-SIZE 400\r\n",
        "250-STARTTLS\r\n",
        "250-AUTH PLAIN\r\n250-DSN\r\n250-REQUIRETLS\r\n",
        "250-LIMITS MAILMAX=5\r\n",
    };
    buf_append(out, SPAN("250-relay\r\n"));
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        if (p->offers & 1u << i) {
            buf_append(out, span_of(lines[i]));
        }
    }
    buf_append(out, SPAN("250 HELP\r\n"));
}

static const char *word_for(const struct play *p, enum step step)
{
    static const char *const words[STEPS] = {
        [STEP_MAIL] = "250 2.1.0 ok\r\n",
        [STEP_RCPT] = "250 2.1.5 ok\r\n",
        [STEP_CONTENT] = "250 2.0.0 ok: queued as 1\r\n",
        [STEP_BDAT] = "250 2.0.0 ok: 2 bytes queued as 1\r\n",
    };
    if (step == STEP_DATA) {
        return "354 go\r\n";
    }
    return words[step] && !p->says_all ? words[step] : "250 2.0.0 ok\r\n";
}

/* What the oldest command hopes for. False: none is open. */
static bool grant(struct play *p)
{
    struct model *m = &p->model;
    if (m->count == 0 || m->over) {
        return false;
    }
    enum step step = m->awaited[m->first].step;
    bool nobody =
        step == STEP_BDAT && m->awaited[m->first].letter == MODEL_PROBE;
    struct buf out;
    buf_init(&out, 4096);
    if (step == STEP_EHLO) {
        offer(p, &out);
    } else {
        buf_append(&out, nobody ? SPAN("554 nobody\r\n")
                                : span_of(word_for(p, step)));
    }
    relay_says(p, buf_span(&out));
    buf_release(&out);
    return true;
}

static void say_canned(struct play *p)
{
    static const char *const canned[] = {
        "250 2.0.0 ok\r\n",
        "550 5.1.1 who\r\n",
        "451 4.3.0 later\r\n",
        "421 4.3.2 bye\r\n",
        "503 5.5.1 sequence\r\n",
        "354 go\r\n",
        "334 \r\n",
        "334 VXNlcm5hbWU6\r\n",
        "235 2.7.0 in\r\n",
        "552 5.3.4 big\r\n",
        "250-two\r\n250 lines\n",
        "250-half\r\n",
        "250 a\r\n250 b\r\n",
        "nonsense\r\n",
        "220 Exim 4.94\r\n",
        "250",
    };
    size_t which = take(p) % (sizeof canned / sizeof *canned);
    relay_says(p, span_of(canned[which]));
}

static void say_raw(struct play *p)
{
    size_t bytes = take(p) % 64;
    bytes = bytes < p->input.len ? bytes : p->input.len;
    struct span raw = span_slice(p->input, 0, bytes);
    p->input = span_rest(p->input, bytes);
    char *copy = mem_copy_text(raw.data, raw.len);
    relay_says(p, span_from(copy, raw.len));
    free(copy);
}

static void refuse(struct play *p)
{
    relay_says(p, take(p) % 2 ? SPAN("550 5.1.1 no\r\n")
                              : SPAN("450 4.2.0 not now\r\n"));
}

static void turn(struct play *p)
{
    unsigned byte = take(p);
    switch (byte % 16) {
    case 0:
        say_canned(p);
        break;
    case 1:
        say_raw(p);
        break;
    case 2:
    case 3:
        refuse(p);
        break;
    case 4:
        p->lag_bytes = take(p) * 16;
        break;
    case 5:
        p->lag_bytes = 0;
        hand_over(p);
        break;
    case 6:
        dialog_quit(p->dialog);
        take_turn(p);
        break;
    case 7:
        p->bytewise = !p->bytewise;
        break;
    default:
        for (unsigned i = 0; i < byte / 16 + 1 && grant(p); i++) {
        }
    }
}

/* --- one play --- */

static void hear_trace(void *context, bool ours, struct span line)
{
    (void)context;
    /* The password, as PLAIN and as LOGIN would say it. */
    must(!ours || (!span_ends(line, SPAN("AHVzZXIAc2VjcmV0")) &&
                   !span_ends(line, SPAN("c2VjcmV0"))));
}

static void begin(struct play *p)
{
    unsigned a = take(p), b = take(p);
    p->offers = take(p);
    p->says_all = b % 32 >= 24;
    p->letters_max = take(p) % (MODEL_LETTERS + 1);
    p->login = (struct login){
        .user = SPAN("user"),
        .secret = SPAN("secret"),
        .mechanisms = CAPABILITIES_AUTH_PLAIN | CAPABILITIES_AUTH_LOGIN,
    };
    p->settings = (struct dialog_settings){
        .helo = SPAN("client.example.org"),
        .security = (enum dialog_security)(a % 3),
        .tier_max = (enum dialog_tier)(a / 3 % 3),
        .window = 1 + b % 16,
        .letters_max = b / 64,
        .login = a >= 128 ? &p->login : NULL,
        .probe_sender = SPAN("probe@x"),
        .dsn = {SPAN("NEVER"), SPAN("HDRS")},
        .verified = b % 2 == 1,
        .trace = hear_trace,
        .trace_context = p,
    };
    buf_init(&p->wire, 1 << 24);
    model_init(&p->model);
    p->model.content_of = content_of;
    p->dialog = dialog_create(&p->settings);
    if (p->settings.security == DIALOG_IMPLICIT_TLS) {
        dialog_secured(p->dialog);
    }
}

static void end(struct play *p)
{
    size_t late = p->wire.len > 0 ? take(p) * 64 % (p->wire.len + 1) : 0;
    model_hear(&p->model, span_slice(buf_span(&p->wire), 0, late));
    dialog_lost(p->dialog, p->handed + late);
    take_verdicts(p);
    must(dialog_phase(p->dialog) == DIALOG_OVER);
    must(dialog_letters(p->dialog) == 0);
    for (unsigned i = 0; i < p->given; i++) {
        must(p->letters[i].told == p->letters[i].count);
    }
    dialog_destroy(p->dialog);
    model_release(&p->model);
    buf_release(&p->wire);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct play *p = mem_alloc_zero(1, sizeof *p);
    p->input = span_from((const char *)data, size);
    begin(p);
    while (p->input.len > 0 && dialog_phase(p->dialog) != DIALOG_OVER) {
        turn(p);
    }
    end(p);
    free(p);
    return 0;
}
