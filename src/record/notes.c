#include "record/notes.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/temporary.h"

enum {
    CHUNK_ROWS = 1024,
    UNIT_BYTES = 16, /* places in the file are counted in these */
    REASON_BYTES_MAX = 4096,
    ENHANCED_BYTES_MAX = 64,
    GATHERED_BYTES = 64 * 1024,
    GATHERED_BYTES_MAX = 2 * GATHERED_BYTES,
};

/* Places of CHUNK_ROWS rows; 0: no note. */
struct notes_chunk {
    uint32_t place[CHUNK_ROWS];
};

struct notes {
    int fd;
    bool failed;
    uint64_t flushed_bytes; /* in the file */
    struct buf gathered;    /* behind them */
    struct notes_chunk **chunks;
    size_t chunk_count;
};

/* What stands before the texts of a note. */
struct head {
    uint32_t code;
    uint16_t enhanced_len;
    uint16_t reason_len;
};

struct notes *notes_create(struct err *err)
{
    const char *folder;
    int fd = temporary_open(&folder);
    if (fd < 0) {
        err_set(err, EX_CANTCREAT, "%s: no temporary file can be made: %s",
                folder, strerror(errno));
        return NULL;
    }
    struct notes *n = mem_alloc_zero(1, sizeof *n);
    n->fd = fd;
    buf_init(&n->gathered, GATHERED_BYTES_MAX);
    /* Place 0 is no note. */
    memset(buf_reserve(&n->gathered, UNIT_BYTES), 0, UNIT_BYTES);
    buf_commit(&n->gathered, UNIT_BYTES);
    return n;
}

void notes_destroy(struct notes *n)
{
    if (!n) {
        return;
    }
    for (size_t i = 0; i < n->chunk_count; i++) {
        free(n->chunks[i]);
    }
    free(n->chunks);
    buf_release(&n->gathered);
    close(n->fd);
    free(n);
}

static bool fail(struct notes *n, int error, struct err *err)
{
    n->failed = true;
    err_set(err, EX_IOERR, "the temporary file of --failed: %s",
            strerror(error));
    return false;
}

static bool flush(struct notes *n, struct err *err)
{
    struct span rest = buf_span(&n->gathered);
    while (rest.len > 0) {
        ssize_t written =
            pwrite(n->fd, rest.data, rest.len, (off_t)n->flushed_bytes);
        if (written > 0) {
            n->flushed_bytes += (size_t)written;
            rest = span_rest(rest, (size_t)written);
        } else if (written == 0 || errno != EINTR) {
            return fail(n, written == 0 ? ENOSPC : errno, err);
        }
    }
    buf_clear(&n->gathered);
    return true;
}

static uint32_t *place_of(struct notes *n, uint32_t index)
{
    size_t chunk = index / CHUNK_ROWS;
    if (chunk >= n->chunk_count) {
        size_t count = n->chunk_count * 2 > chunk ? n->chunk_count * 2 : chunk;
        count++;
        n->chunks = mem_resize(n->chunks, count, sizeof *n->chunks);
        memset(n->chunks + n->chunk_count, 0,
               (count - n->chunk_count) * sizeof *n->chunks);
        n->chunk_count = count;
    }
    if (!n->chunks[chunk]) {
        n->chunks[chunk] = mem_alloc_zero(1, sizeof *n->chunks[chunk]);
    }
    return &n->chunks[chunk]->place[index % CHUNK_ROWS];
}

/* At most max bytes, and no character cut in two. */
static struct span cut(struct span text, size_t max)
{
    if (text.len <= max) {
        return text;
    }
    size_t len = max;
    while (len > max - 4 && ((unsigned char)text.data[len] & 0xc0) == 0x80) {
        len--;
    }
    return span_slice(text, 0, len);
}

static void append_note(struct buf *out, unsigned code, struct span enhanced,
                        struct span reason)
{
    struct head head = {
        .code = code,
        .enhanced_len = (uint16_t)enhanced.len,
        .reason_len = (uint16_t)reason.len,
    };
    buf_append(out, span_from((const char *)&head, sizeof head));
    buf_append(out, enhanced);
    buf_append(out, reason);
    while (out->len % UNIT_BYTES != 0) {
        buf_append_byte(out, '\0');
    }
}

bool notes_put(struct notes *n, uint32_t index, const struct note *note,
               struct err *err)
{
    if (n->failed) {
        return fail(n, EIO, err);
    }
    uint64_t place = (n->flushed_bytes + n->gathered.len) / UNIT_BYTES;
    if (place > UINT32_MAX) {
        return fail(n, EFBIG, err);
    }
    append_note(&n->gathered, note->code,
                cut(note->enhanced, ENHANCED_BYTES_MAX),
                cut(note->reason, REASON_BYTES_MAX));
    assert(!n->gathered.overflowed);
    *place_of(n, index) = (uint32_t)place;
    return n->gathered.len < GATHERED_BYTES || flush(n, err);
}

/* The bytes there are at offset, at most so many; -1 with errno. */
static ssize_t read_at(int fd, char *to, size_t bytes, uint64_t offset)
{
    size_t have = 0;
    while (have < bytes) {
        ssize_t came =
            pread(fd, to + have, bytes - have, (off_t)(offset + have));
        if (came == 0) {
            break;
        }
        if (came > 0) {
            have += (size_t)came;
        } else if (errno != EINTR) {
            return -1;
        }
    }
    return (ssize_t)have;
}

static bool read_note(struct notes *n, uint64_t offset, struct arena *arena,
                      struct note *out, struct err *err)
{
    char bytes[sizeof(struct head) + ENHANCED_BYTES_MAX + REASON_BYTES_MAX];
    struct head head;
    ssize_t have = read_at(n->fd, bytes, sizeof bytes, offset);
    if (have < 0) {
        return fail(n, errno, err);
    }
    if ((size_t)have < sizeof head) {
        return fail(n, EIO, err);
    }
    memcpy(&head, bytes, sizeof head);
    size_t enhanced_len = head.enhanced_len;
    size_t reason_len = head.reason_len;
    if (sizeof head + enhanced_len + reason_len > (size_t)have) {
        return fail(n, EIO, err);
    }
    struct span texts = arena_copy(
        arena, span_from(bytes + sizeof head, enhanced_len + reason_len));
    out->code = head.code;
    out->enhanced = span_slice(texts, 0, enhanced_len);
    out->reason = span_rest(texts, enhanced_len);
    return true;
}

bool notes_get(struct notes *n, uint32_t index, struct arena *arena,
               struct note *out, struct err *err)
{
    size_t chunk = index / CHUNK_ROWS;
    err->status = 0;
    if (chunk >= n->chunk_count || !n->chunks[chunk]) {
        return false;
    }
    uint32_t place = n->chunks[chunk]->place[index % CHUNK_ROWS];
    if (place == 0) {
        return false;
    }
    if (n->failed) {
        return fail(n, EIO, err);
    }
    return flush(n, err) &&
           read_note(n, (uint64_t)place * UNIT_BYTES, arena, out, err);
}
