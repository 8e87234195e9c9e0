/* What comes behind a letter's own headers? Pieces: bytes that are the same
 * in all letters, and texts that are filled in, each with the header that
 * says how it is encoded.
 *
 * The first piece begins with MIME-Version and Content-Type; the empty line
 * that ends the headers is in the pieces. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "letter/fields.h"
#include "letter/header.h"
#include "letter/template.h"

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
};

struct piece {
    enum piece_kind kind;
    struct span bytes;     /* of PIECE_BYTES */
    struct template *text; /* of PIECE_TEXT */
    struct span ready[2];  /* where the text is fixed: by eight_bit */
    bool ready_eight_bit;  /* ready[1] is */
    bool ends_line;        /* the text gets a line end at its end */
    size_t end;            /* of PIECE_CONTAINER: the piece behind it */
};

struct body {
    struct piece *list;
    size_t count;
    size_t cap;
};

void body_release(struct body *b);
struct piece *body_add(struct body *b, enum piece_kind kind);

/* The text's line ends become CRLF. NULL template: *err. */
bool body_add_text(struct body *b, struct span text,
                   const struct template_source *origin,
                   const struct template_names *names,
                   enum template_escape escape, struct err *err);

/* Encodes what is fixed, once; bytes go to the arena. */
void body_prepare(struct body *b, struct arena *arena, struct buf *scratch);

bool body_check(const struct body *b, const struct header_row *row);

/* Bytes of a letter that are not copied: they stand between what is in the
 * buffer before and behind `at`. */
struct body_cut {
    size_t at;
    struct span shared;
};

/* Appends all pieces. `cuts` has room for as many as there are pieces.
 * *eight_bit_out: a part is 8bit. */
size_t body_append(const struct body *b, const struct letter_values *values,
                   struct buf *scratch, struct buf *out, struct body_cut *cuts,
                   bool *eight_bit_out);
