#include "record/state_survey.h"

#include "base/clock.h"
#include "record/state_parts.h"

int64_t state_holder(const struct state *s)
{
    return state_lock_holder(s->lock);
}

/* --- campaigns --- */

static bool count_rows(struct state *s, struct state_mailing_facts *facts,
                       struct err *err)
{
    sqlite3_stmt *q =
        state_prepare(s->db, s->path,
                      "SELECT status, count(*) FROM delivery WHERE mailing = ?1"
                      " GROUP BY status",
                      err);
    if (!q) {
        return false;
    }
    sqlite3_bind_int64(q, 1, facts->id);
    int result;
    bool known = true;
    while (known && (result = sqlite3_step(q)) == SQLITE_ROW) {
        struct state_row row;
        uint64_t count = (uint64_t)sqlite3_column_int64(q, 1);
        known = state_read_status(state_text(q, 0), &row) ||
                state_damaged(s->path, "a status that is none", err);
        facts->by_outcome[row.report.status] += count;
        facts->begun += row.begun ? count : 0;
    }
    bool fine =
        known && (result == SQLITE_DONE || state_fault(s->db, s->path, err));
    sqlite3_finalize(q);
    return fine;
}

static void read_facts(sqlite3_stmt *q, struct state_mailing_facts *out)
{
    *out = (struct state_mailing_facts){
        .id = sqlite3_column_int64(q, 0),
        .campaign = state_text(q, 1),
        .began_ms = sqlite3_column_int64(q, 2),
        .resumed_ms = sqlite3_column_int64(q, 3),
        .list =
            {
                .rows = (uint64_t)sqlite3_column_int64(q, 4),
                .invalid = (uint64_t)sqlite3_column_int64(q, 5),
                .duplicate = (uint64_t)sqlite3_column_int64(q, 6),
                .suppressed = (uint64_t)sqlite3_column_int64(q, 7),
            },
    };
}

bool state_each_mailing(struct state *s,
                        bool (*tell)(void *context,
                                     const struct state_mailing_facts *facts,
                                     struct err *err),
                        void *context, struct err *err)
{
    sqlite3_stmt *q = state_prepare(
        s->db, s->path,
        "SELECT id, campaign, began, resumed, rows, invalid, duplicate,"
        " suppressed FROM mailing ORDER BY id",
        err);
    if (!q) {
        return false;
    }
    int result = SQLITE_DONE;
    bool fine = true;
    while (fine && (result = sqlite3_step(q)) == SQLITE_ROW) {
        struct state_mailing_facts facts;
        read_facts(q, &facts);
        fine = count_rows(s, &facts, err) && tell(context, &facts, err);
    }
    if (fine && result != SQLITE_DONE) {
        fine = state_fault(s->db, s->path, err);
    }
    sqlite3_finalize(q);
    return fine;
}

/* --- rows --- */

bool state_each_row(struct state *s, int64_t mailing,
                    bool (*tell)(void *context, const struct state_row *row,
                                 struct err *err),
                    void *context, struct err *err)
{
    sqlite3_stmt *q = state_prepare(s->db, s->path,
                                    "SELECT " STATE_COLUMNS " FROM delivery"
                                    " WHERE mailing = ?1 ORDER BY id",
                                    err);
    if (!q) {
        return false;
    }
    struct arena arena;
    arena_init(&arena);
    sqlite3_bind_int64(q, 1, mailing);
    int result = SQLITE_DONE;
    bool fine = true;
    while (fine && (result = sqlite3_step(q)) == SQLITE_ROW) {
        struct state_row row;
        arena_reset(&arena);
        fine = (state_read_row(q, &arena, &row) ||
                state_damaged(s->path, "a status that is none", err)) &&
               tell(context, &row, err);
    }
    if (fine && result != SQLITE_DONE) {
        fine = state_fault(s->db, s->path, err);
    }
    arena_release(&arena);
    sqlite3_finalize(q);
    return fine;
}

/* --- relays --- */

