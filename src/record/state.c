#include "record/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "record/state_parts.h"

enum { HEADER_BYTES = 100, BUSY_MS = 5000, SCRATCH_BYTES_MAX = 1 << 24 };

/* --- SQLite --- */

static int status_of(int code)
{
    static const struct {
        int code;
        int status;
    } statuses[] = {
        {SQLITE_CANTOPEN, EX_CANTCREAT}, {SQLITE_READONLY, EX_CANTCREAT},
        {SQLITE_PERM, EX_CANTCREAT},     {SQLITE_NOTADB, EX_DATAERR},
        {SQLITE_CORRUPT, EX_DATAERR},    {SQLITE_CONSTRAINT, EX_DATAERR},
        {SQLITE_ERROR, EX_DATAERR},      {SQLITE_BUSY, EX_TEMPFAIL},
    };
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        if (statuses[i].code == code) {
            return statuses[i].status;
        }
    }
    return EX_IOERR;
}

bool state_fault(sqlite3 *db, const char *path, struct err *err)
{
    int code = db ? sqlite3_errcode(db) & 0xff : SQLITE_NOMEM;
    if (code == SQLITE_NOMEM) {
        mem_exhausted();
    }
    int system = sqlite3_system_errno(db);
    bool of_system = (code == SQLITE_IOERR || code == SQLITE_CANTOPEN ||
                      code == SQLITE_FULL) &&
                     system != 0;
    err_set(err, status_of(code), "%s: %s%s%s", path, sqlite3_errmsg(db),
            of_system ? ": " : "", of_system ? strerror(system) : "");
    return false;
}

bool state_damaged(const char *path, const char *what, struct err *err)
{
    err_set(err, EX_DATAERR, "%s: this state is damaged: %s", path, what);
    return false;
}

bool state_do(sqlite3 *db, const char *path, const char *sql, struct err *err)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ||
           state_fault(db, path, err);
}

sqlite3_stmt *state_prepare(sqlite3 *db, const char *path, const char *sql,
                            struct err *err)
{
    sqlite3_stmt *q = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &q, NULL) != SQLITE_OK) {
        state_fault(db, path, err);
    }
    return q;
}

static const struct siphash_key checksum_key = {"mailshot a state"};

void state_sum_number(struct buf *text, int64_t number)
{
    char bytes[1 + sizeof number] = {SQLITE_INTEGER};
    memcpy(bytes + 1, &number, sizeof number);
    buf_append(text, span_from(bytes, sizeof bytes));
}

void state_sum_text(struct buf *text, char type, struct span value)
{
    uint32_t len = (uint32_t)value.len;
    char bytes[1 + sizeof len] = {type};
    memcpy(bytes + 1, &len, sizeof len);
    buf_append(text, span_from(bytes, sizeof bytes));
    buf_append(text, value);
}

int64_t state_sum(const struct buf *text)
{
    struct siphash_print print = siphash(&checksum_key, buf_span(text));
    int64_t sum;
    memcpy(&sum, print.bytes, sizeof sum);
    return sum;
}

static void append_value(struct buf *out, sqlite3_value *value)
{
    int type = sqlite3_value_type(value);
    if (type == SQLITE_INTEGER) {
        state_sum_number(out, sqlite3_value_int64(value));
        return;
    }
    const char *text = type == SQLITE_BLOB
                           ? sqlite3_value_blob(value)
                           : (const char *)sqlite3_value_text(value);
    size_t len = (size_t)sqlite3_value_bytes(value);
    state_sum_text(out, (char)type, span_from(text, len));
}

/* row_sum(value, …): what a row's checksum has to be. */
static void row_sum(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct buf *text = sqlite3_user_data(context);
    buf_clear(text);
    for (int i = 0; i < count; i++) {
        append_value(text, values[i]);
    }
    sqlite3_result_int64(context, state_sum(text));
}

/* A name that SQLite would take for one of its own. */
static char *plain_name(const char *path)
{
    bool rooted = path[0] == '/';
    size_t len = strlen(path);
    char *name = mem_alloc(len + 3);
    memcpy(name, "./", 2);
    memcpy(name + (rooted ? 0 : 2), path, len + 1);
    return name;
}

static bool set_up(sqlite3 *db, const char *path, bool writing,
                   struct buf *scratch, struct err *err)
{
    static const char common[] = "PRAGMA trusted_schema = OFF;"
                                 "PRAGMA cell_size_check = ON;"
                                 "PRAGMA mmap_size = 0;";
    /* FULL: a commit is on the disk when it returns. */
    static const char for_writing[] = "PRAGMA synchronous = FULL;"
                                      "PRAGMA journal_mode = WAL;"
                                      "PRAGMA wal_autocheckpoint = 4000;";
    sqlite3_busy_timeout(db, BUSY_MS);
    if (sqlite3_create_function(db, "row_sum", -1,
                                SQLITE_UTF8 | SQLITE_DETERMINISTIC |
                                    SQLITE_DIRECTONLY,
                                scratch, row_sum, NULL, NULL) != SQLITE_OK) {
        return state_fault(db, path, err);
    }
    return state_do(db, path, common, err) &&
           (!writing || state_do(db, path, for_writing, err));
}

bool state_connect(const char *path, bool writing, struct buf *scratch,
                   sqlite3 **db_out, struct err *err)
{
    char *name = plain_name(path);
    int flags = SQLITE_OPEN_NOMUTEX |
                (writing ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);
    *db_out = NULL;
    int result = sqlite3_open_v2(name, db_out, flags, NULL);
    free(name);
    return result == SQLITE_OK ? set_up(*db_out, path, writing, scratch, err)
                               : state_fault(*db_out, path, err);
}

