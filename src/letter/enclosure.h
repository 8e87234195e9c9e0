/* Which files go with a letter, and who brings them?
 *
 * The letter room reads no file: whoever makes a draft says how they are had,
 * each as the part that it is in a letter (attachment.h). */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/siphash.h"
#include "base/span.h"

struct enclosure {
    struct span part;           /* headers, an empty line, base64 */
    struct siphash_print print; /* of it */
};

struct enclosure_request {
    struct span file; /* FILE, filled in */
    bool fixed;       /* it is the same in every row */
    bool inlined;     /* the HTML shows it */
};

struct enclosures {
    bool has_folder; /* where files that vary by row lie */
    /* Could it be had? False: *reason_out, in the arena or a constant. */
    bool (*look)(void *context, const struct enclosure_request *request,
                 struct arena *arena, struct span *reason_out);
    /* It is had, for as long as the arena holds it. */
    bool (*take)(void *context, const struct enclosure_request *request,
                 struct arena *arena, struct enclosure *out,
                 struct span *reason_out);
    void *context;
};
