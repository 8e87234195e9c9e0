/* Any line is read without harm; what our own writer wrote of any text is read
 * back as that text. */
#include <assert.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/utf8.h"
#include "mailing/jsonline.h"

enum { LINE_BYTES_MAX = 8 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_and_read(struct span text, struct arena *arena)
{
    struct buf line;
    struct span read;
    buf_init(&line, LINE_BYTES_MAX);
    json_open(&line);
    json_add_number(&line, "line", 2);
    json_add_text(&line, "a\"b", text);
    json_close(&line);
    bool found = jsonline_text(buf_span(&line), SPAN("a\\\"b"), arena, &read);
    assert(found);
    assert(!utf8_valid(text) || span_equal(read, text));
    buf_release(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span input = span_from((const char *)data, size);
    struct arena arena;
    struct span text;
    arena_init(&arena);
    if (jsonline_text(input, SPAN("address"), &arena, &text)) {
        assert(text.len <= input.len);
    }
    write_and_read(input, &arena);
    arena_release(&arena);
    return 0;
}
