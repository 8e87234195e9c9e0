#include "record/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/mem.h"

enum {
    GATHERED_BYTES = 64 * 1024,
    /* A line may come on top: the largest fields are 1 MiB each. */
    GATHERED_BYTES_MAX = 16 * 1024 * 1024,
    /* What waits for its reader without holding up the run. */
    HELD_BYTES_MAX = 1024 * 1024,
    FIFO_LOOK_MS = 50,
    /* Two signals are the run's; who sends a third waits for nobody. */
    INTERRUPTIONS_MAX = 2,
};

static bool numbered(struct span path, int *number_out)
{
    static const struct span folders[] = {
        {"/dev/fd/", 8},
        {"/proc/self/fd/", 14},
    };
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        uint64_t number;
        if (span_starts(path, folders[i]) &&
            ascii_parse_number(span_rest(path, folders[i].len), 1 << 20,
                               &number)) {
            *number_out = (int)number;
            return true;
        }
    }
    return false;
}

int output_descriptor(const char *path)
{
    struct span text = span_of(path);
    int number = -1;
    if (span_equal(text, SPAN("-")) || span_equal(text, SPAN("/dev/stdout"))) {
        number = STDOUT_FILENO;
    } else if (span_equal(text, SPAN("/dev/stderr"))) {
        number = STDERR_FILENO;
    } else if (!numbered(text, &number)) {
        return -2;
    }
    return fcntl(number, F_DUPFD_CLOEXEC, 3);
}

/* The end of the last whole line: behind it a run was killed. -1: errno. */
static off_t end_of_lines(int fd, off_t size)
{
    char block[4096];
    while (size > 0) {
        off_t from =
            size > (off_t)sizeof block ? size - (off_t)sizeof block : 0;
        ssize_t got = pread(fd, block, (size_t)(size - from), from);
        if (got != (ssize_t)(size - from)) {
            return -1;
        }
        struct span text = span_from(block, (size_t)got);
        size_t at = span_find_last(text, '\n');
        if (at < text.len) {
            return from + (off_t)at + 1;
        }
        size = from;
    }
    return 0;
}

/* Until somebody reads it. The kernel would wait for that, too, and no signal
 * would end it. */
static int open_fifo(const char *path)
{
    int fd;
    while ((fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC)) < 0 &&
           errno == ENXIO) {
        if (poll(NULL, 0, FIFO_LOOK_MS) < 0) {
            return -1;
        }
    }
    int flags = fd >= 0 ? fcntl(fd, F_GETFL) : -1;
    if (flags != -1) {
        (void)fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
    }
    return fd;
}

static int open_private(const char *path, int how, bool keep)
{
    struct stat facts;
    if (stat(path, &facts) == 0 && S_ISFIFO(facts.st_mode)) {
        return open_fifo(path);
    }
    int fd = open(path, how | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
    if (fd < 0 || fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode)) {
        return fd;
    }
    /* Some file systems have no modes; there the file is as private as its
     * folder. */
    (void)fchmod(fd, 0600);
    off_t end = keep ? end_of_lines(fd, facts.st_size) : 0;
    if (end < 0 || ftruncate(fd, end) != 0) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

int output_create(const char *path)
{
    return open_private(path, O_WRONLY, false);
}

int output_continue(const char *path)
{
    return open_private(path, O_RDWR | O_APPEND, true);
}

void output_not_made(const char *name, struct err *err)
{
    if (errno == EINTR) {
        err_set(err, EX_TEMPFAIL,
                "%s: stopped by a signal while nobody reads it", name);
    } else {
        err_set(err, EX_CANTCREAT, "%s: cannot be made: %s", name,
                strerror(errno));
    }
}

void output_init(struct output *o, int fd, const char *name)
{
    struct stat facts;
    bool known = fstat(fd, &facts) == 0;
    struct stat out;
    *o = (struct output){
        .fd = fd,
        .name = mem_copy_text(name, strlen(name)),
        .synced = known && S_ISREG(facts.st_mode),
        .terminal = isatty(fd) == 1,
        .waits = known && (S_ISFIFO(facts.st_mode) || S_ISCHR(facts.st_mode) ||
                           S_ISSOCK(facts.st_mode)),
        .standard = known && fstat(STDOUT_FILENO, &out) == 0 &&
                    facts.st_dev == out.st_dev && facts.st_ino == out.st_ino,
    };
    buf_init(&o->gathered, GATHERED_BYTES_MAX);
}

static bool fail(struct output *o, int error, struct err *err)
{
    o->error = error;
    err_set(err, EX_IOERR, "%s: cannot be written: %s", o->name,
            strerror(error));
    return false;
}

/* True: it takes bytes now. What somebody reads (a pipe, a terminal) is waited
 * for only where that is asked, and until a signal comes; that asks how far
 * the run is, it does not count. */
static bool ready(struct output *o, bool patient)
{
    static const struct timespec at_once;
    struct pollfd writing = {.fd = o->fd, .events = POLLOUT};
    sigset_t mask;
    if (!o->waits) {
        return true;
    }
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    sigaddset(&mask, SIGUSR1);
    int found = ppoll(&writing, 1, patient ? NULL : &at_once, &mask);
    o->interruptions += found < 0 && errno == EINTR ? 1 : 0;
    return found > 0;
}

static void wait_for_room(const struct output *o)
{
    struct pollfd writing = {.fd = o->fd, .events = POLLOUT};
    (void)poll(&writing, 1, -1);
}

/* As much as can be. A pipe that is ready takes PIPE_BUF bytes at least
 * without making us wait (pipe(7)). */
static bool flush(struct output *o, bool patient, struct err *err)
{
    if (o->error == 0 && o->gathered.overflowed) {
        o->error = EMSGSIZE;
    }
    if (o->error != 0) {
        buf_clear(&o->gathered);
        return fail(o, o->error, err);
    }
    struct span rest = buf_span(&o->gathered);
    while (rest.len > 0 && ready(o, patient)) {
        bool all = !o->waits || rest.len < PIPE_BUF;
        ssize_t written = write(o->fd, rest.data, all ? rest.len : PIPE_BUF);
        if (written >= 0) {
            rest = span_rest(rest, (size_t)written);
        } else if (errno == EAGAIN) {
            wait_for_room(o); /* somebody made it non-blocking */
        } else if (errno != EINTR) {
            return fail(o, errno, err);
        }
    }
    buf_drop_front(&o->gathered, o->gathered.len - rest.len);
    return o->interruptions <= INTERRUPTIONS_MAX || fail(o, EINTR, err);
}

bool output_flush(struct output *o, struct err *err)
{
    return flush(o, o->gathered.len > HELD_BYTES_MAX, err);
}

bool output_turn(struct output *o, struct err *err)
{
    return (o->error == 0 && o->gathered.len < GATHERED_BYTES) ||
           output_flush(o, err);
}

bool output_sync(struct output *o, struct err *err)
{
    do {
        if (!flush(o, true, err)) {
            return false;
        }
    } while (o->gathered.len > 0);
    if (o->synced && fsync(o->fd) != 0) {
        return fail(o, errno, err);
    }
    o->synced = false;
    return true;
}

bool output_finish(struct output *o, struct err *err)
{
    bool whole = output_sync(o, err);
    int fd = o->fd;
    o->fd = -1;
    if (close(fd) != 0 && whole) {
        whole = fail(o, errno, err);
    }
    output_release(o);
    return whole;
}

void output_release(struct output *o)
{
    if (o->fd >= 0) {
        close(o->fd);
    }
    buf_release(&o->gathered);
    free(o->name);
    *o = (struct output){.fd = -1};
}
