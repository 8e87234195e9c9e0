#include "letter/wire.h"

#include <string.h>

#include "letter/encode.h"

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

const char *wire_fault(struct span message)
{
    size_t line = 0;
    for (size_t i = 0; i < message.len; i++) {
        char c = message.data[i];
        if (c == '\0') {
            return "a NUL byte";
        }
        if (c == '\n') {
            return "a bare line feed";
        }
        if (c == '\r') {
            i++;
            if (i == message.len || message.data[i] != '\n') {
                return "a bare carriage return";
            }
            line = 0;
        } else if (++line > ENCODE_LINE_MAX) {
            return "a line of more than 998 octets";
        }
    }
    return line > 0 ? "no line end at the end" : NULL;
}
