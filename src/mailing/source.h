/* Which files is a draft made of? The template, and the partials beside it.
 *
 * A partial `{{> name}}` is the file of exactly that name in the template's
 * folder, else that with `.mustache` behind it; a name with a slash, and `.`
 * and `..`, are none. Each is read once. Nothing lies beside a template that
 * is no file: stdin, a pipe. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/siphash.h"
#include "base/span.h"
#include "letter/template.h"

enum {
    SOURCE_BYTES_MAX = 64 * 1024 * 1024, /* of the template, of a partial */
    SOURCE_PARTIALS_MAX = 1000,
};

struct source {
    const char *name;   /* of the template, for messages */
    struct span folder; /* with its slash; empty: the one we run in */
    bool is_file;       /* else nothing lies beside it */
    struct buf text;
    struct source_partial *partials; /* private */
    size_t partial_count;
};

/* False: EX_NOINPUT, or EX_DATAERR for one that is too long. Release it in
 * either case. */
bool source_open(struct source *s, const char *path, struct err *err);
void source_release(struct source *s);

/* Of all that was read. */
void source_add_print(const struct source *s, struct siphash_print *print);

/* Once it is compiled: none of the outputs (NULL: none) is one of its
 * partials. False: EX_USAGE. */
bool source_spared(const struct source *s, const char *const *outputs,
                   size_t count, struct err *err);

/* For draft_compile; borrows the source. */
struct template_source source_origin(struct source *s);
