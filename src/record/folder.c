#include "record/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? mem_copy_text(path, (size_t)(slash - path) + 1)
                 : mem_copy_text(".", 1);
}

/* fsync(2) fails with EINVAL where the file system has none for folders, and
 * with EIO, ENOSPC or EDQUOT where the name is lost indeed. */
bool folder_sync(const char *path)
{
    char *folder = folder_of(path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(folder);
    if (fd < 0) {
        return errno == EACCES;
    }
    bool synced = fsync(fd) == 0 || errno == EINVAL;
    int error = errno;
    close(fd);
    errno = error;
    return synced;
}
