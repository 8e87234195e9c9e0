#include "mailing/fingerprint.h"

#include <string.h>

/* The print so far is the key of what follows. */
static void add(struct siphash_print *print, struct span text)
{
    struct siphash_key key;
    static_assert(sizeof key == sizeof *print, "a print is a key");
    memcpy(&key, print, sizeof key);
    *print = siphash(&key, text);
}

void fingerprint_add(struct siphash_print *print, struct span name,
                     struct span text)
{
    add(print, name);
    add(print, text);
}
