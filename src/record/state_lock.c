/* Whose is the state? */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "record/state_parts.h"

/* An open file description's lock dies with its process, whatever kills it,
 * and does not mind that SQLite opens and closes the same file. It lies far
 * behind the bytes that SQLite locks. Who holds such a lock is not told by
 * the kernel, but its length is: that of ours is the process id and one. */
static const int64_t lock_start = INT64_C(1) << 62;

static struct flock lock_of(int64_t length)
{
    return (struct flock){
        .l_type = F_WRLCK,
        .l_whence = SEEK_SET,
        .l_start = lock_start,
        .l_len = length,
    };
}

int64_t state_lock_holder(int descriptor)
{
    struct flock lock = lock_of(1);
    bool held =
        fcntl(descriptor, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    return held ? (int64_t)lock.l_len - 1 : 0;
}

bool state_lock(int descriptor, const char *path, struct err *err)
{
    /* Between the two questions the holder may go: then it is asked anew. */
    for (int tries = 0; tries < 100; tries++) {
        struct flock lock = lock_of((int64_t)getpid() + 1);
        if (fcntl(descriptor, F_OFD_SETLK, &lock) == 0) {
            return true;
        }
        if (errno != EAGAIN && errno != EACCES) {
            err_set(err, EX_CANTCREAT, "%s: cannot be locked: %s", path,
                    strerror(errno));
            return false;
        }
        int64_t holder = state_lock_holder(descriptor);
        if (holder != 0) {
            err_set(err, EX_TEMPFAIL,
                    "%s: process %" PRId64 " is at work with this state", path,
                    holder);
            return false;
        }
    }
    err_set(err, EX_TEMPFAIL, "%s: other processes are at work with this state",
            path);
    return false;
}
