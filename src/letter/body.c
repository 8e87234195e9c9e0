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

/* Bytes that letters share are known by their print. */
static void make_ready(const struct body *b, struct piece *piece,
                       bool eight_bit, struct span bytes)
{
    piece->ready[eight_bit] = bytes;
    if (bytes.len >= BODY_SHARED_FROM) {
        piece->print[eight_bit] = siphash(&b->key, bytes);
    }
}

void body_add_bytes(struct body *b, struct span bytes)
{
    make_ready(b, body_add(b, PIECE_BYTES), false, bytes);
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
    piece->html = escape == TEMPLATE_HTML;
    if (lines.overflowed) {
        err_set(err, EX_DATAERR, "%s:%u: a text of more than %d bytes",
                origin->file, origin->line, BODY_TEXT_BYTES_MAX);
    } else {
        piece->text =
            compile_lines(buf_span(&lines), origin, names, escape, err);
    }
    if (piece->text) {
        template_lines(piece->text, &piece->lines);
    }
    buf_release(&lines);
    return piece->text != NULL;
}

static bool refuse_column(const struct header_row *row, size_t column,
                          const char *what)
{
    struct span name = row->names->columns[column];
    return header_refuse(row, "column \"%.*s\" %s", (int)name.len, name.data,
                         what);
}

static bool check_text(const struct template *t, const struct header_row *row,
                       struct template_look *look, size_t *bytes)
{
    template_look(t, row->seen, look);
    size_t columns = row->names->column_count;
    if (!row->allow_empty && look->empty < columns) {
        return refuse_column(row, look->empty, "is empty");
    }
    if (look->nul < columns) {
        return refuse_column(row, look->nul, "has a NUL byte");
    }
    *bytes += look->bytes;
    return true;
}

bool body_check(const struct body *b, const struct header_row *row,
                struct template_look *looks)
{
    size_t bytes = 0;
    for (size_t i = 0; i < b->count; i++) {
        const struct piece *piece = &b->list[i];
        bool fine = true;
        if (piece->kind == PIECE_FILE) {
            fine = header_check_values(piece->text, SPAN("a file's name"), row);
        } else if (piece->kind == PIECE_TEXT && piece->ready[0].len == 0) {
            fine = check_text(piece->text, row, &looks[i], &bytes);
        }
        if (!fine) {
            return false;
        }
    }
    if (bytes > BODY_TEXT_BYTES_MAX) {
        return header_refuse(row, "a text of more than %d bytes",
                             BODY_TEXT_BYTES_MAX);
    }
    return true;
}

/* Asks for the file of that row. */
static struct enclosure_request request(const struct piece *piece,
                                        const struct header_row *row)
{
    buf_clear(row->scratch);
    template_fill(piece->text, row->seen, row->scratch);
    return (struct enclosure_request){
        .file = arena_copy(row->arena, buf_span(row->scratch)),
        .inlined = piece->inlined,
    };
}

bool body_look(const struct body *b, const struct header_row *row)
{
    const struct enclosures *e = &b->enclosures;
    for (size_t i = 0; i < b->count; i++) {
        if (b->list[i].kind == PIECE_FILE) {
            struct enclosure_request file = request(&b->list[i], row);
            if (!e->look(e->context, &file, row->arena, row->reason)) {
                return false;
            }
        }
    }
    return true;
}

