/* Whatever the bytes: what the parser says of them does not hang on how they
 * were split, every reply is within its limits, and one text says what a
 * stream of it says. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "smtp/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool truth)
{
    if (!truth) {
        abort();
    }
}

static void note(struct buf *out, const struct reply *reply, struct span lines)
{
    must(reply->code >= 200 && reply->code <= 599);
    must(reply->text.len <= 65536 && lines.len <= 65536);
    must(span_starts(reply->text, reply->enhanced));
    must(reply->enhanced.len == 0 ||
         reply->enhanced.data[0] == (char)('0' + reply->code / 100));
    buf_append_number(out, reply->code);
    buf_append(out, reply->text);
    buf_append(out, lines);
}

static enum reply_result feed(struct reply_parser *p, struct span part,
                              struct buf *out)
{
    struct reply reply;
    enum reply_result result;
    while ((result = reply_parse(p, &part, &reply)) == REPLY_WHOLE) {
        note(out, &reply, reply_lines(p));
    }
    must(result == REPLY_MALFORMED || part.len == 0);
    return result;
}

static void play(struct span stream, size_t step, struct buf *out)
{
    struct reply_parser p;
    reply_parser_init(&p);
    enum reply_result result = REPLY_PARTIAL;
    while (stream.len > 0 && result == REPLY_PARTIAL) {
        size_t n = step < stream.len ? step : stream.len;
        result = feed(&p, span_slice(stream, 0, n), out);
        stream = span_rest(stream, n);
    }
    buf_append_byte(out, result == REPLY_MALFORMED ? 'M' : 'P');
    reply_parser_release(&p);
}

static void play_as_text(struct span stream)
{
    struct buf scratch;
    buf_init(&scratch, 65536);
    struct reply reply = {0};
    if (reply_from_text(stream, &scratch, &reply)) {
        must(reply.code >= 200 && reply.code <= 599);
    }
    buf_release(&scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    struct span stream = span_from((const char *)data + 1, size - 1);
    struct buf whole, parts;
    buf_init(&whole, 1 << 24);
    buf_init(&parts, 1 << 24);
    play(stream, stream.len + 1, &whole);
    play(stream, 1u + data[0] % 32, &parts);
    must(span_equal(buf_span(&whole), buf_span(&parts)));
    buf_release(&whole);
    buf_release(&parts);
    play_as_text(stream);
    return 0;
}
