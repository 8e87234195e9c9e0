/* letter/letter: any template is a draft or an error; any row is a letter
 * that may go over the wire, or is refused, by draft_check and draft_fill
 * alike. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "letter/encode.h"
#include "letter/letter.h"
#include "unit/wire_fault.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool truth)
{
    if (!truth) {
        abort();
    }
}

/* `Data: x`, a header within the body: it is not what a relay runs. */
static bool header_like(struct span line)
{
    size_t colon = span_find(line, ':');
    return colon < span_find(line, ' ') && colon < span_find(line, '\r');
}

static void check_letter(const struct letter *l, bool eight_bit)
{
    struct buf bytes;
    buf_init(&bytes, 1 << 26);
    for (size_t i = 0; i < l->part_count; i++) {
        buf_append(&bytes, l->parts[i]);
    }
    expect(bytes.len == l->bytes && !wire_fault(buf_span(&bytes)));
    const char *body = memmem(bytes.data, bytes.len, "\r\n\r\n", 4);
    expect(body != NULL);
    size_t at = (size_t)(body - bytes.data);
    struct encode_facts facts = encode_look(span_rest(buf_span(&bytes), at));
    expect(facts.eight_bit == l->has_eight_bit);
    expect(eight_bit || !facts.eight_bit);
    for (struct span rest = buf_span(&bytes); rest.len > 0;) {
        expect(!encode_verb_first(rest) || header_like(rest));
        size_t end = span_find(rest, '\n');
        rest = span_rest(rest, end < rest.len ? end + 1 : end);
    }
    buf_release(&bytes);
}

static void check_row(const struct draft *d, struct span value, bool eight_bit)
{
    struct span row[] = {SPAN("jo@example.net"), value, SPAN("")};
    struct letter_values values = {
        .values = {.columns = row, .builtin = {{"7", 1}, {"c", 1}}},
        .address = row[0],
        .message_id = SPAN("<key@example.org>"),
        .date_s = 1795491000,
        .eight_bit = eight_bit,
    };
    struct arena arena;
    arena_init(&arena);
    struct span reason = {0};
    struct letter letter;
    bool checked = draft_check(d, &values, &arena, &reason);
    bool filled = draft_fill(d, &values, &arena, &letter, &reason);
    expect(checked == filled && filled == (reason.len == 0));
    if (filled) {
        check_letter(&letter, eight_bit);
    }
    arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct span columns[] = {
        {"email", 5}, {"name", 4}, {"empty", 5}};
    static const struct siphash_key key = {{1, 2, 3}};
    /* What is behind the last 0xff is the row's value. */
    struct span all = span_from((const char *)data, size);
    size_t cut = span_find_last(all, '\xff');
    struct span value = cut < size ? span_rest(all, cut + 1) : SPAN("Jo");
    struct draft_source source = {
        .text = span_slice(all, 0, cut),
        .origin = {.file = "fuzz", .line = 1},
        .names = {columns, 3},
        .boundary_key = &key,
        .print_key = &key,
    };
    struct err err = {0};
    struct draft *d = draft_compile(&source, &err);
    expect((d == NULL) == (err.status != 0));
    if (d) {
        check_row(d, value, false);
        check_row(d, value, true);
        draft_destroy(d);
    }
    return 0;
}
