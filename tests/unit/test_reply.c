/* smtp/reply: replies of any shape, whole and split at every byte, at the edge
 * of what can be read; and what is no reply. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "smtp/reply.h"
#include "unit/edge.h"

/* What a stream of bytes gave, in one text: "code enhanced|text|lines;" for
 * each reply, then how it ended. */
static void note(struct buf *out, const struct reply *reply, struct span lines)
{
    buf_append_number(out, reply->code);
    buf_append(out, SPAN(" "));
    buf_append(out, reply->enhanced);
    buf_append(out, SPAN("|"));
    buf_append(out, reply->text);
    buf_append(out, SPAN("|"));
    buf_append(out, lines);
    buf_append(out, SPAN(";"));
}

/* Hands over one part; false once the parser takes no more. */
static bool hand(struct reply_parser *p, struct span part, struct buf *out)
{
    struct edge edge = edge_copy(part);
    struct span input = edge.span;
    struct reply reply;
    enum reply_result result;
    while ((result = reply_parse(p, &input, &reply)) == REPLY_WHOLE) {
        note(out, &reply, reply_lines(p));
    }
    if (result == REPLY_PARTIAL) {
        assert_int_equal(input.len, 0);
    }
    edge_release(&edge);
    return result == REPLY_PARTIAL;
}

/* In parts of that many bytes, after a first one of `first`. */
static void play(struct span stream, size_t first, size_t step, struct buf *out)
{
    struct reply_parser p;
    reply_parser_init(&p);
    buf_clear(out);
    bool fine = hand(&p, span_slice(stream, 0, first), out);
    for (size_t at = first; at < stream.len && fine; at += step) {
        size_t end = at + step < stream.len ? at + step : stream.len;
        fine = hand(&p, span_slice(stream, at, end), out);
    }
    if (!fine) {
        buf_append(out, SPAN("malformed"));
        assert_false(hand(&p, SPAN("250 ok\r\n"), out)); /* for good */
    }
    reply_parser_release(&p);
}

static const struct {
    const char *stream, *given;
} streams[] = {
    {"250 ok\r\n", "250 |ok|ok\n;"},
    {"250 ok\n", "250 |ok|ok\n;"},
    {"250\r\n", "250 ||\n;"},
    {"250 \r\n", "250 ||\n;"},
    {"250-a\r\n250 b\r\n", "250 |a b|a\nb\n;"},
    {"250-a\r\n250-\r\n250\r\n", "250 |a  |a\n\n\n;"},
    {"250 a\r\n250 b\r\n", "250 |a|a\n;250 |b|b\n;"},
    {"550 5.1.1 who\r\n", "550 5.1.1|5.1.1 who|5.1.1 who\n;"},
    {"550 5.1.1\r\n", "550 5.1.1|5.1.1|5.1.1\n;"},
    {"550-5.1.1 no\r\n550-5.1.1 such\r\n550 5.1.1 user\r\n",
     "550 5.1.1|5.1.1 no such user|5.1.1 no\n5.1.1 such\n5.1.1 user\n;"},
    {"550-5.1.1 no\r\n550 5.7.1 such\r\n",
     "550 5.1.1|5.1.1 no 5.7.1 such|5.1.1 no\n5.7.1 such\n;"},
    {"550 4.1.1 no\r\n", "550 |4.1.1 no|4.1.1 no\n;"},
    {"450 4.123.456 no\r\n", "450 4.123.456|4.123.456 no|4.123.456 no\n;"},
    {"450 4.1234.1 no\r\n", "450 |4.1234.1 no|4.1234.1 no\n;"},
    {"450 4.1.1.1 no\r\n", "450 |4.1.1.1 no|4.1.1.1 no\n;"},
    {"450 4..1 no\r\n", "450 |4..1 no|4..1 no\n;"},
    {"450 4.1. no\r\n", "450 |4.1. no|4.1. no\n;"},
    {"450 4.1\r\n", "450 |4.1|4.1\n;"},
    {"450 4.1.1x no\r\n", "450 |4.1.1x no|4.1.1x no\n;"},
    {"450 44.1.1 no\r\n", "450 |44.1.1 no|44.1.1 no\n;"},
    {"354 go\r\n", "354 |go|go\n;"},
    {"599 z\r\n", "599 |z|z\n;"},
    {"250 a\rb\r\n", "250 |a\rb|a\rb\n;"},
    {"250 a\r\r\n", "250 |a\r|a\r\n;"},
    {"250 \xff\x80\r\n", "250 |\xff\x80|\xff\x80\n;"},
    {"250-a\r\n", ""},
    {"250 a", ""},
    {"", ""},
    {"250 a\r\n25", "250 |a|a\n;"},
    {"\r\n", "malformed"},
    {"25\r\n", "malformed"},
    {"25x ok\r\n", "malformed"},
    {"x50 ok\r\n", "malformed"},
    {"150 ok\r\n", "malformed"},
    {"650 ok\r\n", "malformed"},
    {"2500 ok\r\n", "malformed"},
    {"250ok\r\n", "malformed"},
    {"250\tok\r\n", "malformed"},
    {" 250 ok\r\n", "malformed"},
    {"250-a\r\n251 b\r\n", "malformed"},
    {"250-a\r\nb\r\n", "malformed"},
    {"250 a\r\nHTTP/1.1 400\r\n", "250 |a|a\n;malformed"},
};

