/* How much of the budgets is used?
 *
 * A row of `begun` is a minute of the clock on the wall, and what was begun in
 * it. Where the clock was behind a minute that stood there already, that one
 * is kept as `ahead`: which of the two clocks was right is not known. Until
 * the clock has come to it the minute counts, from then on the later of both.
 * A minute that lies ahead of the clock counts from when that was first seen:
 * so a clock that is set back opens no budget, and one that was wrong by years
 * closes none for longer than its window.
 *
 * Letters that were not said after all are taken back in the minute in which
 * that is known. A minute that has less than none for it counts for none: it
 * outlives the one that they were begun in. */
#include "record/state_parts.h"

enum { KEPT_MINUTES = 400 * 24 * 60 };

static bool bind_and_step(struct state *s, const char *sql, int64_t minute,
                          struct err *err)
{
    sqlite3_stmt *q = state_prepare(s->db, s->path, sql, err);
    if (!q) {
        return false;
    }
    sqlite3_bind_int64(q, 1, minute);
    sqlite3_bind_int64(q, 2, minute - KEPT_MINUTES);
    return state_step_once(s, q, err);
}

static bool mend(struct state *s, int64_t minute, struct err *err)
{
    return bind_and_step(s,
                         "UPDATE begun SET seen = ?1 WHERE minute > ?1"
                         " AND (seen = 0 OR seen > ?1) AND ?2 < ?1",
                         minute, err) &&
           bind_and_step(s,
                         "DELETE FROM begun WHERE max(minute, ahead) < ?2"
                         " OR (minute > ?1 AND seen < ?2)",
                         minute, err);
}

bool state_each_begun(struct state *s, int64_t now_s,
                      void (*tell)(void *context, uint64_t age_s,
                                   uint64_t messages),
                      void *context, struct err *err)
{
    int64_t minute = now_s / 60;
    if (s->use != STATE_READ && !mend(s, minute, err)) {
        return false;
    }
    sqlite3_stmt *q = state_prepare(
        s->db, s->path,
        "SELECT iif(ahead > minute AND ahead <= ?1, ahead,"
        " iif(minute > ?1, iif(seen > 0, seen, ?1), minute)), messages"
        " FROM begun WHERE messages > 0",
        err);
    if (!q) {
        return false;
    }
    sqlite3_bind_int64(q, 1, minute);
    int result;
    while ((result = sqlite3_step(q)) == SQLITE_ROW) {
        /* As if all of them had been begun at its end. */
        int64_t age_s = now_s - (sqlite3_column_int64(q, 0) * 60 + 59);
        tell(context, age_s > 0 ? (uint64_t)age_s : 0,
             (uint64_t)sqlite3_column_int64(q, 1));
    }
    bool fine = result == SQLITE_DONE || state_fault(s->db, s->path, err);
    sqlite3_finalize(q);
    return fine;
}
