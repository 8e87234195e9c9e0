#include "mailing/plan.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/ascii.h"
#include "list/column.h"
#include "mailing/fingerprint.h"
#include "mailing/identity.h"
#include "mailing/source.h"
#include "mailing/suppress.h"

enum { REASON_BYTES_MAX = 4096 };

static bool draw_key(struct siphash_key *key, struct err *err)
{
    ssize_t got;
    do {
        got = getrandom(key->bytes, sizeof key->bytes, 0);
    } while (got < 0 && errno == EINTR);
    if (got != (ssize_t)sizeof key->bytes) {
        err_set(err, EX_OSERR, "no random numbers: %s", strerror(errno));
        return false;
    }
    return true;
}

/* The columns that options name. */
static bool find_columns(struct plan *p, const struct span *names, size_t count,
                         struct err *err)
{
    const struct settings *s = p->settings;
    p->requiretls_column = SIZE_MAX;
    return column_find_address(names, count, s->column, &p->address_column,
                               err) &&
           (s->requiretls_column.len == 0 ||
            column_find_named(names, count, s->requiretls_column,
                              &p->requiretls_column, err));
}

static bool open_list(struct plan *p, struct err *err)
{
    const struct settings *s = p->settings;
    p->reader = csv_reader_open(s->list_path, &s->dialect, err);
    if (!p->reader) {
        return false;
    }
    const struct span *names;
    size_t count = csv_reader_columns(p->reader, &names);
    struct err found = {0};
    if (!find_columns(p, names, count, &found)) {
        err_set(err, found.status, "%s:%" PRIu32 ": %s",
                csv_reader_name(p->reader), csv_reader_first_line(p->reader),
                found.text);
        return false;
    }
    p->cleaner.address_column = p->address_column;
    p->cleaner.columns = count;
    p->cleaner.names = names;
    p->cleaner.dedupe = s->dedupe;
    p->cleaner.mode = s->key_mode;
    p->cleaner.shard = s->shard;
    return true;
}

static bool read_suppressed(struct plan *p, struct err *err)
{
    for (size_t i = 0; i < p->settings->suppress_count; i++) {
        if (!suppress_file(&p->cleaner, p->settings->suppress[i], err)) {
            return false;
        }
    }
    return true;
}

/* The key of the ids; others derive from it. */
static bool make_key(struct plan *p, struct span template, struct err *err)
{
    const struct settings *s = p->settings;
    if (p->keyed) {
        return true;
    }
    if (!s->reproducible) {
        return draw_key(&p->id_key, err);
    }
    p->id_key = identity_key_derive(s->epoch_s, template, SPAN("id"));
    return true;
}

/* A row's letter is of these and of the row. */
static void print_letter(struct plan *p, const struct source *source,
                         const struct source *html)
{
    const struct settings *s = p->settings;
    struct siphash_print *print = &p->letter_print;
    source_add_print(source, print);
    if (s->html_path) {
        source_add_print(html, print);
    }
    for (size_t i = 0; i < s->header_count; i++) {
        fingerprint_add(print, SPAN("header"), s->headers[i]);
    }
    fingerprint_add(print, SPAN("unsubscribe-url"), s->unsubscribe_url);
    fingerprint_add(print, SPAN("unsubscribe-mailto"), s->unsubscribe_mailto);
    for (size_t i = 0; i < s->attach_count; i++) {
        fingerprint_add(print, SPAN("attach"), s->attach[i]);
    }
    const struct siphash_print *files = &p->attached.fixed;
    fingerprint_add(print, SPAN("files"),
                    span_from((const char *)files->bytes, sizeof files->bytes));
}

/* Who is mailed is of these and of the list. */
static void print_list(struct plan *p)
{
    const struct settings *s = p->settings;
    const char how[] = {s->dialect.delimiter, (char)s->dialect.header,
                        (char)s->dedupe, (char)s->key_mode};
    fingerprint_add(&p->list_print, SPAN("column"), s->column);
    fingerprint_add(&p->list_print, SPAN("reading"),
                    span_from(how, sizeof how));
}

