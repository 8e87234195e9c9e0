/* What is known of a text's lines before it is filled in?
 *
 * Pure. Most texts need not be looked at again in every letter: where each
 * line's beginning is fixed, values without controls cannot change how the
 * text must be encoded, but for their own bytes and the length of the lines. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "letter/template.h"

struct template_lines {
    bool known;        /* else what stands here says nothing */
    bool begins;       /* a line begins with a value: what stands here counts
                          where no value may make it a command */
    bool needed;       /* a line must be encoded (encode_needed) */
    bool high;         /* a byte above 0x7f */
    size_t text_bytes; /* without values */
    size_t longest;    /* line that has values; its fixed bytes */
};

/* Of a text with CRLF alone. Never known where it has sections. */
void template_lines(const struct template *t, struct template_lines *out);
