#include "letter/body.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "letter/encode.h"
#include "letter/wire.h"

/* "7bit" and "8bit" are of one length: the digit is set when it is known. */
static const struct span encoding_7bit = {"Content-Transfer-Encoding: 7bit\r\n",
                                          33};
enum { DIGIT_AT = 27 };

void body_release(struct body *b)
{
    for (size_t i = 0; i < b->count; i++) {
        template_destroy(b->list[i].text);
    }
    free(b->list);
    *b = (struct body){0};
}

struct piece *body_add(struct body *b, enum piece_kind kind)
{
    if (b->count == b->cap) {
        b->cap = b->cap ? b->cap * 2 : 8;
        b->list = mem_resize(b->list, b->cap, sizeof *b->list);
    }
    b->list[b->count] = (struct piece){.kind = kind};
    return &b->list[b->count++];
}

/* Partials with their line ends as CRLF, as the text's own are. */
struct partials {
    const struct template_source *source;
    struct arena arena;
};

static struct template_partial find_partial(void *context, struct span name)
{
    struct partials *p = context;
    struct template_partial found =
        p->source->partial(p->source->context, name);
    if (found.text.len == 0) {
        return found;
    }
    struct buf lines;
    buf_init(&lines, TEMPLATE_BYTES_MAX * 2);
    wire_append_lines(&lines, found.text);
    found.text = arena_copy(&p->arena, buf_span(&lines));
    buf_release(&lines);
    return found;
}

static struct template *compile_lines(struct span text,
                                      const struct template_source *origin,
                                      const struct template_names *names,
                                      enum template_escape escape,
                                      struct err *err)
{
    struct template_source source = *origin;
    struct partials partials = {.source = origin};
    arena_init(&partials.arena);
    if (origin->partial) {
        source.partial = find_partial;
        source.context = &partials;
    }
    struct template *t = template_compile(text, &source, names, escape, err);
    arena_release(&partials.arena);
    return t;
}

bool body_add_text(struct body *b, struct span text,
                   const struct template_source *origin,
                   const struct template_names *names,
                   enum template_escape escape, struct err *err)
{
    struct buf lines;
    buf_init(&lines, BODY_TEXT_BYTES_MAX);
    wire_append_lines(&lines, text);
    struct piece *piece = body_add(b, PIECE_TEXT);
    if (lines.overflowed) {
        err_set(err, EX_DATAERR, "%s:%u: a text of more than %d bytes",
                origin->file, origin->line, BODY_TEXT_BYTES_MAX);
    } else {
        piece->text =
            compile_lines(buf_span(&lines), origin, names, escape, err);
    }
    buf_release(&lines);
    return piece->text != NULL;
}

bool body_check(const struct body *b, const struct header_row *row)
{
    size_t bytes = 0;
    for (size_t i = 0; i < b->count; i++) {
        const struct template *t = b->list[i].text;
        if (!t || b->list[i].ready[0].len > 0) {
            continue;
        }
        struct template_look look;
        template_look(t, &row->values->values, &look);
        size_t index = row->names->column_count;
        index = row->allow_empty ? index : look.empty;
        if (index < row->names->column_count) {
            struct span name = row->names->columns[index];
            return header_refuse(row, "column \"%.*s\" is empty", (int)name.len,
                                 name.data);
        }
        if (look.nul < row->names->column_count) {
            struct span name = row->names->columns[look.nul];
            return header_refuse(row, "column \"%.*s\" has a NUL byte",
                                 (int)name.len, name.data);
        }
        bytes += look.bytes_max;
    }
    if (bytes > BODY_TEXT_BYTES_MAX) {
        return header_refuse(row, "a text of more than %d bytes",
                             BODY_TEXT_BYTES_MAX);
    }
    return true;
}

/* What begins at `from` in out is text: its line ends become CRLF. */
static void make_lines(struct buf *out, size_t from, struct buf *scratch)
{
    buf_clear(scratch);
    buf_append(scratch, span_rest(buf_span(out), from));
    buf_truncate(out, from);
    wire_append_lines(out, buf_span(scratch));
}

/* What begins at `from` is a header and, at `text`, what it speaks of: both
 * are written anew, by the shorter way. */