/* --- the file --- */

static uint32_t big_endian(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
           (uint32_t)at[2] << 8 | at[3];
}

/* A run makes its state; whoever else opens one reads it. */
static int not_to_be_had(enum state_use use)
{
    return use == STATE_RUN ? EX_CANTCREAT : EX_NOINPUT;
}

/* Before SQLite sees it: it would write to any database of its own kind. */
static bool is_ours(int fd, const char *path, enum state_use use,
                    struct err *err)
{
    struct stat facts;
    unsigned char header[HEADER_BYTES];
    if (fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode)) {
        err_set(err, not_to_be_had(use), "%s: not a file that can hold a state",
                path);
        return false;
    }
    if (facts.st_nlink > 1) {
        /* SQLite seeks the log beside the name that it is told. */
        err_set(err, EX_DATAERR,
                "%s: this state has another name, too (a hard link), and what "
                "was written last may lie beside that one",
                path);
        return false;
    }
    ssize_t got = pread(fd, header, sizeof header, 0);
    if (got < 0) {
        err_set(err, EX_IOERR, "%s: %s", path, strerror(errno));
        return false;
    }
    if (got == 0) {
        err_set(err, EX_DATAERR,
                "%s: an empty file is no state (where a new one is meant, "
                "remove it)",
                path);
        return false;
    }
    if (got < HEADER_BYTES || memcmp(header, "SQLite format 3", 16) != 0 ||
        big_endian(header + 68) != STATE_APPLICATION_ID) {
        err_set(err, EX_DATAERR, "%s: not a state of mailshot", path);
        return false;
    }
    if (big_endian(header + 60) != STATE_VERSION) {
        err_set(err, EX_DATAERR,
                "%s: a state of another version of mailshot (%u)", path,
                big_endian(header + 60));
        return false;
    }
    return true;
}

static int open_file(const char *path, enum state_use use, struct err *err)
{
    int how = (use == STATE_READ ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NOCTTY |
              O_NONBLOCK;
    int fd = open(path, how);
    if (fd < 0 && errno == ENOENT && use == STATE_RUN) {
        if (!state_create(path, err)) {
            return -1;
        }
        fd = open(path, how);
    }
    if (fd < 0) {
        err_set(err, not_to_be_had(use), "%s: %s", path, strerror(errno));
    }
    return fd;
}

/* It is ours alone from here on. */
static bool take(int fd, const char *path, struct err *err)
{
    /* Some file systems have no modes. The log takes that of the file. */
    (void)fchmod(fd, 0600);
    return state_lock(fd, path, err);
}

static bool check_structure(struct state *s, struct err *err)
{
    sqlite3_stmt *q =
        state_prepare(s->db, s->path, "PRAGMA quick_check(1)", err);
    if (!q) {
        return false;
    }
    bool fine = false;
    if (sqlite3_step(q) != SQLITE_ROW) {
        state_fault(s->db, s->path, err);
    } else if (span_equal(state_text(q, 0), SPAN("ok"))) {
        fine = true;
    } else {
        state_damaged(s->path, (const char *)sqlite3_column_text(q, 0), err);
    }
    sqlite3_finalize(q);
    return fine;
}

/* Each row says itself whether it is whole. */
static bool check_rows(struct state *s, struct err *err)
{
    sqlite3_stmt *q = state_prepare(
        s->db, s->path,
        "SELECT 'a row of delivery, ' || id FROM delivery"
        " WHERE checksum <> row_sum(" STATE_COLUMNS ")"
        " UNION ALL SELECT 'a row of mailing, ' || id FROM mailing"
        " WHERE checksum <> row_sum(id, campaign, message_id_key, template)"
        " LIMIT 1",
        err);
    if (!q) {
        return false;
    }
    int result = sqlite3_step(q);
    bool fine = result == SQLITE_DONE;
    if (result == SQLITE_ROW) {
        state_damaged(s->path, (const char *)sqlite3_column_text(q, 0), err);
    } else if (!fine) {
        state_fault(s->db, s->path, err);
    }
    sqlite3_finalize(q);
    return fine;
}

struct state *state_open(const char *path, enum state_use use, struct err *err)
{
    int fd = open_file(path, use, err);
    if (fd < 0) {
        return NULL;
    }
    struct state *s = mem_alloc_zero(1, sizeof *s);
    s->path = mem_copy_text(path, strlen(path));
    s->lock = fd;
    s->use = use;
    buf_init(&s->scratch, SCRATCH_BYTES_MAX);
    bool writing = use != STATE_READ;
    if (is_ours(fd, path, use, err) && (!writing || take(fd, path, err)) &&
        state_connect(path, writing, &s->scratch, &s->db, err) &&
        check_structure(s, err) && check_rows(s, err)) {
        return s;
    }
    state_close(s);
    if (use == STATE_READ && err->status == EX_CANTCREAT) {
        err->status = EX_NOINPUT; /* SQLite makes files to read one, too */
    }
    return NULL;
}

void state_close(struct state *s)
{
    if (!s) {
        return;
    }
    sqlite3_finalize(s->find);
    sqlite3_close(s->db);
    /* Last: to close a descriptor of the file is to lose SQLite's locks. */
    close(s->lock);
    buf_release(&s->scratch);
    free(s->path);
    free(s);
}
