#include "cli/prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sysexits.h>
#include <termios.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/utf8.h"

/* /dev/tty and nothing else: stdin may be the list. */
static int open_terminal(void)
{
    return open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
}

bool prompt_possible(void)
{
    int fd = open_terminal();
    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0;
}

/* What would end or stop us while the echo is off. */
static const int ending[] = {SIGINT,  SIGTERM, SIGHUP, SIGQUIT,
                             SIGTSTP, SIGTTIN, SIGTTOU};
enum { ENDINGS = sizeof ending / sizeof ending[0], LINE_BYTES_MAX = 4096 };

static volatile sig_atomic_t caught;

static void catch_signal(int number)
{
    caught = number;
}

/* What stood before us. */
struct endings {
    struct sigaction actions[ENDINGS];
    sigset_t mask;
};

/* They are blocked but while we wait for the person, so that none can come
 * between a look at `caught` and the waiting. */
static void catch_endings(struct endings *before)
{
    struct sigaction action = {.sa_handler = catch_signal};
    sigset_t blocked;
    sigemptyset(&blocked);
    for (size_t i = 0; i < ENDINGS; i++) {
        sigaddset(&blocked, ending[i]);
    }
    caught = 0;
    sigprocmask(SIG_BLOCK, &blocked, &before->mask);
    for (size_t i = 0; i < ENDINGS; i++) {
        sigaction(ending[i], &action, &before->actions[i]);
    }
}

/* The signal does what it would have done, now that the echo is back. True:
 * we were stopped, and go on. */
static bool restore_endings(const struct endings *before)
{
    for (size_t i = 0; i < ENDINGS; i++) {
        sigaction(ending[i], &before->actions[i], NULL);
    }
    if (caught) {
        raise(caught); /* still blocked */
    }
    sigprocmask(SIG_SETMASK, &before->mask, NULL);
    return caught == SIGTSTP || caught == SIGTTIN || caught == SIGTTOU;
}

static void write_prompt(int fd, const char *user, const char *host)
{
    struct buf text;
    buf_init(&text, 4096);
    buf_append(&text, SPAN("mailshot: password of "));
    utf8_append_printable(&text, span_of(user));
    buf_append(&text, SPAN(" at "));
    utf8_append_printable(&text, span_of(host));
    buf_append(&text, SPAN(": "));
    ssize_t written = write(fd, text.data, text.len);
    (void)written; /* then the person sees no prompt, and can still type */
    buf_release(&text);
}

static bool read_line(int fd, const sigset_t *waiting, struct buf *out,
                      struct err *err)
{
    struct pollfd typed = {.fd = fd, .events = POLLIN};
    char *to = buf_reserve(out, LINE_BYTES_MAX);
    bool there = to && ppoll(&typed, 1, NULL, waiting) == 1;
    ssize_t len = there ? read(fd, to, LINE_BYTES_MAX) : -1;
    if (len > 0) {
        buf_commit(out, (size_t)len);
        return true;
    }
    err_set(err, EX_CONFIG, "no password was given at the terminal");
    return false;
}

/* Once; *stopped_out: we were stopped meanwhile, and have to ask again. */
static bool ask(int fd, const char *user, const char *host, struct buf *out,
                bool *stopped_out, struct err *err)
{
    struct termios before;
    if (tcgetattr(fd, &before) != 0) {
        err_set(err, EX_CONFIG, "no terminal to ask for the password: %s",
                strerror(errno));
        return false;
    }
    struct endings endings;
    catch_endings(&endings);
    struct termios silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    silent.c_lflag |= ECHONL;
    bool fine = tcsetattr(fd, TCSAFLUSH, &silent) == 0;
    if (fine) {
        write_prompt(fd, user, host);
        fine = read_line(fd, &endings.mask, out, err);
        (void)tcsetattr(fd, TCSAFLUSH, &before);
    } else {
        err_set(err, EX_CONFIG, "the terminal's echo cannot be put off: %s",
                strerror(errno));
    }
    *stopped_out = restore_endings(&endings);
    return fine;
}

bool prompt_ask(const char *user, const char *host, struct buf *out,
                struct err *err)
{
    int fd = open_terminal();
    if (fd < 0) {
        err_set(err, EX_CONFIG, "no terminal to ask for the password: %s",
                strerror(errno));
        return false;
    }
    bool fine;
    bool stopped;
    do {
        fine = ask(fd, user, host, out, &stopped, err);
    } while (!fine && stopped);
    close(fd);
    return fine;
}
