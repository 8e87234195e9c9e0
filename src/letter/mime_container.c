#include <string.h>

#include "base/ascii.h"
#include "base/siphash.h"
#include "letter/encode.h"
#include "letter/mime_part.h"

/* What would begin a line so in a body of ours is encoded. */
static void name_boundary(struct mime_walk *w, struct mime_container *c)
{
    const struct draft_source *source = w->context->source;
    struct buf seed;
    buf_init(&seed, BODY_BYTES_MAX);
    buf_append_number(&seed, w->boundaries++);
    buf_append(&seed, SPAN(" boundary "));
    buf_append(&seed, source->text);
    struct siphash_print print = siphash(source->boundary_key, buf_span(&seed));
    buf_release(&seed);
    memcpy(c->boundary, ENCODE_BOUNDARY_PREFIX, 2);
    ascii_hex(print.bytes, sizeof print.bytes, c->boundary + 2);
}

static struct span boundary_of(const struct mime_container *c)
{
    return span_from(c->boundary, sizeof c->boundary);
}

void mime_begin(struct mime_walk *w, struct mime_container *c,
                GMimeContentType *type)
{
    name_boundary(w, c);
    mime_add_type(w, type, MIME_MULTIPART, boundary_of(c));
}

bool mime_open(struct mime_walk *w, struct mime_container *c)
{
    if (!mime_end_bytes(w)) {
        return false;
    }
    c->piece = w->body->count;
    body_add(w->body, PIECE_CONTAINER);
    return true;
}

static void add_boundary(struct mime_walk *w, const struct mime_container *c,
                         struct span end)
{
    buf_append(&w->bytes, SPAN("\r\n--"));
    buf_append(&w->bytes, boundary_of(c));
    buf_append(&w->bytes, end);
}

void mime_next(struct mime_walk *w, const struct mime_container *c)
{
    add_boundary(w, c, SPAN("\r\n"));
}

bool mime_close(struct mime_walk *w, const struct mime_container *c)
{
    add_boundary(w, c, SPAN("--\r\n"));
    w->body->list[c->piece].end = w->body->count + 1;
    return mime_end_bytes(w);
}
