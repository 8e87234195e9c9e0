/* What does this file hold, line by line or as a whole?
 *
 * Small inputs beside the list: templates, partials, suppression lists. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

/* Appends the whole file to out; "-" is stdin. False: EX_NOINPUT where it
 * cannot be read, EX_DATAERR where it is longer than out's ceiling allows. */
bool file_read(const char *path, struct buf *out, struct err *err);

/* As file_read, of a descriptor that stays open; name is for messages. */
bool file_read_descriptor(int descriptor, const char *name, struct buf *out,
                          struct err *err);

/* Lines of a file, in order. */
struct file_lines {
    int descriptor; /* the caller's */
    const char *name;
    uint64_t line; /* of the last one given, from 1 */
    struct buf buf;
    size_t at; /* of the first byte in buf not yet given */
    bool ended;
};

enum { FILE_LINE_BYTES_MAX = 1 << 20 };

enum file_result { FILE_LINE, FILE_END, FILE_ERROR };

void file_lines_init(struct file_lines *f, int descriptor, const char *name);
void file_lines_release(struct file_lines *f);

/* The next line without its end (LF, CRLF or CR), and the first one without a
 * BOM; it lives until the next call. */
enum file_result file_lines_next(struct file_lines *f, struct span *line_out,
                                 struct err *err);
