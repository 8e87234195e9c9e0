#include "mailing/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/descriptor.h"

enum { CHUNK_BYTES = 64 * 1024 };

bool file_read_descriptor(int descriptor, const char *name, struct buf *out,
                          struct err *err)
{
    if (descriptor_read_all(descriptor, out)) {
        return true;
    }
    if (errno == EFBIG) {
        err_set(err, EX_DATAERR, "%s: longer than %zu bytes", name,
                out->bytes_max);
    } else {
        err_set(err, EX_NOINPUT, "%s: %s", name, strerror(errno));
    }
    return false;
}

bool file_read(const char *path, struct buf *out, struct err *err)
{
    if (strncmp(path, "-", 2) == 0) {
        return file_read_descriptor(STDIN_FILENO, "stdin", out, err);
    }
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        err_set(err, EX_NOINPUT, "%s: %s", path, strerror(errno));
        return false;
    }
    bool read_whole = file_read_descriptor(descriptor, path, out, err);
    close(descriptor);
    return read_whole;
}

void file_lines_init(struct file_lines *f, int descriptor, const char *name)
{
    *f = (struct file_lines){.descriptor = descriptor, .name = name};
    buf_init(&f->buf, FILE_LINE_BYTES_MAX + CHUNK_BYTES);
}

void file_lines_release(struct file_lines *f)
{
    buf_release(&f->buf);
}

/* False also where a line is too long to be one. */
static bool read_more(struct file_lines *f, struct err *err)
{
    buf_drop_front(&f->buf, f->at);
    f->at = 0;
    if (f->buf.len > FILE_LINE_BYTES_MAX) {
        err_set(err, EX_DATAERR, "%s:%llu: a line of more than %d bytes",
                f->name, (unsigned long long)f->line + 1, FILE_LINE_BYTES_MAX);
        return false;
    }
    char *to = buf_reserve(&f->buf, CHUNK_BYTES);
    ssize_t got = descriptor_read(f->descriptor, to, CHUNK_BYTES);
    if (got < 0) {
        err_set(err, EX_NOINPUT, "%s: %s", f->name, strerror(errno));
        return false;
    }
    buf_commit(&f->buf, (size_t)got);
    f->ended = got == 0;
    return true;
}

static struct span without_bom(struct span line, bool first)
{
    bool bom = first && span_starts(line, SPAN("\xef\xbb\xbf"));
    return span_rest(line, bom ? 3 : 0);
}

/* Index of the LF or CR that ends the first line; false where more bytes are
 * needed to know: for a CR, whether an LF follows. */
static bool line_end(const struct file_lines *f, struct span rest,
                     size_t *end_out, size_t *behind_out)
{
    size_t lf = span_find(rest, '\n');
    size_t end = span_find(span_slice(rest, 0, lf), '\r');
    bool cr_lf = end + 1 == lf && lf < rest.len;
    *end_out = end;
    *behind_out = end == rest.len ? end : cr_lf ? end + 2 : end + 1;
    return f->ended || (end < rest.len && (end + 1 < rest.len || end == lf));
}

enum file_result file_lines_next(struct file_lines *f, struct span *line_out,
                                 struct err *err)
{
    struct span rest = span_rest(buf_span(&f->buf), f->at);
    size_t end;
    size_t behind;
    while (!line_end(f, rest, &end, &behind)) {
        if (!read_more(f, err)) {
            return FILE_ERROR;
        }
        rest = span_rest(buf_span(&f->buf), f->at);
    }
    if (rest.len == 0) {
        return FILE_END;
    }
    f->at += behind;
    f->line++;
    *line_out = without_bom(span_slice(rest, 0, end), f->line == 1);
    return FILE_LINE;
}
