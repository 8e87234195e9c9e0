/* What is one contact's message, as bytes?
 *
 * A draft is the template parsed once (GMime) and compiled into fixed and
 * variable parts; a letter is the draft filled in with one row. Fixed parts
 * are encoded once for the run and shared by all letters. Message-ID and Date
 * come in, so that a letter is a pure function of its draft and its values. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/siphash.h"
#include "base/span.h"
#include "letter/enclosure.h"
#include "letter/template.h"

/* What the draft is made of; all borrowed for draft_compile alone, but the
 * names and who brings the enclosures, which live as long as the draft. */
struct draft_source {
    struct span text;              /* of the template file */
    struct template_source origin; /* its name, and how to find partials */
    struct template_names names;
    size_t address_column;      /* To: is made from it where missing */
    const struct span *headers; /* -H "Name: value", templates */
    size_t header_count;
    struct span unsubscribe_url;    /* --unsubscribe-url, a template */
    struct span unsubscribe_mailto; /* --unsubscribe-mailto, a template */
    struct span html;               /* --html: the text's other form; or NULL */
    struct template_source html_origin;
    const struct span *attach; /* --attach FILE, templates */
    size_t attach_count;
    struct enclosures enclosures;           /* who brings those files */
    struct span sender;                     /* -f, a template; empty: From's */
    bool allow_empty;                       /* --allow-empty */
    struct siphash_key const *boundary_key; /* MIME boundaries derive from it */
    struct siphash_key const *print_key;    /* and the prints of letters */
};

struct draft;

/* NULL: EX_DATAERR with file, line, column: no From, a control character, an
 * unknown name, a header that is none, a single-instance header twice; EX_USAGE
 * for a `headers`, `sender` or `attach` that is none; EX_NOINPUT for a file
 * that is the same in every row and cannot be had. Starts GMime, for the
 * process. One thread fills in a draft at a time: its letters are made in
 * memory of its own and then copied to the arena. */
struct draft *draft_compile(const struct draft_source *source, struct err *err);
void draft_destroy(struct draft *d);

struct letter_values {
    struct template_values values; /* builtin[] filled in, but for those that
                                      follow here */
    struct span address;           /* local@a-label-domain, for To: */
    struct span message_id;        /* with its angle brackets; empty where the
                                      template has a Message-ID of its own */
    int64_t date_s;                /* seconds since 1970 */
    bool eight_bit;                /* the relay has 8BITMIME */
};

/* The domain of this row's first From address, as A-labels, for Message-IDs;
 * empty where the row has no such address. Lives as long as the arena. */
struct span draft_sender_domain(const struct draft *d,
                                const struct letter_values *values,
                                struct arena *arena);

struct letter {
    const struct span *parts; /* in order; in the arena, held by it, or the
                                 draft's own */
    size_t part_count;
    size_t bytes;           /* of all parts */
    size_t html_bytes;      /* of its HTML, as a reader decodes it */
    struct span sender;     /* the envelope's, A-labels; empty: <> */
    struct span message_id; /* as it stands in the header */
    bool has_eight_bit;     /* a part is 8bit: BODY=8BITMIME */
    bool needs_smtputf8;    /* a header or the sender is UTF-8 */
};

/* What draft_fill would say of this row, without making the letter: cheap
 * enough for the first reading of a million rows. Message-ID, date and
 * eight_bit are not looked at; files are, but they are not read. */
bool draft_check(const struct draft *d, const struct letter_values *values,
                 struct arena *arena, struct span *reason_out);

/* False: this row cannot be a letter, and *reason_out (in the arena, or a
 * constant) says why: a control character in a header, an empty field, a
 * sender that is no address, a file that cannot be had. */
bool draft_fill(const struct draft *d, const struct letter_values *values,
                struct arena *arena, struct letter *out,
                struct span *reason_out);

/* Two rows' letters are the same, but for what their values say of Message-ID,
 * date and eight_bit, where their prints are. False as of draft_fill. */
bool draft_print(const struct draft *d, const struct letter_values *values,
                 struct arena *arena, struct siphash_print *print_out,
                 struct span *reason_out);