bool body_take(const struct body *b, const struct header_row *row,
               struct enclosure *files)
{
    const struct enclosures *e = &b->enclosures;
    for (size_t i = 0; i < b->count; i++) {
        if (b->list[i].kind == PIECE_FILE) {
            struct enclosure_request file = request(&b->list[i], row);
            if (!e->take(e->context, &file, row->arena, files++, row->reason)) {
                return false;
            }
        }
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

static const struct span quoted = {"quoted-printable\r\n\r\n", 20};
static const struct span base64 = {"base64\r\n\r\n", 10};

/* What begins at `from` is a header and, at `text`, what it speaks of: both
 * are written anew, by the shorter way. */
static void encode_again(struct buf *out, size_t from, size_t text,
                         struct buf *scratch)
{
    buf_clear(scratch);
    buf_append(scratch, span_rest(buf_span(out), text));
    struct span plain = buf_span(scratch);
    buf_truncate(out, from);
    buf_append(out, SPAN("Content-Transfer-Encoding: "));
    size_t way = out->len;
    buf_append(out, quoted);
    encode_quoted_printable(out, plain);
    size_t bytes = out->len - way - quoted.len;
    if (bytes > encode_base64_lines_size(plain)) {
        buf_truncate(out, way);
        buf_append(out, base64);
        encode_base64_lines(out, plain);
    }
}

/* How the text, filled in with these values, must be encoded, where its lines
 * are known well enough; else by looking. */
static struct encode_facts facts_of(const struct piece *piece,
                                    const struct template_look *look,
                                    struct span text)
{
    const struct template_lines *lines = &piece->lines;
    if (look && lines->known && !(lines->begins && look->opens) &&
        look->control == TEMPLATE_NO_VALUE &&
        look->bytes - lines->text_bytes + lines->longest <= ENCODE_LINE_MAX) {
        return (struct encode_facts){.needed = lines->needed,
                                     .eight_bit = lines->high || look->high};
    }
    return encode_look(text);
}

/* True where it is 8bit. */
static bool append_text(const struct piece *piece,
                        const struct template_look *look, struct body_letter *l)
{
    struct buf *out = l->out;
    size_t from = out->len;
    buf_append(out, encoding_7bit);
    buf_append(out, SPAN("\r\n"));
    size_t text = out->len;
    template_fill(piece->text, l->seen, out);
    if (piece->ends_line && !span_ends(buf_span(out), SPAN("\r\n"))) {
        buf_append(out, SPAN("\r\n"));
    }
    struct encode_facts facts =
        facts_of(piece, look, span_rest(buf_span(out), text));
    if (facts.bare) {
        make_lines(out, text, l->scratch);
        facts = encode_look(span_rest(buf_span(out), text));
    }
    assert(!facts.nul && !facts.bare && !out->overflowed);
    l->html_bytes += piece->html ? out->len - text : 0;
    if (facts.needed || (facts.eight_bit && !l->takes_eight_bit)) {
        encode_again(out, from, text, l->scratch);
        return false;
    }
    if (facts.eight_bit) {
        out->data[from + DIGIT_AT] = '8';
    }
    return facts.eight_bit;
}

static void share(struct body_letter *l, struct span bytes,
                  const struct siphash_print *print)
{
    if (bytes.len >= BODY_SHARED_FROM) {
        l->cuts[l->cut_count++] = (struct body_cut){l->out->len, bytes, *print};
    } else {
        buf_append(l->out, bytes);
    }
}

/* The innermost to the outermost container that is open at piece i. */
static void mark_containers(const struct body *b, size_t i,
                            struct body_letter *l)
{
    for (size_t c = 0; c < i; c++) {
        if (b->list[c].kind == PIECE_CONTAINER && b->list[c].end > i) {
            l->out->data[l->places[c] + DIGIT_AT] = '8';
        }
    }
}

/* True where it is 8bit. */
static bool append_piece(const struct piece *piece,
                         const struct template_look *look,
                         struct body_letter *l)
{
    bool eight_bit = piece->kind == PIECE_TEXT && l->takes_eight_bit;
    switch (piece->kind) {
    case PIECE_BYTES:
        share(l, piece->ready[0], &piece->print[0]);
        return false;
    case PIECE_CONTAINER:
        buf_append(l->out, encoding_7bit);
        return false;
    case PIECE_FILE:
        share(l, l->files->part, &l->files->print);
        l->files++;
        return false;
    case PIECE_TEXT:
        break;
    }
    if (piece->ready[0].len == 0) {
        return append_text(piece, look, l);
    }
    share(l, piece->ready[eight_bit], &piece->print[eight_bit]);
    l->html_bytes += piece->html_bytes;
    return eight_bit && piece->ready_eight_bit;
}

void body_append(const struct body *b, struct body_letter *l)
{
    l->cut_count = 0;
    l->html_bytes = 0;
    l->eight_bit = false;
    for (size_t i = 0; i < b->count; i++) {
        l->places[i] = l->out->len;
        if (append_piece(&b->list[i], &l->looks[i], l)) {
            mark_containers(b, i, l);
            l->eight_bit = true;
        }
    }
}

void body_prepare(struct body *b, struct arena *arena, struct buf *scratch)
{
    struct buf out;
    buf_init(&out, BODY_BYTES_MAX);
    struct body_letter letter = {.out = &out, .scratch = scratch};
    for (size_t i = 0; i < b->count; i++) {
        struct piece *piece = &b->list[i];
        if (piece->kind != PIECE_TEXT || !template_fixed(piece->text)) {
            continue;
        }
        for (int eight_bit = 0; eight_bit < 2; eight_bit++) {
            letter.takes_eight_bit = eight_bit;
            buf_clear(&out);
            letter.html_bytes = 0;
            piece->ready_eight_bit = append_text(piece, NULL, &letter);
            piece->html_bytes = letter.html_bytes;
            make_ready(b, piece, eight_bit, arena_copy(arena, buf_span(&out)));
        }
    }
    buf_release(&out);
}
