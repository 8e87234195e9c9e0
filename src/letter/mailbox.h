/* Who is named in an address header, as a template?
 *
 * Each mailbox of the header is a phrase and an address of their own, found
 * in the template's text: what a row's values hold can neither add a mailbox
 * nor move an address. Encoded-words of the draft are decoded once. A draft
 * that readers could take for other mailboxes is refused (mailbox_parts.h). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "letter/letter.h"
#include "letter/template.h"

struct mailbox {
    struct template *phrase;  /* NULL: none */
    bool phrase_exact;        /* it is one value: its blanks are its own */
    struct template *address; /* NULL: the row's own, cleaned */
};

struct mailboxes {
    struct mailbox *list;
    size_t count;
    struct span domain; /* of the first address, as A-labels, where it is the
                           same in every row, else empty; owned */
};

void mailboxes_release(struct mailboxes *m);

/* What is said of all headers of a draft. */
struct mailbox_context {
    const struct template_names *names;
    size_t address_column;
    struct err *err;
};

/* The value of an address header, folded as it stood; origin says where it
 * begins. EX_DATAERR: no list of mailboxes, or a template's error. */
bool mailboxes_compile(struct mailboxes *out, struct span value,
                       const struct template_source *origin,
                       const struct mailbox_context *context);

/* A group of nobody, "undisclosed-recipients:;" (RFC 5322 3.4): no mailbox,
 * and fixed. */
bool mailboxes_empty_group(struct span value);

/* Appends the address filled in, or the row's own, its domain as A-labels,
 * and nothing where there is none. NULL: fine; else why it is no address, and
 * nothing useful was appended. */
const char *mailbox_append_address(const struct mailbox *m, struct span own,
                                   const struct template_value *values,
                                   struct buf *out);

/* May this stand between angle brackets? The local part may be quoted or
 * UTF-8. NULL: yes, else why not. */
const char *mailbox_address_fault(struct span address);

/* Does the same to an address that stands in the buffer from there on. */
const char *mailbox_finish_address(struct buf *out, size_t from);
