/* Is this a message that may go over the wire? CRLF only, no bare CR or LF, no
 * NUL, lines of at most 998 octets, a line end at the end. */
#pragma once

#include <stddef.h>

#include "base/span.h"
#include "letter/encode.h"

/* NULL: yes; else why not. */
static const char *wire_fault(struct span message)
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
