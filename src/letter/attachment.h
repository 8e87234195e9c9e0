/* How is a file written into a letter? As a part of its own: headers, an empty
 * line, the bytes as base64. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/span.h"

/* What stands behind the last slash. */
struct span attachment_name(struct span path);

/* NULL: it can be a file's name in a letter; else why not: it is empty, has a
 * control character, or is no UTF-8. */
const char *attachment_name_fault(struct span name);

/* Appends the part. The name is fine (asserted). An inlined one is shown where
 * the HTML has `cid:NAME`; it can be looked for with attachment_cited. */
void attachment_append(struct buf *out, struct span name, struct span bytes,
                       bool inlined);

/* Does this HTML show a picture of that name, as `cid:NAME`? Names that are
 * not letters, digits, `.`, `-` and `_` alone are not looked for. */
bool attachment_cited(struct span html, struct span name);