static bool compile_draft(struct plan *p, struct source *source,
                          struct source *html, struct err *err)
{
    const struct settings *s = p->settings;
    struct span text = buf_span(&source->text);
    if (!make_key(p, text, err) ||
        !attached_open(&p->attached, s->attach_folder, &p->id_key, err)) {
        return false;
    }
    struct siphash_key boundary_key =
        identity_key_of(&p->id_key, SPAN("boundary"));
    struct draft_source of = {
        .text = text,
        .origin = source_origin(source),
        .address_column = p->address_column,
        .headers = s->headers,
        .header_count = s->header_count,
        .unsubscribe_url = s->unsubscribe_url,
        .unsubscribe_mailto = s->unsubscribe_mailto,
        .attach = s->attach,
        .attach_count = s->attach_count,
        .enclosures = attached_enclosures(&p->attached),
        .sender = s->sender,
        .allow_empty = s->allow_empty,
        .boundary_key = &boundary_key,
        .print_key = &p->id_key,
    };
    if (s->html_path) {
        /* An empty file is a text, too: its pointer must not be NULL. */
        of.html = html->text.len > 0 ? buf_span(&html->text) : SPAN("");
        of.html_origin = source_origin(html);
    }
    of.names.column_count = csv_reader_columns(p->reader, &of.names.columns);
    p->draft = draft_compile(&of, err);
    print_letter(p, source, html);
    return p->draft != NULL;
}

static bool spared(const struct plan *p, const struct source *source,
                   struct err *err)
{
    const struct settings *s = p->settings;
    const char *const outputs[] = {s->report_path, s->failed_path,
                                   s->evidence_path, s->metrics_path};
    return source_spared(source, outputs, 4, err);
}

static bool open_template(struct plan *p, struct err *err)
{
    const struct settings *s = p->settings;
    if (!s->template_path) {
        return true;
    }
    struct source source;
    struct source html = {0};
    bool fine = source_open(&source, s->template_path, err) &&
                (!s->html_path || source_open(&html, s->html_path, err)) &&
                compile_draft(p, &source, &html, err) &&
                spared(p, &source, err) && spared(p, &html, err);
    source_release(&html);
    source_release(&source);
    return fine;
}

bool plan_open(struct plan *p, const struct settings *settings,
               const struct siphash_key *id_key, struct err *err)
{
    *p = (struct plan){.settings = settings, .keyed = id_key != NULL};
    if (id_key) {
        p->id_key = *id_key;
    }
    arena_init(&p->arena);
    attached_init(&p->attached);
    refusals_init(&p->refusals);
    buf_init(&p->first_invalid_reason, REASON_BYTES_MAX);
    print_list(p);
    bool keyed = draw_key(&p->hash_key, err);
    cleaner_init(&p->cleaner, &p->hash_key);
    if (keyed && open_list(p, err) && open_template(p, err) &&
        read_suppressed(p, err)) {
        return true;
    }
    plan_close(p);
    return false;
}

void plan_close(struct plan *p)
{
    draft_destroy(p->draft);
    csv_reader_close(p->reader);
    cleaner_release(&p->cleaner);
    refusals_release(&p->refusals);
    buf_release(&p->first_invalid_reason);
    arena_release(&p->arena);
    attached_release(&p->attached);
    *p = (struct plan){0};
}

static struct span join(struct arena *arena, const struct span *parts,
                        size_t count)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        len += parts[i].len;
    }
    char *text = arena_alloc(arena, len);
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].len > 0) {
            memcpy(text + at, parts[i].data, parts[i].len);
            at += parts[i].len;
        }
    }
    return span_from(text, len);
}

static struct span number_text(struct arena *arena, uint64_t number)
{
    char text[ASCII_NUMBER_BYTES_MAX];
    return arena_copy(arena, ascii_number(number, text));
}