bool state_each_learned(struct state *s,
                        bool (*tell)(void *context,
                                     const struct state_learned *learned,
                                     struct err *err),
                        void *context, struct err *err)
{
    sqlite3_stmt *q = state_prepare(
        s->db, s->path,
        "SELECT relay, letters, recipients, sessions, stream_unfit, time"
        " FROM learned ORDER BY relay",
        err);
    if (!q) {
        return false;
    }
    int result = SQLITE_DONE;
    bool fine = true;
    while (fine && (result = sqlite3_step(q)) == SQLITE_ROW) {
        const struct state_learned learned = {
            .relay = state_text(q, 0),
            .letters = (uint64_t)sqlite3_column_int64(q, 1),
            .recipients = (uint64_t)sqlite3_column_int64(q, 2),
            .sessions = (uint64_t)sqlite3_column_int64(q, 3),
            .stream_unfit = sqlite3_column_int64(q, 4) != 0,
            .time_ms = sqlite3_column_int64(q, 5),
        };
        fine = tell(context, &learned, err);
    }
    if (fine && result != SQLITE_DONE) {
        fine = state_fault(s->db, s->path, err);
    }
    sqlite3_finalize(q);
    return fine;
}

bool state_learn(struct state *s, const struct state_learned *l,
                 struct err *err)
{
    sqlite3_stmt *q = state_prepare(
        s->db, s->path,
        "REPLACE INTO learned(relay, letters, recipients, sessions,"
        " stream_unfit, time) VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
        err);
    if (!q) {
        return false;
    }
    state_bind_text(q, 1, l->relay);
    sqlite3_bind_int64(q, 2, (sqlite3_int64)l->letters);
    sqlite3_bind_int64(q, 3, (sqlite3_int64)l->recipients);
    sqlite3_bind_int64(q, 4, (sqlite3_int64)l->sessions);
    sqlite3_bind_int64(q, 5, l->stream_unfit);
    sqlite3_bind_int64(q, 6, l->time_ms);
    return state_step_once(s, q, err);
}

/* --- suppressions --- */

bool state_each_suppression(struct state *s,
                            bool (*tell)(void *context, struct span address,
                                         struct err *err),
                            void *context, struct err *err)
{
    sqlite3_stmt *q = state_prepare(
        s->db, s->path, "SELECT address FROM suppression ORDER BY key", err);
    if (!q) {
        return false;
    }
    int result = SQLITE_DONE;
    bool fine = true;
    while (fine && (result = sqlite3_step(q)) == SQLITE_ROW) {
        fine = tell(context, state_text(q, 0), err);
    }
    if (fine && result != SQLITE_DONE) {
        fine = state_fault(s->db, s->path, err);
    }
    sqlite3_finalize(q);
    return fine;
}

/* --- settling --- */

static bool run_settlement(struct state *s, sqlite3_stmt *q, uint64_t id,
                           enum outcome outcome, const char *who,
                           struct err *err)
{
    sqlite3_bind_int64(q, 1, (sqlite3_int64)id);
    state_bind_text(q, 2, span_of(outcome_name(outcome)));
    state_bind_text(q, 3, span_of(who));
    sqlite3_bind_int64(q, 4, clock_wall_ms());
    bool fine =
        sqlite3_step(q) == SQLITE_DONE || state_fault(s->db, s->path, err);
    sqlite3_reset(q);
    return fine;
}

static const char settle_sql[] =
    "UPDATE delivery SET status = ?2, scope = 'local', code = 0, enhanced = '',"
    " reply = 'settled by ' || ?3, time = ?4, checksum = row_sum(id, mailing,"
    " key, ordinal, line, address, ?2, 0, '', 'local', 'settled by ' || ?3,"
    " attempts, message_id, relay, tls, ?4) WHERE id = ?1";

static const char settlement_sql[] =
    "INSERT INTO settlement(delivery, status, who, time)"
    " VALUES(?1, ?2, ?3, ?4)";

static bool settle_each(struct state *s, const uint64_t *ids, size_t count,
                        enum outcome outcome, const char *who, struct err *err)
{
    sqlite3_stmt *change = state_prepare(s->db, s->path, settle_sql, err);
    sqlite3_stmt *record =
        change ? state_prepare(s->db, s->path, settlement_sql, err) : NULL;
    bool fine = record != NULL;
    for (size_t i = 0; i < count && fine; i++) {
        fine = run_settlement(s, change, ids[i], outcome, who, err) &&
               run_settlement(s, record, ids[i], outcome, who, err);
    }
    sqlite3_finalize(change);
    sqlite3_finalize(record);
    return fine;
}

bool state_settle(struct state *s, const uint64_t *ids, size_t count,
                  enum outcome outcome, const char *who, struct err *err)
{
    return state_do(s->db, s->path, "BEGIN IMMEDIATE", err) &&
           settle_each(s, ids, count, outcome, who, err) &&
           state_do(s->db, s->path, "COMMIT", err);
}
