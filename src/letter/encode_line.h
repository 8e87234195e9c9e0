/* What is a header line under way? For the files of letter/encode. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/span.h"

enum {
    ENCODE_WORDS_LINE = 76,  /* RFC 2047 2: a line that has an encoded-word */
    ENCODE_FRAME = 12,       /* =?utf-8?q? and ?= */
    ENCODE_ROOM_MIN = 12,    /* one character of four bytes, Q-encoded */
    ENCODE_WORD_MAX = 900,   /* a longer one does not fit a line */
    ENCODE_QUOTED_MAX = 900, /* the same, of one in quotes */
};

/* `column` is the place in the line, counted from 0. */
struct encode_line {
    struct buf *out;
    size_t column;
    bool empty; /* nothing is behind `Name:` or the fold: no fold helps */
};

static inline void encode_line_add(struct encode_line *l, struct span s)
{
    buf_append(l->out, s);
    l->column += s.len;
}

static inline void encode_line_fold(struct encode_line *l)
{
    buf_append(l->out, SPAN("\r\n"));
    l->column = 0;
}

static inline bool encode_looks_encoded(struct span s)
{
    for (size_t at = span_find(s, '='); at < s.len;) {
        if (at + 1 < s.len && s.data[at + 1] == '?') {
            return true;
        }
        at++;
        at += span_find(span_rest(s, at), '=');
    }
    return false;
}

static inline bool encode_among(struct span set, char c)
{
    return span_find(set, c) < set.len;
}
