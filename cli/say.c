#include "cli/say.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/utf8.h"

enum { LINE_BYTES_MAX = 256 * 1024 };

/* What somebody made non-blocking (a terminal shared with another program) is
 * waited for, but not for ever: what is said is not what was asked for. */
static bool goes_again(void)
{
    enum { PATIENCE_MS = 1000 };
    struct pollfd ready = {.fd = STDERR_FILENO, .events = POLLOUT};
    return errno == EINTR ||
           (errno == EAGAIN && poll(&ready, 1, PATIENCE_MS) > 0);
}

void say_write(struct span bytes)
{
    while (bytes.len > 0) {
        ssize_t written = write(STDERR_FILENO, bytes.data, bytes.len);
        if (written >= 0) {
            bytes = span_rest(bytes, (size_t)written);
        } else if (!goes_again()) {
            return; /* nobody is there to be told */
        }
    }
}

void say_wipe(struct say *s)
{
    if (s->live_line) {
        say_write(SPAN("\r\033[K"));
        s->live_line = false;
    }
}

void say_text(struct say *s, enum say_level level, const char *text)
{
    if (level > s->loudest) {
        return;
    }
    struct buf line;
    buf_init(&line, LINE_BYTES_MAX);
    buf_append(&line, SPAN("mailshot: "));
    utf8_append_printable(&line, span_of(text));
    buf_append_byte(&line, '\n');
    say_wipe(s);
    say_write(buf_span(&line));
    buf_release(&line);
}

void say_plain(struct say *s, struct span text)
{
    struct buf line;
    buf_init(&line, LINE_BYTES_MAX);
    buf_append(&line, text);
    buf_append_byte(&line, '\n');
    say_wipe(s);
    say_write(buf_span(&line));
    buf_release(&line);
}
