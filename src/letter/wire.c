#include "letter/wire.h"

void wire_append_lines(struct buf *out, struct span text)
{
    while (text.len > 0) {
        size_t line = span_find(text, '\n');
        size_t cr = span_find(span_slice(text, 0, line), '\r');
        buf_append(out, span_slice(text, 0, cr));
        size_t next = cr;
        next += next < text.len && text.data[next] == '\r';
        next += next < text.len && text.data[next] == '\n';
        if (next > cr) {
            buf_append(out, SPAN("\r\n"));
        }
        text = span_rest(text, next);
    }
}
