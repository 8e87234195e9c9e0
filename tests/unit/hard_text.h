/* What the tests of letter/encode share: text that is hard to write, and a
 * reader's way back. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <gmime/gmime.h>

#include "base/buf.h"
#include "base/span.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static inline void append_zero(struct buf *b)
{
    buf_append_byte(b, '\0');
    buf_truncate(b, b->len - 1);
}

/* Always the same numbers (xorshift). */
static uint64_t random_state = 88172645463325252u;

static inline uint64_t random_below(uint64_t most)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % most;
}

static inline void fill_with_text(struct buf *out)
{
    static const char *const pieces[] = {
        "a",
        "word ",
        " ",
        "\xc3\xbc",
        "\xe2\x82\xac",
        "\xf0\x9f\x98\x80",
        "=",
        ".",
        "\r\n",
        "\r\nDATA\r\n",
        "\r\nrset ",
        "MAIL ",
        "?=",
        "=?",
        "From ",
        "\t",
        "\"",
        "\\",
        "\r\n.",
        "_",
        "\xcc\x81",
        "averyveryverylongwordwithoutanyblankinit",
        "\r\n--=_",
        "=?utf-8?q?x?=",
        ",",
        "<",
        "(",
    };
    buf_clear(out);
    for (uint64_t n = random_below(120); n > 0; n--) {
        buf_append(out, span_of(pieces[random_below(COUNT(pieces))]));
    }
}

static inline struct span decoded(GMimeContentEncoding how, struct span text,
                                  struct buf *out)
{
    GMimeEncoding decoder;
    g_mime_encoding_init_decode(&decoder, how);
    buf_clear(out);
    char *to = buf_reserve(out, g_mime_encoding_outlen(&decoder, text.len));
    assert_non_null(to);
    out->len += g_mime_encoding_step(&decoder, text.data, text.len, to);
    return buf_span(out);
}

static inline int start_gmime(void **state)
{
    (void)state;
    g_mime_init();
    return 0;
}

static inline int stop_gmime(void **state)
{
    (void)state;
    g_mime_shutdown();
    return 0;
}