static void reads_streams_split_anywhere(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 1 << 20);
    for (size_t i = 0; i < sizeof streams / sizeof *streams; i++) {
        struct span stream = span_of(streams[i].stream);
        for (size_t first = 0; first <= stream.len; first++) {
            play(stream, first, stream.len + 1, &out);
            buf_append_byte(&out, '\0');
            assert_string_equal(out.data, streams[i].given);
        }
        play(stream, 0, 1, &out);
        buf_append_byte(&out, '\0');
        assert_string_equal(out.data, streams[i].given);
    }
    buf_release(&out);
}

static void takes_a_nul_as_text(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 1 << 20);
    play(SPAN("250 a\0b\r\n"), 0, 1, &out);
    assert_true(span_equal(buf_span(&out), SPAN("250 |a\0b|a\0b\n;")));
    buf_release(&out);
}

/* --- ceilings --- */

static void append_line(struct buf *b, const char *code, size_t text_bytes)
{
    buf_append(b, span_of(code));
    for (size_t i = 0; i < text_bytes; i++) {
        buf_append_byte(b, 'x');
    }
    buf_append(b, SPAN("\r\n"));
}

static enum reply_result parse_whole(const struct buf *stream, size_t step,
                                     size_t *text_bytes_out)
{
    struct reply_parser p;
    reply_parser_init(&p);
    enum reply_result result = REPLY_PARTIAL;
    struct reply reply;
    for (size_t at = 0; at < stream->len && result == REPLY_PARTIAL;
         at += step) {
        size_t end = at + step < stream->len ? at + step : stream->len;
        struct span input = span_slice(buf_span(stream), at, end);
        result = reply_parse(&p, &input, &reply);
    }
    if (result == REPLY_WHOLE) {
        *text_bytes_out = reply.text.len;
    }
    assert_true(p.line.len <= 4096 && p.text.len <= 65536);
    reply_parser_release(&p);
    return result;
}

static void keeps_4_kib_of_a_line(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 1 << 20);
    size_t bytes = 0;
    static const size_t lengths[] = {4091, 4092, 4093, 4096, 10000, 60000};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        for (size_t step = 1; step <= 70000; step *= 70000) {
            buf_clear(&b);
            append_line(&b, "250 ", lengths[i]);
            assert_int_equal(parse_whole(&b, step, &bytes), REPLY_WHOLE);
            assert_int_equal(bytes, lengths[i] < 4092 ? lengths[i] : 4092);
        }
    }
    buf_release(&b);
}

static void allows_512_lines(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 1 << 20);
    size_t bytes = 0;
    for (size_t lines = 511; lines <= 513; lines++) {
        buf_clear(&b);
        for (size_t i = 1; i < lines; i++) {
            append_line(&b, "250-", 1);
        }
        append_line(&b, "250 ", 1);
        assert_int_equal(parse_whole(&b, 1, &bytes),
                         lines <= 512 ? REPLY_WHOLE : REPLY_MALFORMED);
    }
    buf_release(&b);
}

static void allows_64_kib(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 1 << 20);
    size_t bytes = 0;
    buf_clear(&b);
    for (size_t i = 0; i < 15; i++) {
        append_line(&b, "250-", 4000);
    }
    append_line(&b, "250 ", 4000);
    assert_int_equal(parse_whole(&b, 1, &bytes), REPLY_WHOLE);
    assert_int_equal(bytes, 16 * 4000 + 15);
    buf_clear(&b);
    for (size_t i = 0; i < 16; i++) {
        append_line(&b, "250-", 4090);
    }
    append_line(&b, "250 ", 4090);
    assert_int_equal(parse_whole(&b, 1, &bytes), REPLY_MALFORMED);
    /* One endless line is given up while it is still coming. */
    buf_clear(&b);
    append_line(&b, "250 ", 100000);
    buf_truncate(&b, b.len - 2);
    assert_int_equal(parse_whole(&b, 1, &bytes), REPLY_MALFORMED);
    assert_int_equal(parse_whole(&b, 1 << 20, &bytes), REPLY_MALFORMED);
    buf_release(&b);
}

/* --- one text --- */

static void reads_one_text(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned code; /* 0: no reply */
        const char *enhanced, *said;
    } cases[] = {
        {"250 ok", 250, "", "ok"},
        {"250 ok\n", 250, "", "ok"},
        {"250 ok\r\n", 250, "", "ok"},
        {"250", 250, "", ""},
        {"550-5.1.1 a\n550 5.1.1 b", 550, "5.1.1", "5.1.1 a b"},
        {"550-a\n550 b\n", 550, "", "a b"},
        {"550-a", 0, "", ""},
        {"550 a\n550 b", 0, "", ""},
        {"550 a\n\n", 0, "", ""},
        {"", 0, "", ""},
        {"\n", 0, "", ""},
        {"nonsense", 0, "", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct edge edge = edge_copy(span_of(cases[i].text));
        struct buf scratch;
        buf_init(&scratch, 65536);
        struct reply reply = {0};
        bool whole = reply_from_text(edge.span, &scratch, &reply);
        assert_int_equal(whole, cases[i].code != 0);
        assert_int_equal(reply.code, cases[i].code);
        assert_true(span_equal(reply.enhanced, span_of(cases[i].enhanced)));
        assert_true(span_equal(reply.text, span_of(cases[i].said)));
        buf_release(&scratch);
        edge_release(&edge);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_streams_split_anywhere),
        cmocka_unit_test(takes_a_nul_as_text),
        cmocka_unit_test(keeps_4_kib_of_a_line),
        cmocka_unit_test(allows_512_lines),
        cmocka_unit_test(allows_64_kib),
        cmocka_unit_test(reads_one_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
