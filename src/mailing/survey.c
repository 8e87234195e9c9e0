/* What do state files know? */
#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "list/address.h"
#include "list/domain.h"
#include "list/key.h"
#include "mailing/mailing.h"
#include "record/moment.h"
#include "record/report.h"
#include "record/state_survey.h"

enum { KEY_BYTES_MAX = 4096, WHO_BYTES_MAX = 256, MOMENT_BYTES = 40 };

/* Why rows are not settled, and how many for that reason. */
struct cause {
    struct buf text;
    uint64_t rows;
};

enum { CAUSES_MAX = 20 };

struct survey {
    const struct status_options *options;
    struct buf *out;
    struct report *report; /* NULL: none */

    /* the state under way */
    struct state *state;
    const char *path;
    int64_t holder;
    bool campaign_found; /* in one of them, where one is asked for */

    struct state_mailing_facts sum; /* of all campaigns of all states */
    size_t mailings;

    struct cause causes[CAUSES_MAX];
    size_t cause_count;
    uint64_t other_rows; /* of causes beyond */

    /* to settle */
    struct span *keys; /* of the addresses */
    bool *found;
    struct buf key_bytes;
    uint64_t *ids;
    size_t id_count, id_cap;
};

/* --- lines --- */

static void say_moment(struct survey *v, const char *what, int64_t time_ms)
{
    char text[MOMENT_BYTES];
    buf_append_format(v->out, " %s ", what);
    buf_append(v->out, moment_text(time_ms, text));
}

static void say_counts(struct survey *v,
                       const struct state_mailing_facts *facts)
{
    static const enum outcome known[] = {OUTCOME_SENT, OUTCOME_REJECTED,
                                         OUTCOME_DEFERRED, OUTCOME_UNKNOWN,
                                         OUTCOME_PENDING};
    const struct state_counts *list = &facts->list;
    uint64_t of_list = list->invalid + list->duplicate + list->suppressed;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        buf_append_format(v->out, " %s=%" PRIu64, outcome_name(known[i]),
                          facts->by_outcome[known[i]]);
        of_list += facts->by_outcome[known[i]];
    }
    /* Rows that have vanished from the list stand in the state as well. */
    uint64_t rest = list->rows > of_list ? list->rows - of_list : 0;
    buf_append_format(
        v->out,
        " invalid=%" PRIu64 " duplicate=%" PRIu64 " suppressed=%" PRIu64
        " rest=%" PRIu64 " rows=%" PRIu64 "\n",
        list->invalid, list->duplicate, list->suppressed, rest, list->rows);
}

static void add_facts(struct survey *v, const struct state_mailing_facts *f)
{
    for (size_t i = 0; i < OUTCOMES; i++) {
        v->sum.by_outcome[i] += f->by_outcome[i];
    }
    v->sum.list.rows += f->list.rows;
    v->sum.list.invalid += f->list.invalid;
    v->sum.list.duplicate += f->list.duplicate;
    v->sum.list.suppressed += f->list.suppressed;
    v->mailings++;
}

static void say_head(struct survey *v, const struct state_mailing_facts *facts)
{
    utf8_append_printable(v->out, span_of(v->path));
    buf_append(v->out, SPAN(": campaign "));
    utf8_append_printable(v->out, facts->campaign);
    say_moment(v, "begun", facts->began_ms);
    say_moment(v, "last run", facts->resumed_ms);
    if (v->holder != 0) {
        buf_append_format(v->out, ", process %" PRId64 " is at work",
                          v->holder);
    }
    buf_append_byte(v->out, '\n');
    say_counts(v, facts);
}

/* --- rows that are not settled --- */

static void count_cause(struct survey *v, const struct report_row *row)
{
    struct buf text;
    buf_init(&text, 1 << 16);
    buf_append(&text, span_of(outcome_name(row->status)));
    buf_append(&text, SPAN(": "));
    utf8_append_printable(&text, row->reply);
    size_t i = 0;
    while (i < v->cause_count &&
           !span_equal(buf_span(&v->causes[i].text), buf_span(&text))) {
        i++;
    }
    if (i == CAUSES_MAX) {
        v->other_rows++;
        buf_release(&text);
    } else if (i == v->cause_count) {
        v->causes[v->cause_count++] = (struct cause){text, 1};
    } else {
        v->causes[i].rows++;
        buf_release(&text);
    }
}

static void say_causes(struct survey *v)
{
    for (size_t i = 0; i < v->cause_count; i++) {
        buf_append_format(v->out, "  %" PRIu64 " ", v->causes[i].rows);
        buf_append(v->out, buf_span(&v->causes[i].text));
        buf_append_byte(v->out, '\n');
        buf_release(&v->causes[i].text);
    }
    if (v->other_rows > 0) {
        buf_append_format(v->out, "  %" PRIu64 " for other reasons\n",
                          v->other_rows);
    }
    v->cause_count = 0;
    v->other_rows = 0;
}

