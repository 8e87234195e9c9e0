#include "net/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>
#include <uv.h>

#include "base/mem.h"
#include "net/loop_uv.h"

enum { COMPLAINT_BYTES_MAX = 200 };

/* One end of a pipe that we read. */
struct mouth {
    struct child *child;
    struct loop_watch *watch;
    int fd; /* -1: none */
    char *to;
    size_t room, had;
    bool overflowed;
};

struct child {
    uv_process_t process;
    struct loop *loop;
    const char *name;
    struct buf *out;
    struct mouth speech, complaint;
    char words[COMPLAINT_BYTES_MAX]; /* of the complaint */
    struct loop_timer *limit;        /* NULL: none */
    void (*over)(void *context, const struct err *why);
    void *context;
};

bool child_at_terminal(void)
{
    return isatty(STDERR_FILENO) == 1;
}

/* --- what it says --- */

static void close_mouth(struct mouth *m)
{
    loop_watch_destroy(m->watch);
    m->watch = NULL;
    if (m->fd >= 0) {
        close(m->fd);
    }
    m->fd = -1;
}

/* All there is now. What does not fit is let go by. */
static void hear(struct mouth *m)
{
    char spill[4096];
    while (m->fd >= 0) {
        bool full = m->had == m->room;
        ssize_t len = read(m->fd, full ? spill : m->to + m->had,
                           full ? sizeof spill : m->room - m->had);
        if (len < 0 && errno == EINTR) {
            continue;
        }
        if (len < 0 && errno == EAGAIN) {
            break;
        }
        if (len <= 0) {
            close_mouth(m);
            break;
        }
        m->overflowed |= full;
        m->had += full ? 0 : (size_t)len;
        if (m->overflowed) {
            break; /* it may never end */
        }
    }
    mem_wipe(spill, sizeof spill);
}

/* --- its end --- */

static void let_go(uv_handle_t *handle)
{
    free(handle->data);
}

/* Nothing of it is left but the memory, until libuv is through with it. */
static void leave(struct child *c)
{
    close_mouth(&c->speech);
    close_mouth(&c->complaint);
    loop_timer_destroy(c->limit);
    c->limit = NULL;
    uv_close((uv_handle_t *)&c->process, let_go);
}

static void end(struct child *c, const struct err *why)
{
    if (why->status == 0) {
        buf_commit(c->out, c->speech.had);
    } else {
        mem_wipe(c->speech.to, c->speech.room);
    }
    leave(c);
    c->over(c->context, why);
}

/* The shell's own end is waited for here: libuv is not told of it. */
static void kill_it(const struct child *c)
{
    int status;
    kill(c->process.pid, SIGKILL);
    while (waitpid(c->process.pid, &status, 0) < 0 && errno == EINTR) {
    }
}

static void cut_off(struct child *c, const char *reason)
{
    struct err why;
    err_set(&why, EX_CONFIG, "%s: %s", c->name, reason);
    kill_it(c);
    end(c, &why);
}

static const char too_much[] = "the command prints more than a line can hold";

static void ready(void *context, bool readable, bool writable)
{
    (void)readable;
    (void)writable;
    struct mouth *m = context;
    struct child *c = m->child;
    hear(m);
    if (c->speech.overflowed) {
        cut_off(c, too_much);
    }
}

static void time_is_up(void *context)
{
    cut_off(context, "the command does not end in time (--connect-timeout)");
}

/* The first line of what it complained about, behind a colon. */
static void ended(uv_process_t *process, int64_t status, int number)
{
    struct child *c = process->data;
    struct err why = {0};
    hear(&c->speech);
    hear(&c->complaint);
    struct span words = span_from(c->words, c->complaint.had);
    words = span_trim(span_slice(words, 0, span_find(words, '\n')));
    if (c->speech.overflowed) {
        err_set(&why, EX_CONFIG, "%s: %s", c->name, too_much);
    } else if (status != 0 || number != 0) {
        err_set(&why, EX_CONFIG, "%s: the command ended with %s %d%s%.*s",
                c->name, number ? "signal" : "status",
                number ? number : (int)status, words.len > 0 ? ": " : "",
                (int)words.len, words.data);
    }
    end(c, &why);
}

/* --- its beginning --- */

/* Only our end does not wait. False: errno. */
static bool open_mouth(struct mouth *m, struct child *c, int *theirs_out)
{
    int ends[2];
    m->child = c;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return false;
    }
    m->fd = ends[0];
    *theirs_out = ends[1];
    m->watch = loop_watch_create(c->loop, m->fd, ready, m);
    return m->watch != NULL;
}

/* 0, or a negative errno. */
static int spawn(struct child *c, const char *text, int out, int complaint)
{
    char *words[] = {"sh", "-c", (char *)(uintptr_t)text, NULL};
    uv_stdio_container_t ends[] = {
        {.flags = UV_IGNORE},
        {.flags = UV_INHERIT_FD, .data.fd = out},
        {.flags = UV_INHERIT_FD,
         .data.fd = complaint < 0 ? STDERR_FILENO : complaint},
    };
    const uv_process_options_t how = {
        .exit_cb = ended,
        .file = "/bin/sh",
        .args = words,
        .stdio_count = 3,
        .stdio = ends,
    };
    return uv_spawn(loop_uv(c->loop), &c->process, &how);
}

static void close_theirs(const int ends[2])
{
    for (int i = 0; i < 2; i++) {
        if (ends[i] >= 0) {
            close(ends[i]);
        }
    }
}

/* False: *err, and there is nothing to be let go but the memory. */
static bool open_mouths(struct child *c, int theirs[2], struct err *err)
{
    if (open_mouth(&c->speech, c, &theirs[0]) &&
        (child_at_terminal() || open_mouth(&c->complaint, c, &theirs[1]))) {
        return true;
    }
    err_set(err, EX_OSERR, "%s: %s", c->name, strerror(errno));
    close_theirs(theirs);
    close_mouth(&c->speech);
    close_mouth(&c->complaint);
    return false;
}

static void set_limit(struct child *c, uint64_t timeout_ms)
{
    if (!child_at_terminal()) {
        c->limit = loop_timer_create(c->loop, time_is_up, c);
        loop_timer_start(c->limit, timeout_ms);
    }
}

struct child *child_start(struct loop *l, const struct child_command *command,
                          struct buf *out,
                          void (*over)(void *context, const struct err *why),
                          void *context, struct err *err)
{
    struct child *c = mem_alloc_zero(1, sizeof *c);
    size_t room = out->bytes_max - out->len;
    c->loop = l;
    c->name = command->name;
    c->out = out;
    c->over = over;
    c->context = context;
    c->speech.fd = c->complaint.fd = -1;
    c->speech.to = buf_reserve(out, room);
    c->speech.room = room;
    c->complaint.to = c->words;
    c->complaint.room = sizeof c->words;
    int theirs[] = {-1, -1};
    if (!open_mouths(c, theirs, err)) {
        free(c);
        return NULL;
    }
    c->process.data = c;
    int result = spawn(c, command->text, theirs[0], theirs[1]);
    close_theirs(theirs);
    if (result != 0) {
        err_set(err, EX_OSERR, "%s: %s", c->name, uv_strerror(result));
        leave(c);
        return NULL;
    }
    set_limit(c, command->timeout_ms);
    return c;
}

void child_stop(struct child *c)
{
    if (c) {
        kill_it(c);
        mem_wipe(c->speech.to, c->speech.room);
        leave(c);
    }
}
