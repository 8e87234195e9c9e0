/* What comes behind a letter's own headers? Pieces: bytes that are the same
 * in all letters, texts that are filled in, each with the header that says how
 * it is encoded, and files whose names are filled in.
 *
 * The first piece begins with MIME-Version and Content-Type; the empty line
 * that ends the headers is in the pieces. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "letter/enclosure.h"
#include "letter/fields.h"
#include "letter/header.h"
#include "letter/template.h"
#include "letter/template_lines.h"

enum {
    BODY_TEXT_BYTES_MAX = 32 << 20, /* filled in, of one letter */
    BODY_BYTES_MAX = 256 << 20,     /* of one letter, encoded */
    BODY_PIECES_MAX = 400,
    BODY_SHARED_FROM = 8192, /* what is longer is never copied */
};

enum piece_kind {
    PIECE_BYTES,
    PIECE_TEXT,      /* a Content-Transfer-Encoding, an empty line, a text */
    PIECE_CONTAINER, /* that header of a multipart, for what is within it */
    PIECE_FILE,      /* an enclosure that varies by row */
};

struct piece {
    enum piece_kind kind;
    struct template *text;         /* of PIECE_TEXT; of PIECE_FILE, its name */
    struct span ready[2];          /* where it is fixed: by eight_bit */
    struct siphash_print print[2]; /* of what is ready and shared */
    size_t html_bytes;             /* of what is ready */
    bool ready_eight_bit;          /* ready[1] is */
    bool html;                     /* the text is */
    bool ends_line;                /* the text gets a line end at its end */
    bool inlined;                  /* of PIECE_FILE */
    struct template_lines lines;   /* of the text */
    size_t end;                    /* of PIECE_CONTAINER: the piece behind it */
};

struct body {
    struct piece *list;
    size_t count;
    size_t cap;
    struct enclosures enclosures;
    struct siphash_key key; /* of the prints */
};

void body_release(struct body *b);
struct piece *body_add(struct body *b, enum piece_kind kind);

/* The bytes live as long as the body. */
void body_add_bytes(struct body *b, struct span bytes);

/* The text's line ends become CRLF. NULL template: *err. */
bool body_add_text(struct body *b, struct span text,
                   const struct template_source *origin,
                   const struct template_names *names,
                   enum template_escape escape, struct err *err);

/* Encodes what is fixed, once; bytes go to the arena. */
void body_prepare(struct body *b, struct arena *arena, struct buf *scratch);

/* Can the row fill in the texts and name the files? What it found of each
 * piece's values is for body_append; there is room for as many as there are
 * pieces. */
bool body_check(const struct body *b, const struct header_row *row,
                struct template_look *looks);

/* Could the row's files be had? And: they are had, one after the other; there
 * is room for as many as there are pieces. */
bool body_look(const struct body *b, const struct header_row *row);
bool body_take(const struct body *b, const struct header_row *row,
               struct enclosure *files);

/* Bytes of a letter that are not copied: they stand between what is in the
 * buffer before and behind `at`. */
struct body_cut {
    size_t at;
    struct span shared;
    struct siphash_print print;
};

/* One letter's body in the making. */
struct body_letter {
    struct buf *out;
    struct buf *scratch;
    const struct enclosure *files;
    const struct template_look *looks; /* by piece */
    const struct template_value *seen; /* the row's values */
    bool takes_eight_bit;              /* the relay does */
    struct body_cut *cuts; /* room for as many as there are pieces, */
    size_t *places;        /* and so has this, for where each begins */
    size_t cut_count;
    size_t html_bytes; /* of the texts that are HTML, before they are encoded */
    bool eight_bit;    /* a part is 8bit */
};

/* Appends all pieces. */
void body_append(const struct body *b, struct body_letter *letter);
