#include "mailing/mailing.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "mailing/keeper.h"
#include "mailing/observer.h"
#include "mailing/plan.h"

enum { FILE_NAME_BYTES = 32 };

struct rendering {
    struct plan plan;
    const char *directory; /* NULL: stdout */
    int directory_fd;
    int64_t date_s;
    struct arena arena; /* of one letter */
    uint64_t letters;
};

/* False: errno. */
static bool write_letter(int descriptor, const struct letter *letter)
{
    for (size_t i = 0; i < letter->part_count; i++) {
        if (!descriptor_write(descriptor, letter->parts[i])) {
            return false;
        }
    }
    return true;
}

static bool write_stdout(const struct letter *letter, struct err *err)
{
    if (!write_letter(STDOUT_FILENO, letter)) {
        err_set(err, EX_IOERR, "stdout: %s", strerror(errno));
    }
    return err->status == 0;
}

/* False: errno. */
static bool write_and_close(int fd, const struct letter *letter)
{
    bool whole = write_letter(fd, letter);
    int error = errno;
    bool closed = close(fd) == 0;
    errno = whole ? errno : error;
    return whole && closed;
}

/* The letter takes its name once it is whole. */
static bool write_file(const struct rendering *r, uint32_t line,
                       const struct letter *letter, struct err *err)
{
    char name[FILE_NAME_BYTES];
    char draft[FILE_NAME_BYTES];
    snprintf(name, sizeof name, "%" PRIu32 ".eml", line);
    snprintf(draft, sizeof draft, ".%" PRIu32 ".eml.part", line);
    int fd = openat(r->directory_fd, draft,
                    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
                    S_IRUSR | S_IWUSR);
    if (fd < 0) {
        err_set(err, EX_CANTCREAT, "%s/%s: %s", r->directory, name,
                strerror(errno));
        return false;
    }
    bool whole = write_and_close(fd, letter);
    if (!whole) {
        err_set(err, EX_IOERR, "%s/%s: %s", r->directory, name,
                strerror(errno));
    }
    if (whole && renameat(r->directory_fd, draft, r->directory_fd, name) != 0) {
        err_set(err, EX_CANTCREAT, "%s/%s: %s", r->directory, name,
                strerror(errno));
        whole = false;
    }
    if (!whole) {
        unlinkat(r->directory_fd, draft, 0);
    }
    return whole;
}

static bool render_row(struct rendering *r, const struct plan_row *row,
                       struct err *err)
{
    struct letter_values values;
    struct letter letter;
    struct span reason;
    arena_reset(&r->arena);
    plan_values(&r->plan, row, r->date_s, &r->arena, &values);
    if (!draft_fill(r->plan.draft, &values, &r->arena, &letter, &reason)) {
        /* A file of it is no longer what it was. */
        err_set(err, EX_DATAERR, "%s:%" PRIu32 ": checked, yet refused: %.*s",
                csv_reader_name(r->plan.reader), row->csv.line, (int)reason.len,
                reason.data);
        return false;
    }
    r->letters++;
    return r->directory ? write_file(r, row->csv.line, &letter, err)
                        : write_stdout(&letter, err);
}

static bool render_all(struct rendering *r, struct err *err)
{
    struct plan_row row;
    enum csv_result result = plan_next(&r->plan, &row, err);
    while (result == CSV_RESULT_ROW) {
        if (row.verdict.status == CLEAN_OK && !render_row(r, &row, err)) {
            return false;
        }
        result = plan_next(&r->plan, &row, err);
    }
    return result == CSV_RESULT_END;
}

static void say_why_not(const struct rendering *r, const struct plan_row *row,
                        struct err *err)
{
    enum clean_status status = row->verdict.status;
    err_set(err, status == CLEAN_INVALID ? EX_NOUSER : EX_DATAERR,
            "%s:%" PRIu32 ": %s: %.*s", csv_reader_name(r->plan.reader),
            row->csv.line, clean_status_name(status),
            row->reason.len > 500 ? 500 : (int)row->reason.len,
            row->reason.data);
}

