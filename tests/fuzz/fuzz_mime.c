/* letter/mime: the parts of any multipart arrive, in their order and to the
 * byte. GMime is the oracle: it reads what went in and what came out. */
#include <gmime/gmime.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "letter/encode.h"
#include "letter/letter.h"
#include "unit/wire_fault.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CONTENT "Content-Type: multipart/mixed; boundary=x\n\n"

enum { PARTS_MAX = 500, BYTES_MAX = 1 << 26 };

struct leaves {
    GMimeObject *list[PARTS_MAX];
    size_t count;
};

static void expect(bool truth)
{
    if (!truth) {
        abort();
    }
}

static void add_leaf(GMimeObject *parent, GMimeObject *part, gpointer context)
{
    struct leaves *leaves = context;
    (void)parent;
    if (!GMIME_IS_MULTIPART(part)) {
        expect(leaves->count < PARTS_MAX);
        leaves->list[leaves->count++] = part;
    }
}

/* The object goes with g_object_unref. */
static GMimeObject *read_parts(struct span text, struct leaves *leaves)
{
    GMimeStream *stream =
        g_mime_stream_mem_new_with_buffer(text.data, text.len);
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    GMimeObject *object = g_mime_parser_construct_part(parser, NULL);
    g_object_unref(parser);
    g_object_unref(stream);
    leaves->count = 0;
    if (object && GMIME_IS_MULTIPART(object)) {
        g_mime_multipart_foreach((GMimeMultipart *)object, add_leaf, leaves);
    }
    return object;
}

static GByteArray *bytes_of(GMimePart *part, GMimeStream **stream_out)
{
    *stream_out = g_mime_stream_mem_new();
    GMimeDataWrapper *content = g_mime_part_get_content(part);
    if (content) {
        g_mime_data_wrapper_write_to_stream(content, *stream_out);
    }
    return g_mime_stream_mem_get_byte_array((GMimeStreamMem *)*stream_out);
}

/* Texts are made UTF-8 and their line ends CRLF; what else there is passes. */
static bool passes(GMimeObject *object)
{
    GMimeContentType *type = g_mime_object_get_content_type(object);
    const char *kind = g_mime_object_get_disposition(object);
    return GMIME_IS_PART(object) &&
           (!g_mime_content_type_is_type(type, "text", "*") ||
            g_mime_part_get_filename((GMimePart *)object) ||
            span_equal_nocase(span_of(kind), SPAN("attachment")));
}

static void compare(const struct leaves *in, const struct leaves *out)
{
    expect(in->count == out->count);
    for (size_t i = 0; i < in->count; i++) {
        expect(GMIME_IS_PART(in->list[i]) == GMIME_IS_PART(out->list[i]));
        if (!passes(in->list[i])) {
            continue;
        }
        GMimeStream *one;
        GMimeStream *other;
        GByteArray *before = bytes_of((GMimePart *)in->list[i], &one);
        GByteArray *after = bytes_of((GMimePart *)out->list[i], &other);
        /* It drops a last group of base64 that is not padded. */
        bool base64 =
            g_mime_part_get_content_encoding((GMimePart *)in->list[i]) ==
            GMIME_CONTENT_ENCODING_BASE64;
        expect(after->len >= before->len &&
               after->len <= before->len + (base64 ? 2 : 0) &&
               (before->len == 0 ||
                memcmp(before->data, after->data, before->len) == 0));
        g_object_unref(one);
        g_object_unref(other);
    }
}

/* What is behind the letter's own headers, as an entity. */
static struct span entity_of(const struct letter *l, struct buf *whole)
{
    for (size_t i = 0; i < l->part_count; i++) {
        buf_append(whole, l->parts[i]);
    }
    struct span text = buf_span(whole);
    expect(text.len == l->bytes && !wire_fault(text));
    static const char mark[] = "MIME-Version: 1.0\r\n";
    const char *at = memmem(text.data, text.len, mark, sizeof mark - 1);
    expect(at != NULL);
    return span_rest(text, (size_t)(at - text.data) + sizeof mark - 1);
}

static void check(const struct draft *d, struct span entity, bool eight_bit)
{
    struct span row[] = {SPAN("jo@example.net"), SPAN("J\xc3\xb6\r\nQUIT")};
    struct letter_values values = {
        .values = {.columns = row, .builtin = {{"7", 1}, {"c", 1}}},
        .address = row[0],
        .message_id = SPAN("<key@example.org>"),
        .date_s = 1795491000,
        .eight_bit = eight_bit,
    };
    struct arena arena;
    struct span reason = {0};
    struct letter letter;
    arena_init(&arena);
    if (draft_fill(d, &values, &arena, &letter, &reason)) {
        struct leaves in;
        struct leaves out;
        struct buf whole;
        buf_init(&whole, BYTES_MAX);
        GMimeObject *before = read_parts(entity, &in);
        GMimeObject *after = read_parts(entity_of(&letter, &whole), &out);
        compare(&in, &out);
        g_object_unref(before);
        g_object_unref(after);
        buf_release(&whole);
    }
    arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct span columns[] = {{"email", 5}, {"name", 4}};
    static const struct siphash_key key = {{1, 2, 3}};
    struct buf text;
    buf_init(&text, BYTES_MAX);
    buf_append(&text, SPAN("From: a@b.example\n" CONTENT));
    buf_append(&text, span_from((const char *)data, size));
    struct span entity =
        span_rest(buf_span(&text), strlen("From: a@b.example\n"));
    struct draft_source source = {
        .text = buf_span(&text),
        .origin = {.file = "fuzz", .line = 1},
        .names = {columns, 2},
        .boundary_key = &key,
        .print_key = &key,
    };
    struct err err = {0};
    struct draft *d = draft_compile(&source, &err);
    expect((d == NULL) == (err.status != 0));
    if (d) {
        check(d, entity, false);
        check(d, entity, true);
        draft_destroy(d);
    }
    buf_release(&text);
    return 0;
}
