#include "mailing/suppress.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "list/address.h"
#include "list/column.h"
#include "list/csv.h"
#include "list/spool.h"
#include "mailing/file.h"
#include "mailing/jsonline.h"
#include "record/state_survey.h"
#include "smtp/classify.h"

enum { CODE_MAX = 599 };

enum kind { KIND_PLAIN, KIND_CSV, KIND_JSONL, KIND_STATE };

struct reading {
    struct cleaner *cleaner;
    const char *name;
    int descriptor;
    struct state *state; /* where it is one */
    struct err *err;
};

static bool is_comment(struct span line)
{
    struct span text = span_trim(line);
    return text.len == 0 || text.data[0] == '#';
}

static bool is_entry(struct span text)
{
    struct address ignored;
    return span_starts(text, SPAN("@")) ||
           address_parse(text, &ignored) == ADDRESS_FINE;
}

/* A line without the comment behind its entry. A quoted local part may hold a
 * blank and a `#`, too. */
static struct span without_comment(struct span line)
{
    for (size_t i = 1; i < line.len; i++) {
        bool begins = line.data[i] == '#' &&
                      (line.data[i - 1] == ' ' || line.data[i - 1] == '\t');
        struct span before = span_trim(span_from(line.data, i));
        if (begins && is_entry(before)) {
            return before;
        }
    }
    return line;
}

static bool suppress(const struct reading *r, uint64_t line, struct span text)
{
    if (cleaner_suppress(r->cleaner, span_trim(text))) {
        return true;
    }
    err_set(r->err, EX_DATAERR,
            "%s:%llu: \"%.*s\" is neither an address nor an @domain", r->name,
            (unsigned long long)line, text.len > 200 ? 200 : (int)text.len,
            text.data);
    return false;
}

/* The first line that is no comment says what the file is. */
static bool find_kind(const struct reading *r, enum kind *kind_out)
{
    struct file_lines lines;
    file_lines_init(&lines, r->descriptor, r->name);
    struct span line;
    enum file_result result = file_lines_next(&lines, &line, r->err);
    while (result == FILE_LINE && is_comment(line)) {
        result = file_lines_next(&lines, &line, r->err);
    }
    *kind_out = KIND_PLAIN;
    if (result == FILE_LINE && span_starts(line, SPAN("{"))) {
        *kind_out = KIND_JSONL;
    } else if (result == FILE_LINE && lines.line == 1 &&
               !is_entry(span_trim(without_comment(line)))) {
        *kind_out = KIND_CSV;
    }
    file_lines_release(&lines);
    return result != FILE_ERROR;
}

static bool read_plain(const struct reading *r)
{
    struct file_lines lines;
    file_lines_init(&lines, r->descriptor, r->name);
    struct span line;
    bool fine = true;
    enum file_result result = FILE_LINE;
    while (fine &&
           (result = file_lines_next(&lines, &line, r->err)) == FILE_LINE) {
        fine =
            is_comment(line) || suppress(r, lines.line, without_comment(line));
    }
    file_lines_release(&lines);
    return fine && result != FILE_ERROR;
}

/* A report's CSV guards what a spreadsheet would run with a quote, which may
 * also be the first character of an address: both are meant. */
static bool suppress_reported(const struct reading *r, uint64_t line,
                              struct span text)
{
    if (text.len > 1 && text.data[0] == '\'' &&
        span_find(SPAN("=+-@\t\r"), text.data[1]) < 6 &&
        !suppress(r, line, span_rest(text, 1))) {
        return false;
    }
    return suppress(r, line, text);
}

/* What a report says of a row, as far as it matters here. */
struct reported {
    struct span address;
    struct span status;
    struct span scope;
    uint64_t code; /* 0: none */
    struct span enhanced;
    struct span reply;
};

/* A mailbox that is full, a letter that was not liked and a limit of ours say
 * nothing against the next letter. */