/* Each row that a person has to look for has a line. */
static void say_unknown(struct survey *v, const struct state_row *row)
{
    bool under_way = row->begun && v->holder != 0;
    buf_append_format(v->out, "  line %" PRIu32 ": ", row->report.line);
    utf8_append_printable(v->out, row->report.address);
    buf_append(v->out, under_way ? SPAN(" under way") : SPAN(" unknown: "));
    if (!under_way) {
        utf8_append_printable(v->out, row->report.reply);
    }
    buf_append_byte(v->out, '\n');
}

static bool take_row(void *context, const struct state_row *row,
                     struct err *err)
{
    struct survey *v = context;
    const struct report_row *r = &row->report;
    if (r->status == OUTCOME_UNKNOWN) {
        say_unknown(v, row);
    } else if (r->status == OUTCOME_PENDING || r->status == OUTCOME_DEFERRED) {
        count_cause(v, r);
    }
    bool wanted = v->options->report_all || outcome_failed(r->status);
    return !v->report || !wanted || report_write(v->report, r, err);
}

/* --- settling --- */

static bool append_key(struct buf *out, struct span text)
{
    struct address address;
    struct buf domain;
    buf_init(&domain, KEY_BYTES_MAX);
    bool fine = address_parse(text, &address) == ADDRESS_FINE &&
                !domain_append_ascii(&domain, address.domain);
    if (fine) {
        key_append(out, KEY_FOLD, &address, buf_span(&domain));
    }
    buf_release(&domain);
    return fine;
}

static bool read_addresses(struct survey *v, struct err *err)
{
    const struct status_options *o = v->options;
    size_t *ends = mem_alloc_zero(o->address_count + 1, sizeof *ends);
    v->keys = mem_alloc_zero(o->address_count + 1, sizeof *v->keys);
    v->found = mem_alloc_zero(o->address_count + 1, sizeof *v->found);
    buf_init(&v->key_bytes, (o->address_count + 1) * KEY_BYTES_MAX);
    for (size_t i = 0; i < o->address_count && err->status == 0; i++) {
        if (!append_key(&v->key_bytes, span_of(o->addresses[i]))) {
            err_set(err, EX_USAGE, "%s: not an address", o->addresses[i]);
        }
        ends[i + 1] = v->key_bytes.len;
    }
    for (size_t i = 0; i < o->address_count; i++) {
        v->keys[i] =
            span_from(v->key_bytes.data + ends[i],
                      ends[i + 1] > ends[i] ? ends[i + 1] - ends[i] : 0);
    }
    free(ends);
    return err->status == 0;
}

static bool meant(struct survey *v, const struct state_row *row)
{
    const struct status_options *o = v->options;
    bool hit = o->address_count == 0;
    for (size_t i = 0; i < o->address_count; i++) {
        if (span_equal(v->keys[i], row->key)) {
            v->found[i] = true;
            hit = true;
        }
    }
    return hit;
}

static bool collect(void *context, const struct state_row *row, struct err *err)
{
    (void)err;
    struct survey *v = context;
    if (row->report.status != OUTCOME_UNKNOWN || !meant(v, row)) {
        return true;
    }
    if (v->id_count == v->id_cap) {
        v->id_cap = v->id_cap ? v->id_cap * 2 : 64;
        v->ids = mem_resize(v->ids, v->id_cap, sizeof *v->ids);
    }
    v->ids[v->id_count++] = row->id;
    return true;
}

static bool all_found(const struct survey *v, struct err *err)
{
    const struct status_options *o = v->options;
    for (size_t i = 0; i < o->address_count; i++) {
        if (!v->found[i]) {
            err_set(err, EX_DATAERR,
                    "%s: %s: no row of it is unknown; nothing was settled",
                    v->path, o->addresses[i]);
            return false;
        }
    }
    return true;
}

/* The person's name, as the system has it. */
static void name_person(char name[static WHO_BYTES_MAX])
{
    const struct passwd *entry = getpwuid(getuid());
    struct err text = {0};
    if (entry) {
        err_set(&text, 0, "%s", entry->pw_name);
    } else {
        err_set(&text, 0, "user %ju", (uintmax_t)getuid());
    }
    size_t len = strnlen(text.text, WHO_BYTES_MAX - 1);
    memcpy(name, text.text, len);
    name[len] = '\0';
}

static bool settle(struct survey *v, struct err *err)
{
    char who[WHO_BYTES_MAX];
    name_person(who);
    return all_found(v, err) && state_settle(v->state, v->ids, v->id_count,
                                             v->options->settle_as, who, err);
}

/* --- a campaign, a state, all of them --- */

static bool is_meant(const struct survey *v,
                     const struct state_mailing_facts *facts)
{
    return !v->options->campaign ||
           span_equal(span_of(v->options->campaign), facts->campaign);
}

