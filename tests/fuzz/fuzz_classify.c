/* Whatever a reply says: its first digit alone decides how bad it is, and no
 * words make a row pay for what is not its own.
 *
 * Bytes: step, code (two), the text. */
#include <stdint.h>
#include <stdlib.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "smtp/classify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool truth)
{
    if (!truth) {
        abort();
    }
}

static void check(enum step step, const struct reply *reply)
{
    static const enum severity by_digit[] = {
        [2] = SEVERITY_SUCCESS,
        [3] = SEVERITY_SUCCESS,
        [4] = SEVERITY_TRANSIENT,
        [5] = SEVERITY_PERMANENT,
    };
    struct finding f = classify(step, reply);
    bool valid = reply->code >= 200 && reply->code <= 599;
    must(f.severity == SEVERITY_PROTOCOL ||
         (valid && f.severity == by_digit[reply->code / 100]));
    must(f.severity != SEVERITY_TRANSIENT || f.retry);
    must(!f.retry || f.severity == SEVERITY_TRANSIENT ||
         f.severity == SEVERITY_PERMANENT);
    must(!f.quota || f.scope == SCOPE_ACCOUNT);
    must(f.scope != SCOPE_LOCAL);
    must(f.scope != SCOPE_RECIPIENT || step >= STEP_RCPT);
    must(reply->code != 421 || f.scope == SCOPE_SESSION || f.quota);
    must(step != STEP_AUTH || f.scope == SCOPE_ACCOUNT ||
         f.scope == SCOPE_SESSION);
    must(scope_name(f.scope) && failure_class_name(f.class));
}

/* The case of letters, and marks between the words, tell nothing. */
static void check_in_capitals(enum step step, const struct reply *reply)
{
    struct buf text;
    buf_init(&text, 1 << 24);
    for (size_t i = 0; i < reply->text.len; i++) {
        buf_append_byte(&text, ascii_upper(reply->text.data[i]));
    }
    struct reply loud = {.code = reply->code, .text = buf_span(&text)};
    loud.enhanced = reply_enhanced(loud.code, loud.text);
    struct finding a = classify(step, reply);
    struct finding b = classify(step, &loud);
    must(a.severity == b.severity && a.scope == b.scope && a.class == b.class &&
         a.retry == b.retry && a.quota == b.quota);
    buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3) {
        return 0;
    }
    enum step step = (enum step)(data[0] % (STEP_NONE + 1));
    struct reply reply = {
        .code = 1 + (data[1] * 256u + data[2]) % 999,
        .text = span_from((const char *)data + 3, size - 3),
    };
    reply.enhanced = reply_enhanced(reply.code, reply.text);
    check(step, &reply);
    check_in_capitals(step, &reply);
    return 0;
}
