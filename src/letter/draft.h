/* What is in a draft? For the files of the letter room that make and fill it
 * in. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "letter/body.h"
#include "letter/fields.h"
#include "letter/header.h"
#include "letter/letter.h"

/* Memory that all letters are made in, one after the other. */
struct workbench {
    struct buf scratch;
    size_t header_bytes_left; /* of the row that is checked */
    struct buf out;
    struct body_cut *cuts;   /* as many as there are pieces, */
    struct enclosure *files; /* and so are these */
    size_t *places;
    struct template_look *looks;
    struct template_value *seen; /* as many as there are values */
    int64_t date_s;              /* of the texts that follow; -1: none yet */
    struct buf date;             /* the Date header's value */
    struct buf day;              /* {{mailshot.date}} */
};

/* A value, and how it is written. */
struct draft_named {
    size_t index;
    unsigned forms;
};

struct draft {
    struct template_names names;
    bool allow_empty;
    struct header *headers;
    size_t header_count;
    const struct header *from;
    const struct header *message_id; /* NULL: it comes with the values */
    bool has_date;
    struct mailboxes sender; /* -f; none: From's */
    bool null_sender;        /* -f '<>' */
    struct span same_sender; /* every row's; empty: it varies */
    struct body body;
    struct draft_named *named; /* by the draft's templates */
    size_t named_count;
    struct arena arena;
    struct workbench *bench;
};

/* Who the envelope names: -f, else the first of From. */
static inline const struct mailbox *draft_sender(const struct draft *d)
{
    return d->sender.count > 0 ? &d->sender.list[0]
                               : &d->from->mailboxes.list[0];
}

/* Appends the path of MAIL (RFC 5321 4.5.3.1). NULL: fine, else why it is
 * none. own, values: the row's; none where it is the same in every row. */
const char *draft_append_sender(const struct draft *d, struct span own,
                                const struct template_value *values,
                                struct buf *out);
