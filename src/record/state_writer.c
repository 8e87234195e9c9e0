#include "record/state_writer.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "record/nameless.h"
#include "record/state_parts.h"

struct change {
    enum { CHANGE_ROW, CHANGE_ATTEMPT } kind;
    struct state_row row; /* spans in the group's arena */
};

struct group {
    uint64_t number;
    struct change *changes;
    size_t count, cap;
    int64_t letters;
    struct arena arena;
};

struct state_writer {
    struct state *state;
    struct group groups[2];
    struct group *open;    /* of the loop's thread */
    struct group *handed;  /* of ours; NULL: we are free */
    uint64_t committed;    /* the last group's number */
    int64_t latest_minute; /* in which a letter was begun, by the wall */
    bool ending;
    struct err why;       /* status 0: all is well */
    struct group *failed; /* that had no room; NULL: none */
    int ballast;          /* a file without a name; -1: none */
    void (*done)(void *context);
    void *context;

    sqlite3 *db;
    struct buf scratch;
    sqlite3_stmt *put, *put_attempt, *count;

    pthread_t thread;
    pthread_mutex_t mutex; /* of handed, committed, ending and why */
    pthread_cond_t news;
};

/* --- in the thread --- */

static bool run_change(struct state_writer *w, const struct change *change)
{
    sqlite3_stmt *q = w->put;
    if (change->kind == CHANGE_ROW) {
        state_bind_row(q, w->state->mailing, &change->row, &w->scratch);
    } else {
        const struct report_row *r = &change->row.report;
        q = w->put_attempt;
        sqlite3_bind_int64(q, 1, (sqlite3_int64)change->row.id);
        state_bind_text(q, 2, span_of(outcome_name(r->status)));
        sqlite3_bind_int64(q, 3, r->code);
        state_bind_text(q, 4, r->enhanced);
        state_bind_text(q, 5, span_of(r->scope));
        state_bind_text(q, 6, r->reply);
        state_bind_text(q, 7, r->relay);
        sqlite3_bind_int64(q, 8, r->time_ms);
    }
    bool fine = sqlite3_step(q) == SQLITE_DONE;
    sqlite3_reset(q);
    return fine;
}

/* By the clock on the wall. Where that was set back, the minute in which it
 * was ahead is kept beside (state_budget.c). */
static bool count_letters(struct state_writer *w, int64_t letters)
{
    if (letters == 0) {
        return true;
    }
    int64_t minute = (int64_t)time(NULL) / 60;
    bool back = minute < w->latest_minute;
    w->latest_minute = back ? w->latest_minute : minute;
    sqlite3_bind_int64(w->count, 1, minute);
    sqlite3_bind_int64(w->count, 2, back ? w->latest_minute : 0);
    sqlite3_bind_int64(w->count, 3, letters);
    bool fine = sqlite3_step(w->count) == SQLITE_DONE;
    sqlite3_reset(w->count);
    return fine;
}

