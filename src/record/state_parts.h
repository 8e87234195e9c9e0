/* What do the files of the state share? For state*.c alone. */
#pragma once

#include <sqlite3.h>

#include "base/buf.h"
#include "record/state.h"

enum {
    STATE_APPLICATION_ID = 0x6d736874, /* "msht" */
    STATE_VERSION = 1,
    STATE_PAGE_BYTES = 4096,
    STATE_PRINT_DIGITS = 2 * sizeof(struct siphash_print),
};

struct state {
    sqlite3 *db;
    char *path;
    int lock; /* descriptor of the file; -1: none */
    enum state_use use;
    int64_t mailing; /* the one that was found or taken; 0: none */
    char template[STATE_PRINT_DIGITS]; /* its print, as it was */
    uint64_t next_id;                  /* of a delivery */
    uint64_t earlier;                  /* rows of it that runs before left */
    int64_t latest_minute;             /* in which a letter was begun */
    sqlite3_stmt *find;                /* NULL: not yet prepared */
    struct buf scratch;                /* of the checksum */
};

extern const char state_schema[];

/* The columns of a delivery in their order, and its checksum. */
#define STATE_COLUMNS                                                          \
    "id, mailing, key, ordinal, line, address, status, code, enhanced, "       \
    "scope, reply, attempts, message_id, relay, tls, time"

/* How row_sum() takes a value, and what it gives in the end. */
void state_sum_number(struct buf *text, int64_t number);
void state_sum_text(struct buf *text, char type, struct span value);
int64_t state_sum(const struct buf *text);

/* A connection with our settings and row_sum(); scratch outlives it. */
bool state_connect(const char *path, bool writing, struct buf *scratch,
                   sqlite3 **db_out, struct err *err);

/* What SQLite says, with the exit status for it. Always false. */
bool state_fault(sqlite3 *db, const char *path, struct err *err);
bool state_damaged(const char *path, const char *what, struct err *err);

bool state_do(sqlite3 *db, const char *path, const char *sql, struct err *err);
sqlite3_stmt *state_prepare(sqlite3 *db, const char *path, const char *sql,
                            struct err *err); /* NULL: *err */

/* The first column of the only row, or the only step. */
bool state_ask_number(struct state *s, const char *sql, int64_t *out,
                      struct err *err);
bool state_step_once(struct state *s, sqlite3_stmt *q, struct err *err);

void state_bind_text(sqlite3_stmt *q, int at, struct span text);
struct span state_text(sqlite3_stmt *q, int column); /* until the next step */

/* STATE_COLUMNS from a row, and its checksum behind them, as row_sum() has it;
 * and back. False: no status is called so. */
void state_bind_row(sqlite3_stmt *q, int64_t mailing,
                    const struct state_row *row, struct buf *scratch);
bool state_read_row(sqlite3_stmt *q, struct arena *arena,
                    struct state_row *out);
/* Of the row's status alone. */
bool state_read_status(struct span name, struct state_row *out);

/* An empty state at path, whole or not at all. */
bool state_create(const char *path, struct err *err);

/* The file is this process's. The descriptor stays open behind it. */
bool state_lock(int descriptor, const char *path, struct err *err);
int64_t state_lock_holder(int descriptor); /* its process id; 0: nobody */