/* The row that begins on that line. */
static bool render_line(struct rendering *r, uint32_t line, struct err *err)
{
    struct plan_row row;
    uint32_t before = 0;
    enum csv_result result = plan_next(&r->plan, &row, err);
    while (result == CSV_RESULT_ROW && row.csv.line < line) {
        before = row.csv.line;
        result = plan_next(&r->plan, &row, err);
    }
    if (result == CSV_RESULT_ERROR) {
        return false;
    }
    const char *name = csv_reader_name(r->plan.reader);
    if (result == CSV_RESULT_END || row.csv.line != line) {
        const char *of =
            r->plan.settings->shard.count > 0 ? "row of this shard" : "row";
        err_set(err, EX_DATAERR, "%s:%" PRIu32 ": no %s begins on this line",
                name, line, of);
        if (before > 0) {
            err_set(err, EX_DATAERR,
                    "%s:%" PRIu32 ": no %s begins on this line; the one "
                    "before it begins on line %" PRIu32,
                    name, line, of, before);
        }
        return false;
    }
    if (row.verdict.status != CLEAN_OK) {
        say_why_not(r, &row, err);
        return false;
    }
    return render_row(r, &row, err);
}

/* What stands in the way of a letter is an error, though every letter that can
 * be is there. */
static bool none_invalid(const struct plan *p, struct err *err)
{
    uint64_t invalid = p->by_status[CLEAN_INVALID];
    if (invalid == 0) {
        return true;
    }
    struct span reason = buf_span(&p->first_invalid_reason);
    err_set(err, EX_NOUSER,
            "%s:%" PRIu32 ": invalid: %.*s (invalid rows: %" PRIu64 ")",
            csv_reader_name(p->reader), p->first_invalid_line,
            reason.len > 500 ? 500 : (int)reason.len, reason.data, invalid);
    return false;
}

static bool render_first(struct rendering *r, struct err *err)
{
    struct plan_row row;
    enum csv_result result = plan_next(&r->plan, &row, err);
    while (result == CSV_RESULT_ROW && row.verdict.status != CLEAN_OK) {
        result = plan_next(&r->plan, &row, err);
    }
    if (result == CSV_RESULT_END && none_invalid(&r->plan, err)) {
        err_set(err, EX_DATAERR, "%s: no row would be sent",
                csv_reader_name(r->plan.reader));
    }
    return result == CSV_RESULT_ROW && render_row(r, &row, err);
}

static bool open_directory(struct rendering *r, struct err *err)
{
    if (!r->directory) {
        return true;
    }
    bool there = mkdir(r->directory, S_IRWXU) == 0 || errno == EEXIST;
    if (there) {
        r->directory_fd = open(r->directory, O_DIRECTORY | O_CLOEXEC);
    }
    if (r->directory_fd < 0) {
        err_set(err, EX_CANTCREAT, "%s: %s", r->directory, strerror(errno));
        return false;
    }
    return true;
}

static bool render(struct rendering *r, uint32_t line, struct err *err)
{
    if (!plan_count(&r->plan, err) || !open_directory(r, err)) {
        return false;
    }
    if (line > 0) {
        return render_line(r, line, err);
    }
    if (!r->directory) {
        return render_first(r, err);
    }
    return render_all(r, err) && none_invalid(&r->plan, err);
}

int mailing_render(const struct settings *settings,
                   const struct render_options *options,
                   const struct observer *observer, struct err *err)
{
    struct rendering r = {.directory = options->directory, .directory_fd = -1};
    struct keeper keeper = {0};
    bool opened = keeper_look(&keeper, settings, err) &&
                  plan_open(&r.plan, settings, keeper_id_key(&keeper), err);
    keeper_close(&keeper);
    if (!opened) {
        return err->status;
    }
    arena_init(&r.arena);
    r.date_s = plan_date(&r.plan);
    bool fine = render(&r, options->line, err);
    if (r.directory_fd >= 0) {
        observer_say(observer, SAY_INFO, "%" PRIu64 " letters written",
                     r.letters);
        close(r.directory_fd);
    }
    arena_release(&r.arena);
    plan_close(&r.plan);
    return fine ? EX_OK : err->status;
}
