#include "cli/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
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
    static const char text[] = "mailshot: ended by an error of its own\n";
    (void)number;
    ssize_t written = write(STDERR_FILENO, text, sizeof text - 1);
    (void)written; /* nobody is there to be told */
    _exit(EX_SOFTWARE);
}

static void stopped(int number)
{
    static const char text[] =
        "mailshot: stopped by a signal before anything was begun\n";
    (void)number;
    ssize_t written = write(STDERR_FILENO, text, sizeof text - 1);
    (void)written; /* nobody is there to be told */
    _exit(EX_TEMPFAIL);
}

void process_stops(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = stopped};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct sigaction before;
        /* nohup(1) has it ignored: that stays. */
        bool kept = numbers[i] == SIGHUP &&
                    sigaction(SIGHUP, NULL, &before) == 0 &&
                    before.sa_handler == SIG_IGN;
        if (!kept) {
            sigaction(numbers[i], &action, NULL);
        }
    }
    action.sa_handler = SIG_IGN;
    sigaction(SIGUSR1, &action, NULL);
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
