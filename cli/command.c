#include "cli/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

extern char **environ;

enum { LOOK_MS = 20, COMPLAINT_BYTES_MAX = 200 };

/* One end of a pipe that we read. */
struct stream {
    int fd; /* -1: none */
    char *to;
    size_t room, had;
    bool overflowed;
};

struct child {
    const struct command *command;
    pid_t pid;
    bool ended;
    int status;
    struct stream out;
    struct stream complaint;
    char words[COMPLAINT_BYTES_MAX];
};

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool fail(const struct child *c, int status, const char *why,
                 struct err *err)
{
    err_set(err, status, "%s: %s", c->command->name, why);
    return false;
}

/* --- its beginning --- */

static bool open_pipe(struct stream *s, int *theirs_out)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        return false;
    }
    /* Only our end does not wait. */
    (void)fcntl(ends[1], F_SETFL, 0);
    s->fd = ends[0];
    *theirs_out = ends[1];
    return true;
}

static void close_stream(struct stream *s)
{
    if (s->fd >= 0) {
        close(s->fd);
        s->fd = -1;
    }
}

/* The shell gets the signals as a program expects them. */
static int spawn(struct child *c, int out, int complaint)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t usual;
    sigset_t none;
    char *const words[] = {"sh", "-c", (char *)(uintptr_t)c->command->text,
                           NULL};
    sigemptyset(&none);
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    sigaddset(&usual, SIGXFSZ);
    sigaddset(&usual, SIGUSR1);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, out, 1);
    if (complaint >= 0) {
        posix_spawn_file_actions_adddup2(&files, complaint, 2);
    }
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, &usual);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    int error =
        posix_spawn(&c->pid, "/bin/sh", &files, &attributes, words, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return error;
}

static bool begin(struct child *c, struct err *err)
{
    int out = -1;
    int complaint = -1;
    bool heard = !isatty(STDERR_FILENO);
    if (!open_pipe(&c->out, &out) ||
        (heard && !open_pipe(&c->complaint, &complaint))) {
        int error = errno;
        if (out >= 0) {
            close(out);
        }
        return fail(c, EX_OSERR, strerror(error), err);
    }
    int error = spawn(c, out, complaint);
    close(out);
    if (complaint >= 0) {
        close(complaint);
    }
    return error == 0 || fail(c, EX_OSERR, strerror(error), err);
}

/* --- while it runs --- */

/* All there is now. What does not fit is let go by. */
static void hear(struct stream *s)
{
    char spill[512];
    while (s->fd >= 0) {
        bool full = s->had == s->room;
        ssize_t len = read(s->fd, full ? spill : s->to + s->had,
                           full ? sizeof spill : s->room - s->had);
        if (len < 0 && errno == EINTR) {
            continue;
        }
        if (len < 0 && errno == EAGAIN) {
            break;
        }
        if (len <= 0) {
            close_stream(s);
            break;
        }
        s->overflowed |= full;
        s->had += full ? 0 : (size_t)len;
        if (s->overflowed) {
            break; /* it may never end */
        }
    }
    mem_wipe(spill, sizeof spill);
}

static void look_for_its_end(struct child *c)
{
    pid_t ended;
    do {
        ended = waitpid(c->pid, &c->status, WNOHANG);
    } while (ended < 0 && errno == EINTR);
    c->ended = ended != 0;
}

/* It has ended when the shell has: what that left in the background, an agent
 * perhaps, may keep the pipe open. False: *err, and it was killed. */
static bool follow(struct child *c, struct err *err)
{
    bool patient = isatty(STDERR_FILENO);
    uint64_t began_ms = now_ms();
    const char *why = NULL;
    while (!c->ended && !why) {
        struct pollfd ends[] = {{.fd = c->out.fd, .events = POLLIN},
                                {.fd = c->complaint.fd, .events = POLLIN}};
        (void)poll(ends, 2, LOOK_MS);
        look_for_its_end(c);
        hear(&c->out);
        hear(&c->complaint);
        if (c->out.overflowed) {
            why = "the command prints more than a line can hold";
        } else if (!c->ended && !patient &&
                   now_ms() - began_ms >= c->command->timeout_ms) {
            why = "the command does not end in time (--connect-timeout)";
        }
    }
    if (why && !c->ended) {
        kill(c->pid, SIGKILL);
        while (waitpid(c->pid, &c->status, 0) < 0 && errno == EINTR) {
        }
    }
    return !why || fail(c, EX_CONFIG, why, err);
}

/* The first line of what it complained about, behind a colon. */
static bool ended_well(struct child *c, struct err *err)
{
    if (WIFEXITED(c->status) && WEXITSTATUS(c->status) == 0) {
        return true;
    }
    bool exited = WIFEXITED(c->status);
    struct span words = span_from(c->words, c->complaint.had);
    words = span_trim(span_slice(words, 0, span_find(words, '\n')));
    err_set(err, EX_CONFIG, "%s: the command ended with %s %d%s%.*s",
            c->command->name, exited ? "status" : "signal",
            exited ? WEXITSTATUS(c->status) : WTERMSIG(c->status),
            words.len > 0 ? ": " : "", (int)words.len, words.data);
    return false;
}

bool command_read(const struct command *command, struct buf *out,
                  struct err *err)
{
    size_t room = out->bytes_max - out->len;
    struct child c = {.command = command, .out.fd = -1, .complaint.fd = -1};
    c.out.to = buf_reserve(out, room);
    c.out.room = room;
    c.complaint.to = c.words;
    c.complaint.room = sizeof c.words;
    bool fine = begin(&c, err) && follow(&c, err) && ended_well(&c, err);
    close_stream(&c.out);
    close_stream(&c.complaint);
    if (fine) {
        buf_commit(out, c.out.had);
    }
    return fine;
}
