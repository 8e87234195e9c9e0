/* Are these bytes UTF-8, and what is safe to show of them?
 *
 * RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"

/* Length in bytes (1 to 4) of the character at the start of s, with its code
 * point; 0 where s is empty or does not start with a whole character. */
size_t utf8_next(struct span s, uint32_t *code_point_out);

bool utf8_valid(struct span s);

/* Any of U+0080 to U+009F, the controls of C1? s is UTF-8. */
bool utf8_any_c1(struct span s);

/* Appends s so that it is harmless on a terminal and in a one-line log:
 * controls (C0, DEL, C1), bidirectional overrides, line and paragraph
 * separators and bytes that are no UTF-8 become \xNN; TAB becomes a space;
 * a backslash is doubled. All else stays as it is. */
void utf8_append_printable(struct buf *out, struct span s);
