#include "record/nameless.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "record/folder.h"

enum { PATH_ROOM = 64, NAMES_MAX = 100 };

int nameless_open(const char *target)
{
    char *folder = folder_of(target);
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    free(folder);
    return fd;
}

/* The one way to it that anybody may go (open(2), O_TMPFILE). */
static void way_to(int fd, char path[static PATH_ROOM])
{
    snprintf(path, PATH_ROOM, "/proc/self/fd/%d", fd);
}

static bool can_be_named(int fd)
{
    char path[PATH_ROOM];
    struct stat own, found;
    way_to(fd, path);
    return fstat(fd, &own) == 0 && stat(path, &found) == 0 &&
           own.st_dev == found.st_dev && own.st_ino == found.st_ino;
}

int nameless_create(const char *target, char **name_out)
{
    static const char ending[] = ".XXXXXX";
    int fd = nameless_open(target);
    *name_out = NULL;
    if (fd >= 0 && can_be_named(fd)) {
        return fd;
    }
    if (fd >= 0) {
        close(fd);
    }
    size_t len = strlen(target);
    char *name = mem_alloc(len + sizeof ending);
    memcpy(name, target, len);
    memcpy(name + len, ending, sizeof ending);
    fd = mkostemp(name, O_CLOEXEC); /* 0600 */
    if (fd < 0) {
        int error = errno;
        free(name);
        errno = error;
        return -1;
    }
    *name_out = name;
    return fd;
}

static bool link_as(int fd, const char *name)
{
    char path[PATH_ROOM];
    way_to(fd, path);
    return linkat(AT_FDCWD, path, AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0;
}

/* Beside the target, whose name is another file's. */
static bool name_beside(int fd, const char *target, char **name_out)
{
    size_t room = strlen(target) + PATH_ROOM;
    char *name = mem_alloc(room);
    bool named = false;
    errno = EEXIST;
    for (unsigned i = 0; i < NAMES_MAX && !named && errno == EEXIST; i++) {
        snprintf(name, room, "%s.%ld-%u", target, (long)getpid(), i);
        named = link_as(fd, name);
    }
    if (named) {
        *name_out = name;
    } else {
        int error = errno;
        free(name);
        errno = error;
    }
    return named;
}

static void forget(char **name)
{
    free(*name);
    *name = NULL;
}

bool nameless_become(int fd, const char *target, char **name)
{
    if (!*name && link_as(fd, target)) {
        return true;
    }
    if ((!*name && !name_beside(fd, target, name)) ||
        rename(*name, target) != 0) {
        return false;
    }
    forget(name);
    return true;
}

/* It never has two names: SQLite would not know which one its log lies beside.
 * Only where the file system knows neither way it has, for a moment. */
bool nameless_appear(int fd, const char *target, char **name)
{
    if (!*name) {
        return link_as(fd, target) || errno == EEXIST;
    }
    bool moved =
        renameat2(AT_FDCWD, *name, AT_FDCWD, target, RENAME_NOREPLACE) == 0;
    bool linked = !moved && (errno == EEXIST || link(*name, target) == 0 ||
                             errno == EEXIST);
    if (!moved && !linked && rename(*name, target) != 0) {
        return false;
    }
    if (linked) {
        (void)unlink(*name);
    }
    forget(name);
    return true;
}
