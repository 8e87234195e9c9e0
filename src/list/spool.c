#include "list/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "base/mem.h"
#include "base/temporary.h"

enum { COPY_BYTES = 64 << 10 };

static bool cannot_read(const struct spool *s, struct err *err)
{
    err_set(err, EX_NOINPUT, "%s: cannot read: %s", s->name, strerror(errno));
    return false;
}

static bool copy_all(const struct spool *s, int to, const char *directory,
                     struct err *err)
{
    char *block = mem_alloc(COPY_BYTES);
    ssize_t got;
    bool written = true;
    while (written &&
           (got = descriptor_read(s->descriptor, block, COPY_BYTES)) > 0) {
        written = descriptor_write(to, span_from(block, (size_t)got));
    }
    free(block);
    if (!written) {
        err_set(err, EX_IOERR, "%s: cannot keep a copy in %s: %s", s->name,
                directory, strerror(errno));
        return false;
    }
    return got == 0 || cannot_read(s, err);
}

static bool copy(struct spool *s, struct err *err)
{
    const char *directory;
    int to = temporary_open(&directory);
    if (to < 0) {
        err_set(err, EX_CANTCREAT, "%s: cannot keep a copy in %s: %s", s->name,
                directory, strerror(errno));
        return false;
    }
    bool copied = copy_all(s, to, directory, err);
    if (s->descriptor != STDIN_FILENO) {
        close(s->descriptor);
    }
    s->descriptor = to;
    s->copied = true;
    return copied;
}

static bool look(struct spool *s, bool from_stdin, struct err *err)
{
    struct stat status;
    if (fstat(s->descriptor, &status)) {
        return cannot_read(s, err);
    }
    if (S_ISDIR(status.st_mode)) {
        errno = EISDIR;
        return cannot_read(s, err);
    }
    /* What stdin is at may be shared, and need not begin at the start. */
    if (from_stdin || !S_ISREG(status.st_mode)) {
        return copy(s, err);
    }
    s->bytes = (uint64_t)status.st_size;
    s->changed = status.st_mtim;
    return true;
}

bool spool_open(struct spool *s, const char *path, struct err *err)
{
    bool from_stdin = strncmp(path, "-", 2) == 0;
    *s = (struct spool){.name = from_stdin ? "stdin" : path,
                        .descriptor = STDIN_FILENO};
    if (!from_stdin) {
        s->descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    }
    if (s->descriptor < 0) {
        return cannot_read(s, err);
    }
    if (!look(s, from_stdin, err)) {
        spool_close(s);
        return false;
    }
    return true;
}

void spool_close(struct spool *s)
{
    if (s->descriptor > STDIN_FILENO) {
        close(s->descriptor);
    }
    s->descriptor = -1;
}

bool spool_read(struct spool *s, char *to, size_t bytes, size_t *got_out,
                struct err *err)
{
    ssize_t got;
    do {
        got = pread(s->descriptor, to, bytes, (off_t)s->offset);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        return cannot_read(s, err);
    }
    s->offset += (uint64_t)got;
    *got_out = (size_t)got;
    return true;
}

bool spool_unchanged(const struct spool *s, struct err *err)
{
    struct stat status;
    if (s->copied) {
        return true;
    }
    if (fstat(s->descriptor, &status)) {
        return cannot_read(s, err);
    }
    if ((uint64_t)status.st_size == s->bytes &&
        status.st_mtim.tv_sec == s->changed.tv_sec &&
        status.st_mtim.tv_nsec == s->changed.tv_nsec) {
        return true;
    }
    err_set(err, EX_DATAERR, "%s: the list has changed since it was first read",
            s->name);
    return false;
}
