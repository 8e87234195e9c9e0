#include "sink/journal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/descriptor.h"
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

/* Needs no escape: most are so, and there are many. */
static bool is_plain(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (c == '"' || c == '\\' || ascii_is_control(c) ||
            !ascii_is_ascii(c)) {
            return false;
        }
    }
    return true;
}

/* As json_text does it, commas included. */
static void add_text(struct buf *out, struct span text)
{
    if (!is_plain(text)) {
        json_text(out, text);
        return;
    }
    char last = out->data[out->len - 1];
    if (last != ':' && last != '[') {
        buf_append_byte(out, ',');
    }
    char *to = buf_reserve(out, text.len + 2);
    if (to) {
        to[0] = '"';
        memcpy(to + 1, text.data, text.len);
        to[text.len + 1] = '"';
        buf_commit(out, text.len + 2);
    }
}

static void add_recipients(struct buf *out, struct span recipients)
{
    size_t end;
    for (size_t at = 0; at < recipients.len; at += end + 1) {
        struct span rest = span_rest(recipients, at);
        end = span_find(rest, '\n');
        add_text(out, span_slice(rest, 0, end));
    }
}

bool journal_add(struct journal *j, const struct guest_letter *letter,
                 struct err *err)
{
    if (!j->path) {
        return true;
    }
    struct buf *out = &j->lines;
    buf_append(out, SPAN("{\"recipients\":["));
    add_recipients(out, letter->recipients);
    buf_append(out, SPAN("],\"sender\":"));
    add_text(out, letter->sender);
    buf_append(out, SPAN(",\"message_id\":"));
    add_text(out, letter->message_id);
    buf_append(out, SPAN(",\"bytes\":"));
    buf_append_number(out, letter->bytes);
    buf_append(out, SPAN(",\"tier\":"));
    add_text(out, span_of(letter->tier));
    buf_append(out, SPAN(",\"session\":"));
    buf_append_number(out, letter->session);
    buf_append(out, SPAN(",\"queue_id\":"));
    buf_append_number(out, letter->number);
    buf_append(out,
               letter->requiretls ? SPAN(",\"requiretls\":true") : SPAN(""));
    buf_append(out, SPAN("}\n"));
    assert(!out->overflowed);
    return out->len < FLUSH_BYTES || journal_flush(j, err);
}

bool journal_add_verdict(struct journal *j, const struct guest_verdict *verdict,
                         struct err *err)
{
    if (!j->path) {
        return true;
    }
    struct buf *out = &j->lines;
    buf_append(out, SPAN("{\"address\":"));
    add_text(out, verdict->address);
    buf_append(out, SPAN(",\"attempt\":"));
    buf_append_number(out, verdict->attempt);
    buf_append(out, SPAN(",\"step\":"));
    add_text(out, verdict->at_content ? SPAN("content") : SPAN("RCPT"));
    buf_append(out, SPAN(",\"code\":"));
    buf_append(out, verdict->code.len > 0 ? verdict->code : SPAN("0"));
    buf_append(out, verdict->taken ? SPAN(",\"taken\":true")
                                   : SPAN(",\"taken\":false"));
    buf_append(out, SPAN(",\"session\":"));
    buf_append_number(out, verdict->session);
    buf_append(out, SPAN("}\n"));
    assert(!out->overflowed);
    return out->len < FLUSH_BYTES || journal_flush(j, err);
}

bool journal_flush(struct journal *j, struct err *err)
{
    if (!descriptor_write(j->descriptor, buf_span(&j->lines))) {
        err_set(err, EX_IOERR, "%s: %s", j->path, strerror(errno));
        return false;
    }
    buf_clear(&j->lines);
    return true;
}
