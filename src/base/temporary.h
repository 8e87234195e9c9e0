/* Where do bytes wait that are too many for memory? In a file of $TMPDIR, or
 * of /tmp, 0600 and without a name: gone with its descriptor. */
#pragma once

/* A descriptor to write and read; -1: errno. *folder_out lives on. */
int temporary_open(const char **folder_out);
