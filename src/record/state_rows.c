/* What did earlier runs leave of a campaign and its rows? */
#include <string.h>

#include "base/ascii.h"
#include "base/clock.h"
#include "record/state_parts.h"

/* --- values --- */

void state_bind_text(sqlite3_stmt *q, int at, struct span text)
{
    /* An empty span may have no data, and NULL would be no text. */
    sqlite3_bind_text(q, at, text.len > 0 ? text.data : "", (int)text.len,
                      SQLITE_STATIC);
}

struct span state_text(sqlite3_stmt *q, int column)
{
    const char *text = (const char *)sqlite3_column_text(q, column);
    return span_from(text, text ? (size_t)sqlite3_column_bytes(q, column) : 0);
}

static const char begun[] = "begun";

/* A statement under way, and the sum of what it has been given. */
struct binding {
    sqlite3_stmt *q;
    struct buf *sum;
    int at;
};

static void bind_number(struct binding *b, int64_t number)
{
    sqlite3_bind_int64(b->q, b->at++, number);
    state_sum_number(b->sum, number);
}

static void bind_text(struct binding *b, struct span text)
{
    state_bind_text(b->q, b->at++, text);
    state_sum_text(b->sum, SQLITE_TEXT, text);
}

void state_bind_row(sqlite3_stmt *q, int64_t mailing,
                    const struct state_row *row, struct buf *scratch)
{
    const struct report_row *r = &row->report;
    struct binding b = {q, scratch, 1};
    buf_clear(scratch);
    bind_number(&b, (int64_t)row->id);
    bind_number(&b, mailing);
    bind_text(&b, row->key);
    bind_number(&b, row->ordinal);
    bind_number(&b, r->line);
    bind_text(&b, r->address);
    bind_text(&b, span_of(row->begun ? begun : outcome_name(r->status)));
    bind_number(&b, r->code);
    bind_text(&b, r->enhanced);
    bind_text(&b, span_of(r->scope));
    bind_text(&b, r->reply);
    bind_number(&b, r->attempts);
    bind_text(&b, r->message_id);
    bind_text(&b, r->relay);
    bind_text(&b, r->tls);
    bind_number(&b, r->time_ms);
    sqlite3_bind_int64(q, b.at, state_sum(scratch));
}

bool state_read_status(struct span name, struct state_row *out)
{
    out->begun = span_equal(name, span_of(begun));
    out->report.status = OUTCOME_UNKNOWN;
    for (enum outcome o = 0; o < OUTCOMES && !out->begun; o++) {
        if (span_equal(name, span_of(outcome_name(o)))) {
            out->report.status = o;
            return true;
        }
    }
    return out->begun;
}

static struct span copied(sqlite3_stmt *q, int column, struct arena *arena)
{
    return arena_copy(arena, state_text(q, column));
}

static const char *copied_name(sqlite3_stmt *q, int column, struct arena *arena)
{
    struct span text = state_text(q, column);
    char *name = arena_alloc(arena, text.len + 1);
    memcpy(name, text.data, text.len);
    name[text.len] = '\0';
    return name;
}

bool state_read_row(sqlite3_stmt *q, struct arena *arena, struct state_row *out)
{
    *out = (struct state_row){
        .id = (uint64_t)sqlite3_column_int64(q, 0),
        .key = copied(q, 2, arena),
        .ordinal = (uint32_t)sqlite3_column_int64(q, 3),
        .report =
            {
                .line = (uint32_t)sqlite3_column_int64(q, 4),
                .address = copied(q, 5, arena),
                .code = (unsigned)sqlite3_column_int64(q, 7),
                .enhanced = copied(q, 8, arena),
                .scope = copied_name(q, 9, arena),
                .reply = copied(q, 10, arena),
                .attempts = (unsigned)sqlite3_column_int64(q, 11),
                .message_id = copied(q, 12, arena),
                .relay = copied(q, 13, arena),
                .tls = copied(q, 14, arena),
                .time_ms = sqlite3_column_int64(q, 15),
            },
    };
    bool known = state_read_status(state_text(q, 6), out);
    if (out->begun) {
        out->report.reply =
            SPAN("the run ended before the reply to the content was seen");
    }
    return known;
}

