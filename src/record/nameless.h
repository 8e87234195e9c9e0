/* How does a file of the disk wait for its name?
 *
 * Of this room alone. It lies in the folder of the file that it is to become,
 * 0600 and without a name, so that it is gone with its process, whatever ends
 * that. Where the file system has no such files, or /proc is not there to give
 * them a name, it is called TARGET.XXXXXX from the beginning. */
#pragma once

#include <stdbool.h>

/* A descriptor of a file beside the target that is to be none; -1 where the
 * file system has no such files. */
int nameless_open(const char *target);

/* A descriptor; -1 with errno. *name_out: what it is called, to be freed;
 * NULL: it has no name. */
int nameless_create(const char *target, char **name_out);

/* It is the target from here on, unless somebody was faster, and that is fine.
 * False: errno; *name is what it is called now. */
bool nameless_appear(int fd, const char *target, char **name);

/* It is the target from here on, in place of the file that was. False: errno;
 * *name is what it is called now. */
bool nameless_become(int fd, const char *target, char **name);
