/* What does a header's text say that has encoded-words (RFC 2047)?
 *
 * Blanks between two of them are dropped. Neighbours of one charset are read
 * as one, for some writers cut a character in two. What has not the shape of
 * an encoded-word is text. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "letter/template.h"

/* Appends the text in UTF-8, checked as fields_check_text does. EX_DATAERR: a
 * word of a charset that is not known, bytes that are none of it, a line end in
 * a word. */
bool encoded_text_append(struct buf *out, struct span text,
                         const struct template_source *source, struct err *err);
