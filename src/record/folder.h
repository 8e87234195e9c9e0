/* Which folder does a file stand in, and is its name on the disk? Of this room
 * alone. */
#pragma once

#include <stdbool.h>

/* malloc'd; "." for a name without one. */
char *folder_of(const char *path);

/* The file's name is on the disk, too, or it could be lost with the power.
 * False: errno, the disk's. A file system that cannot sync a folder, or a
 * folder that may not be read, is none. */
bool folder_sync(const char *path);
