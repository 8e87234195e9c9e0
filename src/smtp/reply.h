/* What did the server say?
 *
 * Pure. An incremental parser of replies (RFC 5321 4.2): bytes go in as they
 * come, whole replies come out. CRLF or a lone LF ends a line; of a line 4 KiB
 * are kept, of a reply 64 KiB and 512 lines are allowed. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/span.h"

struct reply {
    unsigned code;        /* 200 to 599 */
    struct span enhanced; /* RFC 2034 "5.1.1", of the code's own class; or
                             empty */
    struct span text;     /* all lines, joined with a space, without codes;
                             the enhanced code stands once, in front */
};

enum reply_result {
    REPLY_WHOLE,
    REPLY_PARTIAL,   /* more bytes are needed; all given were taken */
    REPLY_MALFORMED, /* no reply; the parser takes no more */
};

struct reply_parser {
    struct buf line;  /* the one under way */
    struct buf text;  /* of the reply under way, as struct reply has it */
    struct buf lines; /* of the reply under way, each with an LF */
    size_t bytes;     /* of the reply under way, as they came */
    unsigned code;    /* of its first line */
    unsigned line_count;
    bool whole;     /* the last call gave a reply */
    bool malformed; /* for good */
};

void reply_parser_init(struct reply_parser *p);
void reply_parser_release(struct reply_parser *p);

/* Takes bytes off the front of *input up to the end of one reply. The spans
 * of *out live until the next call. */
enum reply_result reply_parse(struct reply_parser *p, struct span *input,
                              struct reply *out);

/* The lines of the reply just given, without codes, each with an LF (EHLO's
 * keywords stand one a line). Lives until the next call. */
struct span reply_lines(const struct reply_parser *p);

/* One reply from one text, as `classify` reads them: lines parted by LF.
 * False: no reply. The spans of *out are into *scratch. */
bool reply_from_text(struct span text, struct buf *scratch, struct reply *out);

/* "d.d.d" at the start of the text, where its class is the code's; else
 * empty. */
struct span reply_enhanced(unsigned code, struct span text);
