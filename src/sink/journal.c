#include "sink/journal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"

enum {
    FLUSH_BYTES = 1 << 20,
    /* One line is at most a few MiB: 1000 recipients, each byte escaped. */
    LINES_BYTES_MAX = 16 << 20,
};

bool journal_open(struct journal *j, const char *path, struct err *err)
{
    *j = (struct journal){.path = path, .descriptor = -1};
    buf_init(&j->lines, LINES_BYTES_MAX);
    if (!path) {
        return true;
    }
    j->descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (j->descriptor < 0) {
        err_set(err, EX_CANTCREAT, "%s: %s", path, strerror(errno));
        return false;
    }
    return true;
}

void journal_close(struct journal *j)
{
    if (j->descriptor >= 0) {
        close(j->descriptor);
    }
    buf_release(&j->lines);
    j->descriptor = -1;
}

static void add_recipients(struct buf *out, struct span recipients)
{
    json_name(out, "recipients");
    json_open_array(out);
    while (recipients.len > 0) {
        size_t end = span_find(recipients, '\n');
        json_text(out, span_slice(recipients, 0, end));
        recipients = span_rest(recipients, end + 1);
    }
    json_close_array(out);
}

bool journal_add(struct journal *j, const struct guest_letter *letter,
                 struct err *err)
{
    if (!j->path) {
        return true;
    }
    struct buf *out = &j->lines;
    json_open(out);
    add_recipients(out, letter->recipients);
    json_add_text(out, "sender", letter->sender);
    json_add_text(out, "message_id", letter->message_id);
    json_add_number(out, "bytes", letter->bytes);
    json_add_text(out, "tier", span_of(letter->tier));
    json_add_number(out, "session", letter->session);
    json_add_number(out, "queue_id", letter->number);
    json_close(out);
    buf_append_byte(out, '\n');
    assert(!out->overflowed);
    return out->len < FLUSH_BYTES || journal_flush(j, err);
}

bool journal_flush(struct journal *j, struct err *err)
{
    size_t at = 0;
    while (at < j->lines.len) {
        ssize_t written =
            write(j->descriptor, j->lines.data + at, j->lines.len - at);
        if (written < 0 && errno != EINTR) {
            err_set(err, EX_IOERR, "%s: %s", j->path, strerror(errno));
            return false;
        }
        at += written > 0 ? (size_t)written : 0;
    }
    buf_clear(&j->lines);
    return true;
}
