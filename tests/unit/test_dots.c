/* smtp/dialog: what DATA carries is the letter, whatever dots it has and
 * however few bytes the wire takes at a time. A relay of the test's own, which
 * knows nothing of how they were doubled, takes them out again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "smtp/dialog.h"

enum { BODIES = 100000, BIG_BODIES = 200, PARTS_MAX = 8, BIG_BYTES = 200000 };

/* Always the same numbers (xorshift). */
static uint64_t random_state = 88172645463325252u;

static size_t below(size_t most)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (size_t)(random_state % most);
}

struct relay {
    struct dialog *dialog;
    struct buf line;    /* up to its line end */
    struct buf content; /* with its dots taken out */
    struct buf replies;
    bool in_content;
    unsigned contents;
    uint64_t handed;
};

static void answer(struct relay *r, struct span line)
{
    if (span_starts(line, SPAN("EHLO"))) {
        buf_append(&r->replies, SPAN("250-x\r\n250 PIPELINING\r\n"));
    } else if (span_starts(line, SPAN("DATA"))) {
        r->in_content = true;
        buf_clear(&r->content);
        buf_append(&r->replies, SPAN("354 go on\r\n"));
    } else {
        buf_append(&r->replies, SPAN("250 fine\r\n"));
    }
}

/* RFC 5321 4.5.2: a line that is a dot ends it; any other that begins with
 * one loses that. */
static void take_line(struct relay *r, struct span line)
{
    if (!r->in_content) {
        answer(r, line);
    } else if (span_equal(line, SPAN(".\r\n"))) {
        r->in_content = false;
        r->contents++;
        buf_append(&r->replies, SPAN("250 taken\r\n"));
    } else {
        buf_append(&r->content,
                   span_rest(line, span_starts(line, SPAN(".")) ? 1 : 0));
    }
}

static void take(struct relay *r, struct span bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        buf_append_byte(&r->line, bytes.data[i]);
        if (span_ends(buf_span(&r->line), SPAN("\r\n"))) {
            take_line(r, buf_span(&r->line));
            buf_clear(&r->line);
        }
    }
}

/* The wire takes so many bytes at most, and the relay answers when it will. */
static void carry(struct relay *r, size_t most)
{
    struct buf *out = dialog_outbox(r->dialog);
    dialog_pump(r->dialog);
    size_t bytes = 1 + below(most);
    bytes = bytes < out->len ? bytes : out->len;
    take(r, span_slice(buf_span(out), 0, bytes));
    buf_drop_front(out, bytes);
    r->handed += bytes;
    if (out->len == 0 || below(4) == 0) {
        dialog_receive(r->dialog, buf_span(&r->replies), r->handed);
        buf_clear(&r->replies);
    }
}

static void start(struct relay *r, enum dialog_tier tier)
{
    struct dialog_settings settings = {
        .helo = SPAN("x.example"),
        .security = DIALOG_CLEAR,
        .tier_max = tier,
        .window = 1,
    };
    *r = (struct relay){.dialog = dialog_create(&settings)};
    buf_init(&r->line, 1 << 20);
    buf_init(&r->content, 1 << 20);
    buf_init(&r->replies, 1 << 20);
    dialog_receive(r->dialog, SPAN("220 x\r\n"), 0);
    for (int i = 0; dialog_phase(r->dialog) != DIALOG_READY; i++) {
        assert_true(i < 1000);
        carry(r, 100);
    }
}

static void stop(struct relay *r)
{
    dialog_lost(r->dialog, r->handed);
    dialog_destroy(r->dialog);
    buf_release(&r->line);
    buf_release(&r->content);
    buf_release(&r->replies);
}

static void make_body(struct buf *out, size_t lines)
{
    static const char *const lines_of[] = {
        "",   ".",  "..", "...", ". ",  ".\t.",  "a",          "a.",
        ".a", "x.", " .", "a.b", "..b", ".QUIT", "line of it", ". . .",
    };
    buf_clear(out);
    for (; lines > 0; lines--) {
        const char *line = lines_of[below(sizeof lines_of / sizeof *lines_of)];
        buf_append(out, span_of(line));
        buf_append(out, SPAN("\r\n"));
    }
}

/* In a few pieces, cut anywhere. */
static unsigned cut(struct span body, struct span *parts)
{
    unsigned count = 0;
    while (body.len > 0 && count + 1 < PARTS_MAX) {
        size_t len = below(body.len + 1);
        parts[count++] = span_slice(body, 0, len);
        body = span_rest(body, len);
    }
    parts[count++] = body;
    return count;
}

static void try_body(struct relay *r, struct span body, size_t most)
{
    static const struct span recipient = {"a@b.example", 11};
    struct span parts[PARTS_MAX];
    struct transaction letter = {
        .recipients = &recipient,
        .recipient_count = 1,
        .content = parts,
        .content_count = cut(body, parts),
        .content_bytes = body.len,
    };
    unsigned before = r->contents;
    assert_true(dialog_hungry(r->dialog) > 0);
    dialog_give(r->dialog, &letter);
    struct dialog_verdict verdict;
    while (!dialog_verdict(r->dialog, &verdict)) {
        carry(r, most);
    }
    assert_int_equal(verdict.kind, VERDICT_SENT);
    assert_true(verdict.letter_done);
    assert_false(dialog_verdict(r->dialog, &verdict));
    assert_int_equal(r->contents, before + 1);
    assert_true(span_equal(buf_span(&r->content), body));
}

static void try_tier(enum dialog_tier tier)
{
    static const size_t sizes[] = {1, 2, 3, 7, 64, 1000, 70000};
    struct relay relay;
    struct buf body;
    start(&relay, tier);
    buf_init(&body, 1 << 20);
    for (int i = 0; i < BODIES / 2; i++) {
        make_body(&body, below(8));
        try_body(&relay, buf_span(&body), sizes[i % 7]);
    }
    for (int i = 0; i < BIG_BODIES / 2; i++) {
        make_body(&body, below(BIG_BYTES / 4));
        try_body(&relay, buf_span(&body), sizes[3 + i % 4]);
    }
    buf_release(&body);
    stop(&relay);
}

static void one_command_at_a_time(void **state)
{
    (void)state;
    try_tier(DIALOG_LOCKSTEP);
}

static void in_groups(void **state)
{
    (void)state;
    try_tier(DIALOG_GROUP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_command_at_a_time),
        cmocka_unit_test(in_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
