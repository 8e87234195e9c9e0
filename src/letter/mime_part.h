/* What does a part of a MIME draft become? For the compilation of drafts.
 *
 * Texts are decoded, made UTF-8 and compiled; attachments, and what is no
 * text, are decoded and encoded as base64 once. Boundaries are our own. */
#pragma once

#include <gmime/gmime.h>
#include <stdbool.h>

#include "letter/body.h"
#include "letter/header.h"

enum { MIME_DEPTH_MAX = 16 };

/* The draft's parts, one after the other. */
struct mime_walk {
    struct body *body;
    const struct header_context *context;
    struct buf bytes;   /* fixed ones that wait for the next piece */
    struct span entity; /* the text that GMime parses */
    size_t body_at;     /* of the entity: the draft's body */
    unsigned body_line;
    unsigned boundaries; /* made so far */
    struct span html;    /* what the letter shows as HTML, where it is known
                            before its parts are */
};

/* EX_DATAERR with file and line; always false. */
bool mime_fail(struct mime_walk *w, unsigned line, const char *what);

/* Makes what waits a piece. False: too many of them, or too much. */
bool mime_end_bytes(struct mime_walk *w);

enum mime_role {
    MIME_TEXT,      /* filled in, its charset becomes utf-8 */
    MIME_ATTACHED,  /* goes as it is */
    MIME_MESSAGE,   /* the same of a message within */
    MIME_MULTIPART, /* gets a boundary of ours */
};

/* Appends a Content-Type; parameters that are not replaced stay. */
void mime_add_type(struct mime_walk *w, GMimeContentType *type,
                   enum mime_role role, struct span boundary);

/* A multipart in the making. */
struct mime_container {
    char boundary[34]; /* no line of our own bodies can begin so */
    size_t piece;
};

/* Its headers: what is in w->bytes behind mime_begin is among them. */
void mime_begin(struct mime_walk *w, struct mime_container *c,
                GMimeContentType *type);
bool mime_open(struct mime_walk *w, struct mime_container *c);
/* A part begins; and: there is no more. */
void mime_next(struct mime_walk *w, const struct mime_container *c);
bool mime_close(struct mime_walk *w, const struct mime_container *c);

/* Are there files of --attach that the HTML shows, or that it does not? */
bool mime_has_files(const struct mime_walk *w, bool inlined);
/* Each is a part of the container. */
bool mime_add_files(struct mime_walk *w, const struct mime_container *c,
                    bool inlined);

/* How a mail program wrote the text that tags are in. */
struct mime_tags {
    bool html;
    bool delsp; /* RFC 3676 */
};

/* Appends the text; what was done to its tags is undone. */
void mime_mend_tags(struct span text, const struct mime_tags *how,
                    struct buf *out);

/* Appends a text that is UTF-8; its headers wait in w->bytes. */
bool mime_add_text(struct mime_walk *w, GMimeContentType *type,
                   struct span text, const struct template_source *origin);

/* Appends a part and all within it, headers first. */
bool mime_add_object(struct mime_walk *w, GMimeObject *object, unsigned depth);

/* The same of a message within, which nothing is filled into. */
bool mime_add_message(struct mime_walk *w, GMimeMessagePart *part);

/* Appends the part's headers, but for those that say how it is encoded. */
void mime_add_headers(struct mime_walk *w, GMimeObject *object);

/* Can its transfer encoding be undone? EX_DATAERR where it says base64 and is
 * not: to be asked before the two below. */
bool mime_part_sound(struct mime_walk *w, GMimePart *part);

/* The bytes of a part, its transfer encoding undone. */
void mime_part_bytes(const struct mime_walk *w, GMimePart *part,
                     struct buf *out);

/* The same as UTF-8, by the part's charset; texts that say ISO-8859-1 or
 * nothing and have bytes of windows-1252 are that. EX_DATAERR where they are
 * no such text. */
bool mime_part_text(struct mime_walk *w, GMimePart *part, struct buf *out);

/* The line of the template's file on which a part's text begins. */
unsigned mime_part_line(const struct mime_walk *w, GMimePart *part);
