#include "cli/prompt.h"

#include <errno.h>
#include <fcntl.h>
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

static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
enum { ENDINGS = sizeof ending / sizeof ending[0] };

static volatile sig_atomic_t caught;

static void catch_signal(int number)
{
    caught = number;
}

/* Without SA_RESTART, so that reading ends. */
static void catch_endings(struct sigaction before[static ENDINGS])
{
    struct sigaction action = {.sa_handler = catch_signal};
    caught = 0;
    for (size_t i = 0; i < ENDINGS; i++) {
        sigaction(ending[i], &action, &before[i]);
    }
}

static void restore_endings(const struct sigaction before[static ENDINGS])
{
    for (size_t i = 0; i < ENDINGS; i++) {
        sigaction(ending[i], &before[i], NULL);
    }
    if (caught) {
        raise(caught);
    }
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

static bool read_line(int fd, struct buf *out, struct err *err)
{
    char *to = buf_reserve(out, 4096);
    ssize_t len = to ? read(fd, to, 4096) : -1;
    if (len > 0) {
        buf_commit(out, (size_t)len);
        return true;
    }
    err_set(err, EX_CONFIG, "no password was given at the terminal");
    return false;
}

bool prompt_ask(const char *user, const char *host, struct buf *out,
                struct err *err)
{
    int fd = open_terminal();
    struct termios before;
    if (fd < 0 || tcgetattr(fd, &before) != 0) {
        err_set(err, EX_CONFIG, "no terminal to ask for the password: %s",
                strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        return false;
    }
    struct sigaction actions[ENDINGS];
    catch_endings(actions);
    struct termios silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    silent.c_lflag |= ECHONL;
    bool fine = tcsetattr(fd, TCSAFLUSH, &silent) == 0;
    if (fine) {
        write_prompt(fd, user, host);
        fine = read_line(fd, out, err);
        (void)tcsetattr(fd, TCSAFLUSH, &before);
    } else {
        err_set(err, EX_CONFIG, "the terminal's echo cannot be put off: %s",
                strerror(errno));
    }
    close(fd);
    restore_endings(actions);
    return fine;
}
