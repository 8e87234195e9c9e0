/* How is JSON written? One object a line, fields in the order of the calls
 * (RFC 8259; bytes that are no UTF-8 become U+FFFD, controls are escaped). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"

void json_open(struct buf *out);  /* { as a value or at the top */
void json_close(struct buf *out); /* } */
void json_name(struct buf *out, const char *name); /* "name":, with a comma */
void json_name_span(struct buf *out, struct span name);
/* A string value, with a comma where one is due: also in an array, whose
 * brackets are the caller's. */
void json_text(struct buf *out, struct span text);
void json_number(struct buf *out, uint64_t number);
void json_bool(struct buf *out, bool truth);

/* A whole member. */
void json_add_text(struct buf *out, const char *name, struct span text);
void json_add_number(struct buf *out, const char *name, uint64_t number);
void json_add_bool(struct buf *out, const char *name, bool truth);
