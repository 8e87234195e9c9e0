/* Which header fields does a draft begin with, and what is known of each?
 *
 * RFC 5322 2.2: lines up to the first empty one, `Name: value`, a line that
 * begins with a blank goes on with the one before. A first line "From …" (of
 * an mbox) and lines that are nothing but a Mustache comment are passed over.
 * Nothing is decoded; spans are into the text. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/span.h"

enum { FIELDS_NAME_BYTES_MAX = 64, FIELDS_MAX = 1000 };

enum field_kind {
    FIELD_TEXT,    /* RFC 2047 where it is not ASCII; what is unknown, too */
    FIELD_ADDRESS, /* a list of mailboxes */
    FIELD_LIST_ID, /* words, and a list's name in angle brackets */
    FIELD_RAW,     /* a structure that is ASCII */
    FIELD_URIS,    /* the same, with URIs in angle brackets */
    FIELD_CONTENT, /* Content-…, MIME-Version: made anew */
    FIELD_DROPPED, /* Bcc, Return-Path, and what would be wrong */
};

/* What the name says. */
enum field_kind fields_kind(struct span name);

struct field {
    struct span name;
    struct span value; /* folded as it stood, without the line end and blanks
                          round it */
    const char *file;
    unsigned line; /* where the value begins; from 1 */
    unsigned column;
    bool one_click; /* its first URI is https (RFC 8058) */
};

struct fields {
    struct field *list;
    size_t count;
    size_t cap;
};

void fields_release(struct fields *f);

/* EX_DATAERR with the line: a line that is no header. *body_out is where the
 * body begins, *body_line_out its line. */
bool fields_split(struct fields *out, struct span text, const char *file,
                  size_t *body_out, unsigned *body_line_out, struct err *err);

/* Takes a `Name: value` of an option: it goes behind the others. False where
 * it is none. */
bool fields_add_option(struct fields *f, struct span header, const char *file,
                       struct err *err);

/* The same of what is made here; the spans outlive it. */
bool fields_add(struct fields *f, const struct field *field, struct err *err);

/* Without the first `before` ones' fields of a name that one of the others
 * has, too. */
void fields_replace(struct fields *f, size_t before);

/* The first such field, or NULL. */
const struct field *fields_find(const struct fields *f, struct span name);

/* EX_DATAERR where one that is single stands twice. */
bool fields_check_single(const struct fields *f, struct err *err);

/* Is this UTF-8 without controls (but for TAB, LF and CRLF)? EX_DATAERR with
 * file, line and column; the text begins on that line. */
bool fields_check_text(struct span text, const char *file, unsigned line,
                       struct err *err);