static bool commit(struct state_writer *w, const struct group *g)
{
    bool fine =
        sqlite3_exec(w->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK;
    for (size_t i = 0; i < g->count && fine; i++) {
        fine = run_change(w, &g->changes[i]);
    }
    return fine && count_letters(w, g->letters) &&
           sqlite3_exec(w->db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK;
}

/* SQLite does not say why a write failed; the log's length does. */
static bool at_size_limit(const struct state_writer *w)
{
    struct rlimit limit;
    struct stat facts;
    struct buf path;
    buf_init(&path, strlen(w->state->path) + sizeof "-wal");
    buf_append(&path, span_of(w->state->path));
    buf_append(&path, span_from("-wal", sizeof "-wal"));
    bool known = getrlimit(RLIMIT_FSIZE, &limit) == 0 &&
                 limit.rlim_cur != RLIM_INFINITY &&
                 stat(path.data, &facts) == 0;
    buf_release(&path);
    return known &&
           (rlim_t)facts.st_size + 2 * STATE_PAGE_BYTES > limit.rlim_cur;
}

/* Nothing was kept, and nothing is in doubt: there was no room for it. */
static bool out_of_room(const struct state_writer *w)
{
    return sqlite3_errcode(w->db) == SQLITE_FULL ||
           (sqlite3_extended_errcode(w->db) == SQLITE_IOERR_WRITE &&
            at_size_limit(w));
}

static void write_group(struct state_writer *w)
{
    struct err why = {0};
    bool fine = commit(w, w->handed);
    if (!fine) {
        state_fault(w->db, w->state->path, &why);
        why.status = EX_IOERR;
        w->failed = out_of_room(w) ? w->handed : NULL;
        (void)sqlite3_exec(w->db, "ROLLBACK", NULL, NULL, NULL);
    }
    pthread_mutex_lock(&w->mutex);
    if (fine) {
        w->committed = w->handed->number;
    } else {
        w->why = why;
    }
    w->handed = NULL;
    pthread_cond_broadcast(&w->news);
    pthread_mutex_unlock(&w->mutex);
    w->done(w->context);
}

static void *work(void *context)
{
    struct state_writer *w = context;
    pthread_mutex_lock(&w->mutex);
    for (;;) {
        while (!w->handed && !w->ending) {
            pthread_cond_wait(&w->news, &w->mutex);
        }
        if (!w->handed) {
            break;
        }
        pthread_mutex_unlock(&w->mutex);
        write_group(w);
        pthread_mutex_lock(&w->mutex);
    }
    pthread_mutex_unlock(&w->mutex);
    return NULL;
}

/* --- in the loop's thread --- */

static struct change *add(struct state_writer *w)
{
    struct group *g = w->open;
    if (g->count == g->cap) {
        g->cap = g->cap ? g->cap * 2 : 64;
        g->changes = mem_resize(g->changes, g->cap, sizeof *g->changes);
    }
    return &g->changes[g->count++];
}

static void copy_row(struct arena *a, const struct state_row *from,
                     struct state_row *to)
{
    *to = *from;
    to->key = arena_copy(a, from->key);
    to->report.address = arena_copy(a, from->report.address);
    to->report.enhanced = arena_copy(a, from->report.enhanced);
    to->report.reply = arena_copy(a, from->report.reply);
    to->report.message_id = arena_copy(a, from->report.message_id);
    to->report.relay = arena_copy(a, from->report.relay);
    to->report.tls = arena_copy(a, from->report.tls);
    size_t len = strlen(from->report.scope);
    char *scope = arena_alloc(a, len + 1);
    memcpy(scope, from->report.scope, len + 1);
    to->report.scope = scope;
}

void state_writer_put(struct state_writer *w, const struct state_row *row)
{
    struct change *change = add(w);
    change->kind = CHANGE_ROW;
    copy_row(&w->open->arena, row, &change->row);
}

void state_writer_put_attempt(struct state_writer *w,
                              const struct state_row *row)
{
    struct change *change = add(w);
    change->kind = CHANGE_ATTEMPT;
    copy_row(&w->open->arena, row, &change->row);
}

void state_writer_count_letters(struct state_writer *w, int letters)
{
    w->open->letters += letters;
}

uint64_t state_writer_group(const struct state_writer *w)
{
    return w->open->number;
}

uint64_t state_writer_committed(struct state_writer *w)
{
    pthread_mutex_lock(&w->mutex);
    uint64_t committed = w->committed;
    pthread_mutex_unlock(&w->mutex);
    return committed;
}

/* The mutex is held, and the thread is free. */
static void hand_over(struct state_writer *w)
{
    uint64_t next = w->open->number + 1;
    w->handed = w->open;
    w->open = w->open == &w->groups[0] ? &w->groups[1] : &w->groups[0];
    arena_reset(&w->open->arena);
    w->open->count = 0;
    w->open->letters = 0;
    w->open->number = next;
    pthread_cond_broadcast(&w->news);
}

bool state_writer_turn(struct state_writer *w, struct err *err)
{
    pthread_mutex_lock(&w->mutex);
    bool fine = w->why.status == 0;
    if (!fine) {
        *err = w->why;
    } else if (!w->handed && w->open->count > 0) {
        hand_over(w);
    }
    pthread_mutex_unlock(&w->mutex);
    return fine;
}

static bool open_database(struct state_writer *w, struct err *err)
{
    struct state *s = w->state;
    if (!state_connect(s->path, true, &w->scratch, &w->db, err)) {
        return false;
    }
    w->put = state_prepare(
        w->db, s->path,
        "REPLACE INTO delivery(" STATE_COLUMNS ", checksum)"
        " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14,"
        " ?15, ?16, ?17)",
        err);
    w->put_attempt =
        w->put ? state_prepare(
                     w->db, s->path,
                     "INSERT INTO attempt(delivery, status, code, enhanced, "
                     "scope, reply,"
                     " relay, time) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                     err)
               : NULL;
    w->count = w->put_attempt
                   ? state_prepare(
                         w->db, s->path,
                         "INSERT INTO begun(minute, ahead, messages) "
                         "VALUES(?1, ?2, ?3)"
                         " ON CONFLICT DO UPDATE SET messages = messages + ?3",
                         err)
                   : NULL;
    return w->count != NULL;
}

/* --- room for the last words --- */

enum { BALLAST_BYTES = 256 * 1024 };

/* Beside the state, and gone with its process. Where it cannot be had, the
 * run goes without. */
static void take_ballast(struct state_writer *w)
{
    w->ballast = nameless_open(w->state->path);
    if (w->ballast >= 0) {
        (void)posix_fallocate(w->ballast, 0, BALLAST_BYTES);
    }
}

static void drop_ballast(struct state_writer *w)
{
    if (w->ballast >= 0) {
        close(w->ballast);
    }
    w->ballast = -1;
}

static bool commit_once(struct state_writer *w, struct group *g)
{
    if (g->count == 0) {
        return true;
    }
    bool fine = commit(w, g);
    if (fine) {
        g->count = 0;
    } else if (out_of_room(w)) {
        (void)sqlite3_exec(w->db, "ROLLBACK", NULL, NULL, NULL);
    }
    return fine;
}

static bool commit_rest(struct state_writer *w)
{
    return commit_once(w, w->failed) && commit_once(w, w->open);
}

/* The thread has ended. What the log holds goes into the file, so that the
 * log begins anew, where the ballast alone was not enough. */
static void rescue(struct state_writer *w)
{
    drop_ballast(w);
    if (!commit_rest(w) &&
        sqlite3_exec(w->db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL,
                     NULL) == SQLITE_OK) {
        (void)commit_rest(w);
    }
}

static void destroy(struct state_writer *w)
{
    drop_ballast(w);
    sqlite3_finalize(w->put);
    sqlite3_finalize(w->put_attempt);
    sqlite3_finalize(w->count);
    sqlite3_close(w->db);
    for (size_t i = 0; i < 2; i++) {
        arena_release(&w->groups[i].arena);
        free(w->groups[i].changes);
    }
    buf_release(&w->scratch);
    pthread_mutex_destroy(&w->mutex);
    pthread_cond_destroy(&w->news);
    free(w);
}

static bool begin_thread(struct state_writer *w, struct err *err)
{
    /* Signals are the loop's. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&w->thread, NULL, work, w);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error != 0) {
        err_set(err, EX_OSERR, "no thread for the state: %s", strerror(error));
    }
    return error == 0;
}

struct state_writer *state_writer_create(struct state *s,
                                         void (*done)(void *context),
                                         void *context, struct err *err)
{
    struct state_writer *w = mem_alloc_zero(1, sizeof *w);
    w->state = s;
    w->latest_minute = s->latest_minute;
    w->done = done;
    w->context = context;
    w->open = &w->groups[0];
    w->open->number = 1;
    w->ballast = -1;
    arena_init(&w->groups[0].arena);
    arena_init(&w->groups[1].arena);
    buf_init(&w->scratch, s->scratch.bytes_max);
    pthread_mutex_init(&w->mutex, NULL);
    pthread_cond_init(&w->news, NULL);
    if (!open_database(w, err) || !begin_thread(w, err)) {
        destroy(w);
        return NULL;
    }
    take_ballast(w);
    return w;
}

bool state_writer_finish(struct state_writer *w, struct err *err)
{
    pthread_mutex_lock(&w->mutex);
    while (w->handed) {
        pthread_cond_wait(&w->news, &w->mutex);
    }
    if (w->why.status == 0 && w->open->count > 0) {
        hand_over(w);
    }
    w->ending = true;
    pthread_cond_broadcast(&w->news);
    pthread_mutex_unlock(&w->mutex);
    pthread_join(w->thread, NULL);
    if (w->failed) {
        rescue(w);
    }
    bool fine = w->why.status == 0;
    if (!fine) {
        *err = w->why;
    }
    destroy(w);
    return fine;
}
