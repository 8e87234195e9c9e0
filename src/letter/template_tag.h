/* Where is the next tag of a Mustache text, and does it stand alone? For the
 * template's own files. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

/* A text under way: the template, or a partial within it. */
struct template_text {
    struct span all;
    size_t at;        /* what is before is dealt with */
    struct span open; /* the delimiters, as they are now */
    struct span close;
    struct span indent; /* put before each line by the partial's tag */
    struct span name;   /* of the partial; the template itself has none */
    struct span file;   /* for messages */
    const struct template_text *outer; /* NULL: the template itself */
    size_t depth;
};

struct template_tag {
    char sigil;          /* # ^ / ! > = { & or 0 for a variable */
    struct span content; /* without blanks and line ends round it */
    size_t from;         /* of the text: the tag's first byte */
    size_t to;           /* and the byte behind it */
};

enum template_tag_result {
    TEMPLATE_TAG_FOUND,
    TEMPLATE_TAG_NONE,     /* the rest is text */
    TEMPLATE_TAG_UNCLOSED, /* tag_out->from is where it opens */
};

enum template_tag_result template_tag_next(const struct template_text *text,
                                           struct template_tag *tag_out);

/* The line that the tag has for itself, its line end included (from the
 * Mustache specification: sections, comments, partials and delimiters, never
 * variables). */
bool template_tag_alone(const struct template_text *text,
                        const struct template_tag *tag, size_t *from_out,
                        size_t *to_out);

/* The two new delimiters of a {{=… …=}} tag. */
bool template_tag_delimiters(struct span content, struct span *open_out,
                             struct span *close_out);

/* Without blanks and line ends at both ends. */
struct span template_tag_trim(struct span s);
