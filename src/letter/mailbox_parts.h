/* What of a mailbox's text is phrase, address and comment?
 *
 * RFC 5322 3.4, as a draft has it: a tag is a piece of text of its own, whose
 * bytes are never looked at. What readers would take for different mailboxes,
 * or for none, is a fault rather than one of them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/span.h"

struct mailbox_parts {
    struct buf phrase;  /* without quotes and comments */
    struct buf address; /* what stands between the angle brackets */
    struct buf bare;    /* with none: all but the comments, as it stood */
    struct buf comment; /* all of them, without their own parentheses */
    size_t phrase_at;   /* of the value */
    size_t address_at;
    bool angled;
    const char *fault; /* NULL: none */
    size_t fault_at;
};

void mailbox_parts_init(struct mailbox_parts *p);
void mailbox_parts_release(struct mailbox_parts *p);
bool mailbox_parts_overflowed(const struct mailbox_parts *p);

/* Takes the mailbox at `at`; where it ends: at a comma, at the value's end, or
 * at a colon or semicolon, which are for the caller to judge. */
size_t mailbox_parts_take(struct mailbox_parts *p, struct span value,
                          size_t at);

/* {{…}} or {{{…}}} at `at`, whole; 0: none. */
size_t mailbox_tag_bytes(struct span value, size_t at);

/* The sigil of a section's tag, and its name; 0: it is another tag. */
char mailbox_section_sigil(struct span tag, struct span *name_out);