/* --- the campaign --- */

static struct span hex(const struct siphash_print *print,
                       char text[static STATE_PRINT_DIGITS])
{
    return ascii_hex(print->bytes, sizeof print->bytes, text);
}

bool state_step_once(struct state *s, sqlite3_stmt *q, struct err *err)
{
    bool fine = q && sqlite3_step(q) == SQLITE_DONE;
    if (q && !fine) {
        state_fault(s->db, s->path, err);
    }
    sqlite3_finalize(q);
    return fine;
}

static bool read_mailing(struct state *s, sqlite3_stmt *q,
                         struct siphash_key *id_key_out, struct err *err)
{
    struct span template = state_text(q, 2);
    if (sqlite3_column_bytes(q, 1) != sizeof id_key_out->bytes ||
        template.len != sizeof s->template) {
        return state_damaged(s->path, "a key or a print is cut", err);
    }
    s->mailing = sqlite3_column_int64(q, 0);
    memcpy(id_key_out->bytes, sqlite3_column_blob(q, 1),
           sizeof id_key_out->bytes);
    memcpy(s->template, template.data, template.len);
    return true;
}

bool state_find_mailing(struct state *s, struct span campaign,
                        struct siphash_key *id_key_out, struct err *err)
{
    sqlite3_stmt *q = state_prepare(
        s->db, s->path,
        "SELECT id, message_id_key, template FROM mailing WHERE campaign = ?1",
        err);
    if (!q) {
        return false;
    }
    state_bind_text(q, 1, campaign);
    int result = sqlite3_step(q);
    bool found = result == SQLITE_ROW && read_mailing(s, q, id_key_out, err);
    if (result != SQLITE_ROW && result != SQLITE_DONE) {
        state_fault(s->db, s->path, err);
    }
    sqlite3_finalize(q);
    return found;
}

static bool same_letter(const struct state *s, const struct state_mailing *m,
                        struct err *err)
{
    char text[STATE_PRINT_DIGITS];
    if (m->template_may_change ||
        span_equal(span_from(s->template, sizeof s->template),
                   hex(&m->template, text))) {
        return true;
    }
    err_set(err, EX_DATAERR,
            "%s: campaign %.*s was begun with another template (with "
            "--template-changed ok the rest gets this one)",
            s->path, (int)m->campaign.len, m->campaign.data);
    return false;
}

/* Begins it, or writes down with what it goes on. */
static bool write_mailing(struct state *s, const struct state_mailing *m,
                          struct err *err)
{
    char template[STATE_PRINT_DIGITS];
    char options[STATE_PRINT_DIGITS];
    sqlite3_stmt *q = state_prepare(
        s->db, s->path,
        "INSERT INTO mailing(id, campaign, message_id_key, template, options,"
        " began, resumed, checksum)"
        " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?6, row_sum(?1, ?2, ?3, ?4))"
        " ON CONFLICT(id) DO UPDATE SET template = excluded.template,"
        " options = excluded.options, resumed = excluded.resumed,"
        " checksum = excluded.checksum",
        err);
    if (!q) {
        return false;
    }
    sqlite3_bind_int64(q, 1, s->mailing);
    state_bind_text(q, 2, m->campaign);
    sqlite3_bind_blob(q, 3, m->id_key.bytes, sizeof m->id_key.bytes,
                      SQLITE_STATIC);
    state_bind_text(q, 4, hex(&m->template, template));
    state_bind_text(q, 5, hex(&m->options, options));
    sqlite3_bind_int64(q, 6, clock_wall_ms());
    return state_step_once(s, q, err);
}

bool state_ask_number(struct state *s, const char *sql, int64_t *out,
                      struct err *err)
{
    sqlite3_stmt *q = state_prepare(s->db, s->path, sql, err);
    bool fine = q && sqlite3_step(q) == SQLITE_ROW;
    if (fine) {
        *out = sqlite3_column_int64(q, 0);
    } else if (q) {
        state_fault(s->db, s->path, err);
    }
    sqlite3_finalize(q);
    return fine;
}

