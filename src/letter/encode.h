/* How is text that is not plain ASCII, or too long, written in a message?
 *
 * Pure. What varies from row to row is encoded here; GMime is the oracle of
 * the tests. All text is UTF-8, its line ends already CRLF. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/span.h"

enum {
    ENCODE_FOLD_AT = 78,   /* RFC 5322 2.1.1: should */
    ENCODE_LINE_MAX = 998, /* RFC 5322 2.1.1: must, without the CRLF */
};

/* RFC 2045 6.7. Soft line breaks at 76; CRLF stays, a blank before it, bytes
 * above 0x7e, controls and = are escaped, and so is the first letter of a
 * line that begins with an SMTP verb, and a lone "." or "From ". */
void encode_quoted_printable(struct buf *out, struct span text);

/* RFC 2045 6.8, lines of 76; one that would begin with a verb has a line end
 * within it. */
void encode_base64_lines(struct buf *out, struct span data);
/* One line (RFC 4648 4). */
void encode_base64(struct buf *out, struct span data);

/* The bytes that they would take, without writing them (of base64 but for the
 * rare line end within a line that would begin with a verb). */
size_t encode_quoted_printable_size(struct span text);
size_t encode_base64_lines_size(struct span data);

/* What a text is made of, seen in one pass. */
struct encode_facts {
    bool needed;    /* as encode_needed */
    bool eight_bit; /* a byte above 0x7f */
    bool bare;      /* a CR or LF that is not part of a CRLF */
    bool nul;
};
struct encode_facts encode_look(struct span text);

/* Must this text be encoded even where all of it is ASCII? So with a line
 * above 998 octets, a control, a bare CR or LF, a line that begins with an
 * SMTP verb (any case, blanks before it), since no relay that loses step may
 * run it as a command, or one that begins as our MIME boundaries do. */
bool encode_needed(struct span text);

/* May what comes behind this beginning of a line decide whether the line must
 * be encoded, or must it be already? Where not, only its length, its controls
 * and its bytes above 0x7f can. */
bool encode_open(struct span beginning);

/* The same by its first two bytes alone: true more often. */
bool encode_may_open(struct span beginning);

/* Does this line begin with an SMTP verb: blanks, the verb, and then no
 * letter? */
bool encode_verb_first(struct span line);

/* With these every boundary of ours begins; no encoded text has them at the
 * beginning of a line. */
#define ENCODE_BOUNDARY_PREFIX "=_"

/* `Name: value` CRLF, folded at 78 (RFC 5322 2.2.3), words that are not ASCII
 * as RFC 2047 encoded-words that split between characters. A value that looks
 * like an encoded-word is encoded, so that it stays text, and so are blanks at
 * its ends and what would begin a line with an SMTP verb. Nothing is folded
 * right behind `Name:`. `value` has no control (asserted). */
void encode_header_text(struct buf *out, struct span name, struct span value);

/* The same for what is no text but a structure (Message-ID, References): folded
 * at its blanks and never encoded. False, with nothing appended, where it is
 * not ASCII, has a control, or a word too long for a line. */
bool encode_header_raw(struct buf *out, struct span name, struct span value);

/* One mailbox of an address header: `phrase <address>`, quoted (RFC 5322
 * 3.2.4) or encoded as its characters need; `address` alone where the phrase
 * is empty (in angle brackets where it begins with an SMTP verb). Appends a
 * blank and the mailbox; *column is the place in the line before and after, and
 * it folds where 78 would be passed. Neither has a control (asserted of the
 * phrase). */
void encode_mailbox(struct buf *out, size_t *column, struct span phrase,
                    struct span address);

/* `Name: words <id>` CRLF, as above (RFC 2919 3); words are not empty. Readers
 * take it for text: nothing is folded right behind `Name:`. */
void encode_list_id(struct buf *out, struct span name, struct span words,
                    struct span id);

/* `Name: value`, which parameters may follow; value has no blank. It begins a
 * line of its own where it is long. The place in the line behind it. */
size_t encode_structure(struct buf *out, struct span name, struct span value);

/* `; name="value"`, or by RFC 2231 where it is not plain, folded as above.
 * `value` has no control (asserted). */
void encode_parameter(struct buf *out, size_t *column, struct span name,
                      struct span value);
