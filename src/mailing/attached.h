/* Where do the files that go with letters come from? From --attach FILE, each
 * read and encoded once for as long as it is remembered.
 *
 * With --attach-dir a FILE is taken as beneath that folder: neither `..` nor a
 * symbolic link leads out of it (openat2; where the kernel has none, no link
 * is followed at all). A FILE that is the same in every row can also be an
 * absolute path. One that begins with the folder as it was written is meant
 * without it where there is no such file beneath the folder. Regular files
 * alone, of at most ATTACHED_BYTES_MAX.
 *
 * What was read is kept while a letter has it, and the latest of it, up to
 * ATTACHED_KEPT_BYTES_MAX, for the letters that follow: a file that changes
 * while a mailing runs may go as it was. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/siphash.h"
#include "letter/enclosure.h"

enum {
    ATTACHED_BYTES_MAX = 64 << 20,      /* of a file */
    ATTACHED_KEPT_BYTES_MAX = 64 << 20, /* encoded */
    ATTACHED_KEPT_MAX = 256,            /* files */
};

struct attached_file;

struct attached {
    const char *folder; /* NULL: the one we run in */
    int descriptor;     /* of the folder; -1: none */
    bool links;         /* openat2 is there */
    struct siphash_key key;
    struct siphash_print fixed; /* of the files that are the same in every row,
                                   as fingerprint_add has it */
    struct attached_file *kept[ATTACHED_KEPT_MAX]; /* the latest first */
    size_t kept_count;
    size_t kept_bytes;
};

void attached_init(struct attached *a); /* no folder */
void attached_release(struct attached *a);

/* The folder of --attach-dir, or NULL; the prints of files derive from the
 * key. EX_NOINPUT: it is none. */
bool attached_open(struct attached *a, const char *folder,
                   const struct siphash_key *key, struct err *err);

/* For draft_compile; borrows it. */
struct enclosures attached_enclosures(struct attached *a);