static bool gone(const struct reported *row)
{
    static const bool for_good[] = {
        [CLASS_USERUNKNOWN] = true, [CLASS_MAILBOXFULL] = false,
        [CLASS_SUSPEND] = true,     [CLASS_HOSTUNKNOWN] = true,
        [CLASS_POLICY] = false,     [CLASS_SPAM] = false,
        [CLASS_CONTENT] = false,    [CLASS_TOOBIG] = false,
        [CLASS_RATELIMIT] = false,  [CLASS_AUTH] = false,
        [CLASS_NETWORK] = false,    [CLASS_OTHER] = true,
    };
    if (!span_equal(row->status, SPAN("rejected")) ||
        !span_equal(row->scope, SPAN("recipient"))) {
        return false;
    }
    struct reply reply = {
        .code = (unsigned)row->code,
        .enhanced = row->enhanced,
        .text = row->reply,
    };
    return for_good[classify(STEP_RCPT, &reply).class];
}

static bool read_report_line(const struct reading *r, uint64_t number,
                             struct span line, struct arena *arena)
{
    struct reported row = {.code = 0};
    arena_reset(arena);
    if (!jsonline_text(line, SPAN("address"), arena, &row.address) ||
        !jsonline_text(line, SPAN("status"), arena, &row.status) ||
        !jsonline_text(line, SPAN("scope"), arena, &row.scope)) {
        err_set(r->err, EX_DATAERR, "%s:%llu: not a line of a report", r->name,
                (unsigned long long)number);
        return false;
    }
    jsonline_number(line, SPAN("code"), CODE_MAX, &row.code);
    jsonline_text(line, SPAN("enhanced"), arena, &row.enhanced);
    jsonline_text(line, SPAN("reply"), arena, &row.reply);
    return !gone(&row) || suppress(r, number, row.address);
}

static bool read_jsonl(const struct reading *r)
{
    struct file_lines lines;
    struct arena arena;
    file_lines_init(&lines, r->descriptor, r->name);
    arena_init(&arena);
    struct span line;
    bool fine = true;
    enum file_result result = FILE_LINE;
    while (fine &&
           (result = file_lines_next(&lines, &line, r->err)) == FILE_LINE) {
        fine =
            is_comment(line) || read_report_line(r, lines.line, line, &arena);
    }
    arena_release(&arena);
    file_lines_release(&lines);
    return fine && result != FILE_ERROR;
}

/* Which columns of a CSV file matter; all but the address only in a report. */
struct columns {
    size_t address;
    size_t status;
    size_t scope;
    size_t code;
    size_t enhanced;
    size_t reply;
    bool report;
};

static bool find_columns(struct csv_reader *reader, struct columns *out,
                         struct err *err)
{
    const struct span *names;
    size_t count = csv_reader_columns(reader, &names);
    out->report =
        column_find(names, count, SPAN("status"), &out->status) &&
        column_find(names, count, SPAN("scope"), &out->scope) &&
        column_find(names, count, SPAN("code"), &out->code) &&
        column_find(names, count, SPAN("enhanced"), &out->enhanced) &&
        column_find(names, count, SPAN("reply"), &out->reply) &&
        column_find(names, count, SPAN("message_id"), &out->address) &&
        column_find(names, count, SPAN("address"), &out->address);
    struct err found = {0};
    if (!out->report &&
        !column_find_address(names, count, SPAN(""), &out->address, &found)) {
        err_set(err, EX_DATAERR,
                "%s:1: no address, no @domain, and no names of columns with "
                "one \"email\" among them",
                csv_reader_name(reader));
        return false;
    }
    return true;
}

static bool suppress_row(const struct reading *r, const struct columns *columns,
                         const struct csv_row *row)
{
    struct span text = row->fields[columns->address];
    if (!columns->report) {
        return span_trim(text).len == 0 || suppress(r, row->line, text);
    }
    struct reported reported = {
        .address = text,
        .status = row->fields[columns->status],
        .scope = row->fields[columns->scope],
        .enhanced = row->fields[columns->enhanced],
        .reply = row->fields[columns->reply],
    };
    ascii_parse_number(row->fields[columns->code], CODE_MAX, &reported.code);
    return !gone(&reported) || suppress_reported(r, row->line, text);
}

