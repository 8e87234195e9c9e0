/* What is one header of a draft, and how is it filled in?
 *
 * One that is the same in every row is rendered once. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "letter/fields.h"
#include "letter/letter.h"
#include "letter/mailbox.h"

enum { HEADER_VALUES_BYTES_MAX = 8 << 20 /* filled in, of one letter */ };

struct header {
    struct span name; /* in the draft's arena */
    enum field_kind kind;
    struct span fixed;          /* lines that are the same in every row */
    bool fixed_utf8;            /* with an address that is not ASCII */
    bool one_click;             /* as of its field */
    bool joined;                /* its lines are in those of one before */
    struct template *value;     /* of what is no FIELD_ADDRESS */
    struct mailboxes mailboxes; /* of FIELD_ADDRESS */
};

/* What all headers of a draft are compiled with. */
struct header_context {
    const struct draft_source *source;
    struct arena *arena; /* the draft's */
    struct buf *scratch;
    struct err *err;
};

/* EX_DATAERR, and nothing to release. */
bool header_compile(struct header *out, const struct field *field,
                    const struct header_context *context);
void header_release(struct header *h);

/* Where a row's faults are said. */
struct header_row {
    const struct letter_values *values;
    const struct template_names *names;
    bool allow_empty;
    const struct template_value *seen; /* of the values, by index */
    struct arena *arena;
    struct buf *scratch;
    size_t *bytes_left;  /* of HEADER_VALUES_BYTES_MAX */
    struct span *reason; /* set where the answer is false */
};

/* Appends whole lines; nothing where the value is empty. *utf8 becomes true
 * where an address is not ASCII. False: the row may not put that into it, and
 * out has some of it. */
bool header_append(const struct header *h, const struct header_row *row,
                   struct buf *out, bool *utf8);

/* Is this template's use of the row's values allowed in that place (a
 * header's name, or "the sender")? Looks for empty columns, controls, and
 * whether it all is too long. */
bool header_check_values(const struct template *t, struct span place,
                         const struct header_row *row);

/* Sets *row->reason to text made as by printf; always false. */
bool header_refuse(const struct header_row *row, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
