/* What is in the content of a message, as it comes in?
 *
 * Pure. It is counted, its Message-ID is read from its header, and on request
 * it is kept. DATA's dots are taken out: only CRLF . CRLF ends a content (RFC
 * 5321 4.5.2); a bare CR or LF is a byte like any other. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"

enum {
    CONTENT_KEPT_BYTES_MAX = 32 << 20,
    CONTENT_LINE_BYTES = 1000, /* of a header line: RFC 5322 2.1.1 */
};

struct content {
    uint64_t bytes;
    struct buf kept; /* all of it where `keep`; overflowed: it is too big */
    bool keep;
    enum { CONTENT_HEADER, CONTENT_ID_FOLDED, CONTENT_REST } place;
    enum {
        CONTENT_LINE_START, /* behind a CRLF, or at the very start */
        CONTENT_DOT,        /* behind CRLF . */
        CONTENT_DOT_CR,     /* behind CRLF . CR */
        CONTENT_TEXT,
        CONTENT_TEXT_CR, /* behind a CR in a text */
    } dots;
    char line[CONTENT_LINE_BYTES]; /* header line cut by the end of a chunk */
    size_t line_bytes;
    char id[CONTENT_LINE_BYTES];
    size_t id_bytes;
};

void content_init(struct content *c, bool keep);
void content_release(struct content *c);
void content_start(struct content *c); /* the next message */

/* As BDAT brings it. */
void content_add(struct content *c, struct span bytes);

/* As DATA brings it: takes bytes off the front of *bytes up to the end of the
 * content, and is true when it was reached. */
bool content_add_dotted(struct content *c, struct span *bytes);

/* `<…>` or whatever stands in its place; empty: none. */
struct span content_message_id(const struct content *c);