static bool read_csv(const struct reading *r, const char *path)
{
    static const struct csv_dialect dialect = {
        .header = true,
        .no_names_hint = "an address where column names are expected; give "
                         "the file a first line of names, one of them "
                         "\"email\", or one address a line",
    };
    struct csv_reader *reader = csv_reader_open(path, &dialect, r->err);
    if (!reader) {
        return false;
    }
    struct columns columns;
    bool fine = find_columns(reader, &columns, r->err);
    struct csv_row row;
    enum csv_result result = CSV_RESULT_END;
    while (fine &&
           (result = csv_reader_next(reader, &row, r->err)) == CSV_RESULT_ROW) {
        fine = suppress_row(r, &columns, &row);
    }
    csv_reader_close(reader);
    return fine && result != CSV_RESULT_ERROR;
}

/* --- a state --- */

static bool take_state_row(void *context, const struct state_row *row,
                           struct err *err)
{
    (void)err;
    const struct reading *r = context;
    const struct report_row *p = &row->report;
    const struct reported reported = {
        .status = span_of(outcome_name(p->status)),
        .scope = span_of(p->scope),
        .code = p->code,
        .enhanced = p->enhanced,
        .reply = p->reply,
    };
    return !gone(&reported) || suppress(r, row->id, p->address);
}

static bool take_state_mailing(void *context,
                               const struct state_mailing_facts *facts,
                               struct err *err)
{
    struct reading *r = context;
    return state_each_row(r->state, facts->id, take_state_row, r, err);
}

static bool take_suppression(void *context, struct span address,
                             struct err *err)
{
    (void)err;
    return suppress(context, 0, address);
}

static bool is_state(const struct reading *r)
{
    static const char begin[] = "SQLite format 3";
    char bytes[sizeof begin];
    return pread(r->descriptor, bytes, sizeof bytes, 0) == sizeof bytes &&
           memcmp(bytes, begin, sizeof begin) == 0;
}

static bool read_state(struct reading *r, const char *path)
{
    r->state = state_open(path, STATE_READ, r->err);
    bool fine = r->state &&
                state_each_mailing(r->state, take_state_mailing, r, r->err) &&
                state_each_suppression(r->state, take_suppression, r, r->err);
    state_close(r->state);
    return fine;
}

bool suppress_of_state(struct cleaner *cleaner, struct state *state,
                       struct err *err)
{
    struct reading r = {.cleaner = cleaner, .name = "the state", .err = err};
    return state_each_suppression(state, take_suppression, &r, err);
}

static bool rewound(const struct reading *r)
{
    if (lseek(r->descriptor, 0, SEEK_SET) == 0) {
        return true;
    }
    err_set(r->err, EX_NOINPUT, "%s: %s", r->name, strerror(errno));
    return false;
}

static bool read_as_what_it_is(struct reading *r, const char *path)
{
    enum kind kind = KIND_STATE;
    if (!is_state(r) && (!find_kind(r, &kind) || !rewound(r))) {
        return false;
    }
    switch (kind) {
    case KIND_PLAIN:
        return read_plain(r);
    case KIND_JSONL:
        return read_jsonl(r);
    case KIND_CSV:
        return read_csv(r, path);
    case KIND_STATE:
        return read_state(r, path);
    }
    return false;
}

/* What cannot be read twice (a pipe of the shell's `<(…)`) is copied first.
 * Stdin may be the list: "-" is a file of that name. */
bool suppress_file(struct cleaner *cleaner, const char *path, struct err *err)
{
    struct spool file;
    if (!spool_open(&file, strcmp(path, "-") == 0 ? "./-" : path, err)) {
        return false;
    }
    struct reading r = {
        .cleaner = cleaner,
        .name = path,
        .descriptor = file.descriptor,
        .err = err,
    };
    char copy[32];
    snprintf(copy, sizeof copy, "/dev/fd/%d", file.descriptor);
    bool fine =
        rewound(&r) && read_as_what_it_is(&r, file.copied ? copy : path);
    spool_close(&file);
    return fine;
}
