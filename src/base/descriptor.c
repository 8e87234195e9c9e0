#include "base/descriptor.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

enum { CHUNK_BYTES = 64 * 1024 };

static bool goes_again(int fd)
{
    if (errno == EAGAIN) {
        struct pollfd ready = {.fd = fd, .events = POLLOUT};
        return poll(&ready, 1, -1) >= 0 || errno == EINTR;
    }
    return errno == EINTR;
}

bool descriptor_write(int fd, struct span bytes)
{
    while (bytes.len > 0) {
        ssize_t written = write(fd, bytes.data, bytes.len);
        if (written >= 0) {
            bytes = span_rest(bytes, (size_t)written);
        } else if (!goes_again(fd)) {
            return false;
        }
    }
    return true;
}

ssize_t descriptor_read(int fd, char *to, size_t bytes)
{
    ssize_t got;
    do {
        got = read(fd, to, bytes);
    } while (got < 0 && errno == EINTR);
    return got;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

bool descriptor_read_all(int fd, struct buf *out)
{
    ssize_t got;
    do {
        size_t had = out->cap - out->len;
        size_t room =
            smaller(had > 0 ? had : CHUNK_BYTES, out->bytes_max - out->len);
        /* A full buffer is asked for one byte more, to tell "just fits". */
        char spare;
        char *to = room > 0 ? buf_reserve(out, room) : &spare;
        got = descriptor_read(fd, to, room > 0 ? room : 1);
        if (got > 0 && room == 0) {
            errno = EFBIG;
            return false;
        }
        buf_commit(out, got > 0 ? (size_t)got : 0);
    } while (got > 0);
    return got == 0;
}