/* All that a letter is filled with but its Message-ID. */
static void fill_values(const struct plan *p, const struct plan_row *row,
                        struct arena *arena, struct letter_values *out)
{
    *out = (struct letter_values){.address = row->address};
    out->values.columns = row->csv.fields;
    out->values.builtin[TEMPLATE_LINE] = number_text(arena, row->csv.line);
    out->values.builtin[TEMPLATE_CAMPAIGN] = span_of(p->settings->campaign);
}

static bool letter_possible(struct plan *p, struct plan_row *row)
{
    struct letter_values values;
    fill_values(p, row, &p->arena, &values);
    return draft_check(p->draft, &values, &p->arena, &row->reason);
}

/* The first reading tries every letter, the later ones those alone that were
 * refused then, to say why once more. */
static bool refused(struct plan *p, struct plan_row *row)
{
    if (!p->draft || row->verdict.status == CLEAN_INVALID) {
        return false;
    }
    if (p->counted && !refusals_find(&p->refusals, row->csv.line)) {
        return false;
    }
    if (letter_possible(p, row)) {
        return false;
    }
    if (!p->counted) {
        refusals_add(&p->refusals, row->csv.line);
    }
    return true;
}

/* A row whose elder can be no letter takes its place. */
static void inherit(struct plan *p, struct plan_row *row)
{
    struct refusal *elder =
        refusals_find(&p->refusals, row->verdict.first_line);
    if (!elder) {
        return;
    }
    if (elder->heir == 0) {
        elder->heir = row->csv.line;
    }
    bool is_heir = elder->heir == row->csv.line;
    row->verdict.status = is_heir ? CLEAN_OK : CLEAN_DUPLICATE;
    row->verdict.first_line = is_heir ? 0 : elder->heir;
}

static struct span invalid_reason(struct plan *p, const struct plan_row *row)
{
    const struct clean_verdict *v = &row->verdict;
    struct span reason = span_of(v->reason);
    if (v->reason_column == p->address_column) {
        return reason;
    }
    const struct span *names;
    size_t count = csv_reader_columns(p->reader, &names);
    assert(v->reason_column < count);
    struct span parts[] = {SPAN("column \""), names[v->reason_column],
                           SPAN("\": "), reason};
    return join(&p->arena, parts, sizeof parts / sizeof parts[0]);
}

static struct span reason_of(struct plan *p, const struct plan_row *row)
{
    switch (row->verdict.status) {
    case CLEAN_OK:
        break;
    case CLEAN_INVALID:
        return invalid_reason(p, row);
    case CLEAN_DUPLICATE: {
        struct span parts[] = {SPAN("same mailbox as line "),
                               number_text(&p->arena, row->verdict.first_line)};
        return join(&p->arena, parts, sizeof parts / sizeof parts[0]);
    }
    case CLEAN_SUPPRESSED:
        return SPAN("on a suppression list");
    }
    return SPAN("");
}

/* What is not plainly a no is a yes: a slip must not cost the protection. */
static bool says_yes(struct span value)
{
    static const struct span noes[] = {SPAN(""), SPAN("0"), SPAN("no"),
                                       SPAN("false"), SPAN("off")};
    value = span_trim(value);
    for (size_t i = 0; i < sizeof noes / sizeof noes[0]; i++) {
        if (span_equal_nocase(value, noes[i])) {
            return false;
        }
    }
    return true;
}

static bool requires_tls(const struct plan *p, const struct plan_row *row)
{
    return p->settings->requiretls ||
           (p->requiretls_column != SIZE_MAX &&
            says_yes(row->csv.fields[p->requiretls_column]));
}