static bool collect_mailing(void *context,
                            const struct state_mailing_facts *facts,
                            struct err *err)
{
    struct survey *v = context;
    return !is_meant(v, facts) ||
           state_each_row(v->state, facts->id, collect, v, err);
}

static bool take_mailing(void *context, const struct state_mailing_facts *facts,
                         struct err *err)
{
    struct survey *v = context;
    if (!is_meant(v, facts)) {
        return true;
    }
    say_head(v, facts);
    add_facts(v, facts);
    bool fine = state_each_row(v->state, facts->id, take_row, v, err);
    say_causes(v);
    return fine;
}

static bool take_learned(void *context, const struct state_learned *l,
                         struct err *err)
{
    (void)err;
    struct survey *v = context;
    const struct {
        uint64_t most;
        const char *what;
    } facts[] = {
        {l->letters, "messages a session"},
        {l->recipients, "recipients a transaction"},
        {l->sessions, "sessions at a time"},
    };
    buf_append(v->out, SPAN("  relay "));
    utf8_append_printable(v->out, l->relay);
    buf_append_byte(v->out, ':');
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        if (facts[i].most > 0) {
            buf_append_format(v->out, " at most %" PRIu64 " %s,", facts[i].most,
                              facts[i].what);
        }
    }
    buf_append(v->out,
               l->stream_unfit ? SPAN(" is not streamed to,") : SPAN(""));
    say_moment(v, "seen", l->time_ms);
    buf_append_byte(v->out, '\n');
    return true;
}

struct usage {
    uint64_t hour, day;
};

static void count_usage(void *context, uint64_t age_s, uint64_t messages)
{
    struct usage *u = context;
    u->hour += age_s <= 3600 ? messages : 0;
    u->day += age_s <= 86400 ? messages : 0;
}

static bool say_usage(struct survey *v, struct err *err)
{
    struct usage u = {0};
    if (!state_each_begun(v->state, clock_wall_ms() / 1000, count_usage, &u,
                          err)) {
        return false;
    }
    buf_append_format(v->out,
                      "  begun in the last hour %" PRIu64
                      ", in the last day %" PRIu64 "\n",
                      u.hour, u.day);
    return true;
}

static bool take_state(struct survey *v, const char *path, struct err *err)
{
    bool settling = v->options->settle;
    v->path = path;
    v->state = state_open(path, settling ? STATE_SETTLE : STATE_READ, err);
    if (!v->state) {
        return false;
    }
    v->holder = settling ? 0 : state_holder(v->state);
    bool fine =
        (!settling || (state_each_mailing(v->state, collect_mailing, v, err) &&
                       settle(v, err))) &&
        state_each_mailing(v->state, take_mailing, v, err) &&
        say_usage(v, err) && state_each_learned(v->state, take_learned, v, err);
    state_close(v->state);
    v->state = NULL;
    return fine;
}

/* Has it the campaign that is asked for? */
static bool look_for_campaign(void *context,
                              const struct state_mailing_facts *facts,
                              struct err *err)
{
    (void)err;
    struct survey *v = context;
    v->campaign_found |= is_meant(v, facts);
    return true;
}

/* Before a report is replaced: can all of them be read, and has one of them
 * the campaign? */
static bool look_first(struct survey *v, struct err *err)
{
    const struct status_options *o = v->options;
    bool fine = true;
    for (size_t i = 0; i < o->state_count && fine; i++) {
        v->state = state_open(o->states[i], STATE_READ, err);
        fine =
            v->state && state_each_mailing(v->state, look_for_campaign, v, err);
        state_close(v->state);
        v->state = NULL;
    }
    if (fine && o->campaign && !v->campaign_found) {
        err_set(err, EX_DATAERR, "%s: no campaign is called \"%s\"",
                o->state_count == 1 ? o->states[0] : "--campaign", o->campaign);
        fine = false;
    }
    return fine;
}

int mailing_status(const struct status_options *options, struct buf *out,
                   struct err *err)
{
    struct survey v = {.options = options, .out = out};
    *err = (struct err){0};
    bool fine = read_addresses(&v, err) && look_first(&v, err);
    if (fine && options->report_path) {
        v.report =
            report_open(options->report_path, options->report_format, err);
        fine = v.report != NULL;
    }
    for (size_t i = 0; i < options->state_count && fine; i++) {
        fine = take_state(&v, options->states[i], err);
    }
    if (fine && v.mailings > 1) {
        buf_append(out, SPAN("all of them\n"));
        say_counts(&v, &v.sum);
    }
    struct err late = {0};
    if (!report_close(v.report, &late) && fine) {
        *err = late;
    }
    buf_release(&v.key_bytes);
    free(v.keys);
    free(v.found);
    free(v.ids);
    return err->status;
}
