#include "cli/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

/* Opened the wrong way round: reading from a stdin that is not there, and
 * writing to a stdout that is not there, are errors and no success. */
static void open_standard(int fd, int mode)
{
    if (fcntl(fd, F_GETFD) != -1 || errno != EBADF) {
        return;
    }
    int null = open("/dev/null", mode);
    if (null < 0) {
        _exit(EX_OSERR);
    }
    if (null != fd) { /* the lowest free one: all below are open */
        _exit(EX_SOFTWARE);
    }
}

static void aborted(int number)
{
    (void)number;
    _exit(EX_SOFTWARE);
}

void process_begin(void)
{
    open_standard(STDIN_FILENO, O_WRONLY);
    open_standard(STDOUT_FILENO, O_RDONLY);
    open_standard(STDERR_FILENO, O_RDONLY);
    struct sigaction action = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &action, NULL);
    sigaction(SIGXFSZ, &action, NULL);
    action.sa_handler = aborted;
    sigaction(SIGABRT, &action, NULL);
    const struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