static void encode_again(struct buf *out, size_t from, size_t text,
                         struct buf *scratch)
{
    buf_clear(scratch);
    buf_append(scratch, span_rest(buf_span(out), text));
    buf_truncate(out, from);
    struct span plain = buf_span(scratch);
    buf_append(out, SPAN("Content-Transfer-Encoding: "));
    if (encode_quoted_printable_size(plain) <=
        encode_base64_lines_size(plain)) {
        buf_append(out, SPAN("quoted-printable\r\n\r\n"));
        encode_quoted_printable(out, plain);
    } else {
        buf_append(out, SPAN("base64\r\n\r\n"));
        encode_base64_lines(out, plain);
    }
}

/* True where it is 8bit. */
static bool append_text(const struct piece *piece,
                        const struct letter_values *values, struct buf *scratch,
                        struct buf *out)
{
    size_t from = out->len;
    buf_append(out, encoding_7bit);
    buf_append(out, SPAN("\r\n"));
    size_t text = out->len;
    template_fill(piece->text, &values->values, out);
    if (piece->ends_line && !span_ends(buf_span(out), SPAN("\r\n"))) {
        buf_append(out, SPAN("\r\n"));
    }
    struct encode_facts facts = encode_look(span_rest(buf_span(out), text));
    if (facts.bare) {
        make_lines(out, text, scratch);
        facts = encode_look(span_rest(buf_span(out), text));
    }
    assert(!facts.nul && !facts.bare && !out->overflowed);
    if (facts.needed || (facts.eight_bit && !values->eight_bit)) {
        encode_again(out, from, text, scratch);
        return false;
    }
    if (facts.eight_bit) {
        out->data[from + DIGIT_AT] = '8';
    }
    return facts.eight_bit;
}

static void append_bytes(struct span bytes, struct buf *out,
                         struct body_cut *cuts, size_t *cut_count)
{
    if (bytes.len >= BODY_SHARED_FROM) {
        cuts[(*cut_count)++] =
            (struct body_cut){.at = out->len, .shared = bytes};
    } else {
        buf_append(out, bytes);
    }
}

/* The innermost to the outermost container that is open at piece i. */
static void mark_containers(const struct body *b, size_t i, struct buf *out,
                            const size_t *places)
{
    for (size_t c = 0; c < i; c++) {
        if (b->list[c].kind == PIECE_CONTAINER && b->list[c].end > i) {
            out->data[places[c] + DIGIT_AT] = '8';
        }
    }
}

size_t body_append(const struct body *b, const struct letter_values *values,
                   struct buf *scratch, struct buf *out, struct body_cut *cuts,
                   bool *eight_bit_out)
{
    size_t places[BODY_PIECES_MAX]; /* of the containers' headers */
    size_t cut_count = 0;
    *eight_bit_out = false;
    for (size_t i = 0; i < b->count; i++) {
        const struct piece *piece = &b->list[i];
        bool eight_bit = false;
        places[i] = out->len;
        switch (piece->kind) {
        case PIECE_BYTES:
            append_bytes(piece->bytes, out, cuts, &cut_count);
            eight_bit = piece->ready_eight_bit;
            break;
        case PIECE_CONTAINER:
            buf_append(out, encoding_7bit);
            break;
        case PIECE_TEXT:
            if (piece->ready[0].len > 0) {
                append_bytes(piece->ready[values->eight_bit], out, cuts,
                             &cut_count);
                eight_bit = values->eight_bit && piece->ready_eight_bit;
            } else {
                eight_bit = append_text(piece, values, scratch, out);
            }
            break;
        }
        if (eight_bit) {
            mark_containers(b, i, out, places);
            *eight_bit_out = true;
        }
    }
    return cut_count;
}

void body_prepare(struct body *b, struct arena *arena, struct buf *scratch)
{
    struct buf out;
    buf_init(&out, BODY_BYTES_MAX);
    for (size_t i = 0; i < b->count; i++) {
        struct piece *piece = &b->list[i];
        if (piece->kind != PIECE_TEXT || !template_fixed(piece->text)) {
            continue;
        }
        for (int eight_bit = 0; eight_bit < 2; eight_bit++) {
            struct letter_values values = {.eight_bit = eight_bit};
            buf_clear(&out);
            piece->ready_eight_bit = append_text(piece, &values, scratch, &out);
            piece->ready[eight_bit] = arena_copy(arena, buf_span(&out));
        }
    }
    buf_release(&out);
}
