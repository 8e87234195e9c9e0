#include "letter/template_lines.h"

#include "base/ascii.h"
#include "letter/encode.h"
#include "letter/template_ops.h"

/* The line under way. */
struct line {
    size_t bytes; /* fixed ones */
    bool varies;  /* a value is in it */
};

/* A piece of a line: its only one, or beside values. */
static void add_piece(struct template_lines *lines, struct line *line,
                      struct span piece)
{
    struct ascii_facts bytes = ascii_look(piece);
    lines->high = lines->high || bytes.high;
    for (size_t i = 0; bytes.control && i < piece.len; i++) {
        char c = piece.data[i];
        lines->known = lines->known && (c == '\t' || !ascii_is_control(c));
    }
    line->bytes += piece.len;
}

static void end_line(struct template_lines *lines, struct line *line)
{
    if (line->varies && line->bytes > lines->longest) {
        lines->longest = line->bytes;
    }
    lines->needed =
        lines->needed || (!line->varies && line->bytes > ENCODE_LINE_MAX);
    *line = (struct line){0};
}

/* Up to the CRLF, or the end. */
static size_t piece_bytes(struct span text)
{
    size_t len = span_find(text, '\n');
    return len < text.len && len > 0 && text.data[len - 1] == '\r' ? len - 1
                                                                   : text.len;
}

static void add_text(struct template_lines *lines, struct line *line,
                     struct span text, bool more_behind)
{
    lines->text_bytes += text.len;
    for (;;) {
        size_t len = piece_bytes(text);
        bool ends = len < text.len;
        struct span piece = span_slice(text, 0, len);
        bool begins = line->bytes == 0 && !line->varies;
        if (begins && !ends && more_behind) {
            lines->known =
                lines->known && (piece.len == 0 || !encode_open(piece));
        } else if (begins) {
            lines->needed = lines->needed || encode_needed(piece);
        }
        add_piece(lines, line, piece);
        if (!ends) {
            return;
        }
        end_line(lines, line);
        text = span_rest(text, len + 2);
    }
}

void template_lines(const struct template *t, struct template_lines *out)
{
    struct line line = {0};
    *out = (struct template_lines){.known = true};
    for (size_t i = 0; i < t->count; i++) {
        const struct template_op *op = &t->ops[i];
        if (op->kind == TEMPLATE_OP_TEXT) {
            add_text(out, &line, op->text, i + 1 < t->count);
        } else if (op->kind == TEMPLATE_OP_VALUE) {
            out->begins = out->begins || (line.bytes == 0 && !line.varies);
            line.varies = true;
        } else {
            out->known = false;
        }
    }
    end_line(out, &line);
}