/* False: the row is another shard's. */
static bool judge(struct plan *p, struct plan_row *row)
{
    struct clean_verdict *v = &row->verdict;
    if (!cleaner_judge(&p->cleaner, &row->csv, v)) {
        return false;
    }
    row->requires_tls = requires_tls(p, row);
    if (v->status != CLEAN_INVALID) {
        struct span parts[] = {v->address.local, SPAN("@"), v->ascii_domain};
        row->address = join(&p->arena, parts, sizeof parts / sizeof parts[0]);
    }
    if (refused(p, row)) {
        v->status = CLEAN_INVALID;
        v->first_line = 0;
        return true;
    }
    if (v->status == CLEAN_DUPLICATE) {
        inherit(p, row);
    }
    row->reason = reason_of(p, row);
    return true;
}

static void count_row(struct plan *p, const struct plan_row *row)
{
    p->rows++;
    p->by_status[row->verdict.status]++;
    if (row->verdict.status == CLEAN_INVALID && p->first_invalid_line == 0) {
        p->first_invalid_line = row->csv.line;
        buf_append(&p->first_invalid_reason, row->reason);
    }
}

enum csv_result plan_next(struct plan *p, struct plan_row *row, struct err *err)
{
    enum csv_result result;
    do {
        arena_reset(&p->arena);
        *row = (struct plan_row){0};
        result = csv_reader_next(p->reader, &row->csv, err);
    } while (result == CSV_RESULT_ROW && !judge(p, row));
    if (result == CSV_RESULT_ROW && !p->counted) {
        count_row(p, row);
    } else if (result == CSV_RESULT_END) {
        p->counted = true;
    }
    return result;
}

bool plan_verdict(const struct plan *p, struct err *err)
{
    uint64_t invalid = p->by_status[CLEAN_INVALID];
    unsigned percent = p->settings->invalid_max_percent;
    if (invalid == 0 || percent >= 100 || invalid * 100 <= p->rows * percent) {
        return true;
    }
    struct span reason = buf_span(&p->first_invalid_reason);
    err_set(err, EX_DATAERR,
            "%s:%" PRIu32 ": invalid: %.*s (%" PRIu64 " of %" PRIu64
            " rows are, more than --max-invalid %u allows)",
            csv_reader_name(p->reader), p->first_invalid_line,
            reason.len > 200 ? 200 : (int)reason.len, reason.data, invalid,
            p->rows, percent);
    return false;
}

bool plan_count(struct plan *p, struct err *err)
{
    struct plan_row row;
    enum csv_result result;
    do {
        result = plan_next(p, &row, err);
    } while (result == CSV_RESULT_ROW);
    return result == CSV_RESULT_END && plan_verdict(p, err) &&
           plan_rewind(p, err);
}

bool plan_rewind(struct plan *p, struct err *err)
{
    if (!p->counted) {
        /* Only a whole reading knows who inherits from whom. */
        return plan_count(p, err);
    }
    cleaner_rewind(&p->cleaner);
    return csv_reader_rewind(p->reader, err);
}

/* The contract's address key is that of fold. Where `Ann@` and `ann@` are two
 * rows (--dedupe exact), the address as it stands tells their ids apart. */
static struct span id_key_of(const struct plan *p, const struct plan_row *row)
{
    bool exact = p->cleaner.dedupe && p->cleaner.mode == KEY_EXACT;
    return exact ? row->address : row->verdict.key;
}

void plan_values(const struct plan *p, const struct plan_row *row,
                 int64_t date_s, struct arena *arena, struct letter_values *out)
{
    assert(p->draft);
    fill_values(p, row, arena, out);
    out->date_s = date_s;
    struct identity who = {
        .campaign = span_of(p->settings->campaign),
        .address_key = id_key_of(p, row),
        .ordinal = row->verdict.ordinal,
    };
    struct span domain = draft_sender_domain(p->draft, out, arena);
    if (domain.len == 0) {
        domain = SPAN("mailshot.invalid");
    }
    out->message_id = identity_message_id(&p->id_key, &who, domain, arena);
}

int64_t plan_date(const struct plan *p)
{
    return p->settings->reproducible ? p->settings->epoch_s
                                     : (int64_t)time(NULL);
}
