#include "list/csv_lines.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { WINDOW_BYTES = 128 << 10 };

bool csv_lines_open(struct csv_lines *l, const char *path, struct err *err)
{
    *l = (struct csv_lines){0};
    if (!spool_open(&l->spool, path, err)) {
        return false;
    }
    l->cap = WINDOW_BYTES;
    l->data = mem_alloc(l->cap);
    return true;
}

void csv_lines_close(struct csv_lines *l)
{
    spool_close(&l->spool);
    free(l->data);
    l->data = NULL;
}

static size_t moved(size_t index, size_t by)
{
    return index > by ? index - by : 0;
}

static void make_room(struct csv_lines *l)
{
    size_t by = l->kept;
    if (by > 0) {
        memmove(l->data, l->data + by, l->to - by);
        l->kept = 0;
        l->at -= by;
        l->to -= by;
        l->lf = moved(l->lf, by);
        l->cr = moved(l->cr, by);
    }
    if (l->to == l->cap) {
        l->data = mem_resize(l->data, l->cap, 2);
        l->cap *= 2;
    }
}

/* A file that changes under the reading is noticed with its next block. */
static bool fill(struct csv_lines *l, struct err *err)
{
    make_room(l);
    size_t got;
    if (!spool_read(&l->spool, l->data + l->to, l->cap - l->to, &got, err) ||
        !spool_unchanged(&l->spool, err)) {
        return false;
    }
    l->to += got;
    l->ended = got == 0;
    return true;
}

static size_t first(const struct csv_lines *l, size_t from, size_t to, char c)
{
    return from + span_find(span_from(l->data + from, to - from), c);
}

/* Index behind the next line end; 0: it has not come yet. Both searches go on
 * from where they ended, and the one for CR ends at the LF: whatever the line
 * ends are, every byte is looked at once for each. */
static size_t line_end(struct csv_lines *l)
{
    l->lf = l->lf > l->at ? l->lf : l->at;
    l->lf = first(l, l->lf, l->to, '\n');
    l->cr = l->cr > l->at ? l->cr : l->at;
    l->cr = first(l, l->cr, l->lf, '\r');
    if (l->cr < l->lf) {
        size_t behind = l->cr + 1;
        if (behind == l->to) { /* an LF may follow */
            return l->ended ? behind : 0;
        }
        return l->data[behind] == '\n' ? behind + 1 : behind;
    }
    return l->lf < l->to ? l->lf + 1 : 0;
}

enum csv_lines_result csv_lines_next(struct csv_lines *l, struct span *line_out,
                                     struct err *err)
{
    size_t end;
    while ((end = line_end(l)) == 0) {
        if (l->to - l->kept > CSV_ROW_BYTES_MAX + 2) {
            return CSV_LINES_TOO_LONG;
        }
        if (l->ended && l->at == l->to) {
            return spool_unchanged(&l->spool, err) ? CSV_LINES_END
                                                   : CSV_LINES_ERROR;
        }
        if (l->ended) {
            end = l->to;
            break;
        }
        if (!fill(l, err)) {
            return CSV_LINES_ERROR;
        }
    }
    *line_out = span_from(l->data + l->at, end - l->at);
    l->at = end;
    return CSV_LINES_LINE;
}

void csv_lines_keep(struct csv_lines *l)
{
    l->kept = l->at;
}

struct span csv_lines_kept(const struct csv_lines *l)
{
    return span_from(l->data + l->kept, l->at - l->kept);
}

bool csv_lines_peek(struct csv_lines *l, struct span *ahead_out,
                    struct err *err)
{
    if (l->at == l->to && !l->ended && !fill(l, err)) {
        return false;
    }
    *ahead_out = span_from(l->data + l->at, l->to - l->at);
    return true;
}

uint64_t csv_lines_offset(const struct csv_lines *l)
{
    return l->spool.offset - (l->to - l->at);
}

void csv_lines_seek(struct csv_lines *l, uint64_t offset)
{
    l->spool.offset = offset;
    l->kept = l->at = l->to = l->lf = l->cr = 0;
    l->ended = false;
}
