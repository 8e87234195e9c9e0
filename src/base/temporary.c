#include "base/temporary.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

int temporary_open(const char **folder_out)
{
    static const char name[] = "/mailshot.XXXXXX";
    const char *folder = getenv("TMPDIR");
    folder = folder && *folder ? folder : "/tmp";
    *folder_out = folder;
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0) {
        return fd;
    }
    /* Not every file system has them: then its name is gone at once. */
    size_t len = strlen(folder);
    char *path = mem_alloc(len + sizeof name);
    memcpy(path, folder, len);
    memcpy(path + len, name, sizeof name);
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0) {
        unlink(path);
    }
    free(path);
    return fd;
}