/* The rows of the campaign by key, beside the file: found without one look
 * at all of them for each. */
static bool gather_earlier(struct state *s, struct err *err)
{
    if (!state_do(s->db, s->path,
                  "CREATE TEMP TABLE earlier(key TEXT, ordinal INTEGER,"
                  " id INTEGER, PRIMARY KEY(key, ordinal)) WITHOUT ROWID",
                  err)) {
        return false;
    }
    sqlite3_stmt *q = state_prepare(
        s->db, s->path,
        "INSERT INTO temp.earlier SELECT key, ordinal, id FROM delivery"
        " WHERE mailing = ?1 ORDER BY key, ordinal",
        err);
    if (!q) {
        return false;
    }
    sqlite3_bind_int64(q, 1, s->mailing);
    bool fine = state_step_once(s, q, err);
    s->earlier = fine ? (uint64_t)sqlite3_changes64(s->db) : 0;
    return fine;
}

bool state_take_mailing(struct state *s, const struct state_mailing *m,
                        struct err *err)
{
    int64_t last;
    bool there = s->mailing != 0;
    if (there ? !same_letter(s, m, err)
              : !state_ask_number(
                    s, "SELECT coalesce(max(id), 0) + 1 FROM mailing",
                    &s->mailing, err)) {
        return false;
    }
    if (s->use == STATE_RUN && !write_mailing(s, m, err)) {
        return false;
    }
    if (!state_ask_number(s, "SELECT coalesce(max(id), 0) FROM delivery", &last,
                          err)) {
        return false;
    }
    s->next_id = (uint64_t)last + 1;
    if (!state_ask_number(
            s, "SELECT coalesce(max(max(minute, ahead)), 0) FROM begun",
            &s->latest_minute, err)) {
        return false;
    }
    return gather_earlier(s, err);
}

bool state_count_list(struct state *s, const struct state_counts *counts,
                      struct err *err)
{
    sqlite3_stmt *q = state_prepare(
        s->db, s->path,
        "UPDATE mailing SET rows = ?1, invalid = ?2, duplicate = ?3,"
        " suppressed = ?4 WHERE id = ?5",
        err);
    if (!q) {
        return false;
    }
    sqlite3_bind_int64(q, 1, (sqlite3_int64)counts->rows);
    sqlite3_bind_int64(q, 2, (sqlite3_int64)counts->invalid);
    sqlite3_bind_int64(q, 3, (sqlite3_int64)counts->duplicate);
    sqlite3_bind_int64(q, 4, (sqlite3_int64)counts->suppressed);
    sqlite3_bind_int64(q, 5, s->mailing);
    return state_step_once(s, q, err);
}

/* --- its rows --- */

enum state_found state_find(struct state *s, struct span key, uint32_t ordinal,
                            struct arena *arena, struct state_row *out,
                            struct err *err)
{
    if (s->earlier == 0) {
        return STATE_ABSENT;
    }
    if (!s->find) {
        s->find = state_prepare(
            s->db, s->path,
            "SELECT " STATE_COLUMNS " FROM delivery WHERE id ="
            " (SELECT id FROM temp.earlier WHERE key = ?1 AND ordinal = ?2)",
            err);
        if (!s->find) {
            return STATE_BROKEN;
        }
    }
    state_bind_text(s->find, 1, key);
    sqlite3_bind_int64(s->find, 2, ordinal);
    int result = sqlite3_step(s->find);
    enum state_found found = STATE_ABSENT;
    if (result == SQLITE_ROW) {
        found =
            state_read_row(s->find, arena, out) ? STATE_THERE : STATE_BROKEN;
    } else if (result != SQLITE_DONE) {
        state_fault(s->db, s->path, err);
        found = STATE_BROKEN;
    }
    if (found == STATE_BROKEN && err->status == 0) {
        state_damaged(s->path, "a status that is none", err);
    }
    sqlite3_reset(s->find);
    return found;
}

uint64_t state_new_id(struct state *s)
{
    return s->next_id++;
}
