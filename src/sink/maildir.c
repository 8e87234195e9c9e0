#include "sink/maildir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/descriptor.h"

enum { NAME_BYTES = 96 };

/* Makes it where it is missing, and opens it. -1: errno tells. */
static int open_folder(int above, const char *name)
{
    if (mkdirat(above, name, 0700) != 0 && errno != EEXIST) {
        return -1;
    }
    return openat(above, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bool open_parts(struct maildir *m, const char *path)
{
    int top = open_folder(AT_FDCWD, path);
    if (top < 0) {
        return false;
    }
    m->tmp = open_folder(top, "tmp");
    m->new = open_folder(top, "new");
    int cur = open_folder(top, "cur");
    bool fine = m->tmp >= 0 && m->new >= 0 && cur >= 0;
    int why = errno;
    if (cur >= 0) {
        close(cur);
    }
    close(top);
    errno = why;
    return fine;
}

bool maildir_open(struct maildir *m, const char *path, struct err *err)
{
    *m = (struct maildir){.tmp = -1, .new = -1};
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    m->started_us =
        (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
    if (path && !open_parts(m, path)) {
        err_set(err, EX_CANTCREAT, "%s: %s", path, strerror(errno));
        return false;
    }
    return true;
}

void maildir_close(struct maildir *m)
{
    if (m->tmp >= 0) {
        close(m->tmp);
    }
    if (m->new >= 0) {
        close(m->new);
    }
    m->tmp = m->new = -1;
}

bool maildir_store(struct maildir *m, uint64_t number, struct span content)
{
    if (m->tmp < 0) {
        return true;
    }
    char name[NAME_BYTES];
    snprintf(name, sizeof name, "%llu.M%06lluP%ldQ%llu.sink",
             (unsigned long long)(m->started_us / 1000000),
             (unsigned long long)(m->started_us % 1000000), (long)getpid(),
             (unsigned long long)number);
    int file =
        openat(m->tmp, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) {
        return false;
    }
    bool fine = descriptor_write(file, content);
    fine = close(file) == 0 && fine;
    fine = fine && renameat(m->tmp, name, m->new, name) == 0;
    if (!fine) {
        unlinkat(m->tmp, name, 0);
    }
    return fine;
}
