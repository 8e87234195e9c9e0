#include <assert.h>
#include <gmime/gmime.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "letter/date.h"
#include "letter/draft.h"
#include "letter/mime.h"
#include "letter/saved.h"
#include "letter/unsubscribe.h"

enum { HEADER_BYTES_MAX = 64 << 20 /* of one letter's headers */ };

static struct workbench *bench_create(void)
{
    struct workbench *bench = mem_alloc_zero(1, sizeof *bench);
    buf_init(&bench->scratch, HEADER_BYTES_MAX);
    buf_init(&bench->out, BODY_BYTES_MAX + (size_t)HEADER_BYTES_MAX);
    buf_init(&bench->date, 64);
    buf_init(&bench->day, 64);
    bench->date_s = -1;
    return bench;
}

static void bench_destroy(struct workbench *bench)
{
    buf_release(&bench->scratch);
    buf_release(&bench->out);
    buf_release(&bench->date);
    buf_release(&bench->day);
    free(bench->cuts);
    free(bench->files);
    free(bench->places);
    free(bench->looks);
    free(bench->seen);
    free(bench);
}

void draft_destroy(struct draft *d)
{
    if (!d) {
        return;
    }
    for (size_t i = 0; i < d->header_count; i++) {
        header_release(&d->headers[i]);
    }
    free(d->headers);
    mailboxes_release(&d->sender);
    body_release(&d->body);
    free(d->named);
    arena_release(&d->arena);
    bench_destroy(d->bench);
    free(d);
}

/* To: the row's own address. */
static void add_to(struct draft *d)
{
    struct mailbox *box = mem_alloc_zero(1, sizeof *box);
    d->headers[d->header_count++] = (struct header){
        .name = SPAN("To"),
        .kind = FIELD_ADDRESS,
        .mailboxes = {.list = box, .count = 1},
    };
}

static const struct header *find_header(const struct draft *d, struct span name)
{
    for (size_t i = 0; i < d->header_count; i++) {
        if (span_equal_nocase(d->headers[i].name, name)) {
            return &d->headers[i];
        }
    }
    return NULL;
}

/* RFC 5322 3.6.2. */
static bool has_one_sender(const struct draft *d, const struct fields *fields,
                           struct err *err)
{
    const struct header *sender = find_header(d, SPAN("Sender"));
    const char *wrong = NULL;
    const struct field *at = fields_find(fields, SPAN("From"));
    if (sender && sender->mailboxes.count > 1) {
        wrong = "Sender has more than one address: a letter has one sender";
        at = fields_find(fields, SPAN("Sender"));
    } else if (!sender && d->from->mailboxes.count > 1) {
        wrong = "From has more than one address: a Sender header has to say "
                "whose letter it is (RFC 5322 3.6.2)";
    }
    if (wrong) {
        err_set(err, EX_DATAERR, "%s:%u: %s", at->file, at->line, wrong);
    }
    return !wrong;
}

static bool compile_headers(struct draft *d, const struct fields *fields,
                            const struct header_context *context)
{
    d->headers = mem_alloc_zero(fields->count + 1, sizeof *d->headers);
    for (size_t i = 0; i < fields->count; i++) {
        const struct field *field = &fields->list[i];
        enum field_kind kind = fields_kind(field->name);
        /* One without a value, as drafts have it, is as good as none. */
        if (kind == FIELD_DROPPED || kind == FIELD_CONTENT ||
            field->value.len == 0) {
            continue;
        }
        if (!header_compile(&d->headers[d->header_count], field, context)) {
            return false;
        }
        d->header_count++;
    }
    d->has_date = find_header(d, SPAN("Date")) != NULL;
    d->message_id = find_header(d, SPAN("Message-ID"));
    d->from = find_header(d, SPAN("From"));
    if (!d->from || d->from->mailboxes.count == 0) {
        err_set(context->err, EX_DATAERR,
                "%s:1: no From header (give it in the template, or with -H "
                "'From: …')",
                context->source->origin.file);
        return false;
    }
    if (!has_one_sender(d, fields, context->err)) {
        return false;
    }
    if (!find_header(d, SPAN("To"))) {
        add_to(d);
    }
    return true;
}

static bool compile_sender(struct draft *d,
                           const struct header_context *context)
{
    struct span text = span_trim(context->source->sender);
    d->null_sender = span_equal(text, SPAN("<>"));
    if (text.len == 0 || d->null_sender) {
        return true;
    }
    struct mailbox_context mailbox = {
        .names = &context->source->names,
        .address_column = context->source->address_column,
        .err = context->err,
    };
    struct template_source origin = context->source->origin;
    origin.file = "--from";
    origin.line = 1;
    origin.column = 1;
    if (!mailboxes_compile(&d->sender, text, &origin, &mailbox)) {
        return false;
    }
    if (d->sender.count != 1 || d->sender.list[0].phrase) {
        err_set(context->err, EX_USAGE, "--from: \"%.*s\" is not one address",
                (int)text.len, text.data);
        return false;
    }
    return true;
}

static bool header_uses(const struct header *h, enum template_builtin which)
{
    return h->value && template_uses(h->value, which);
}

static bool check_message_id(const struct draft *d, const struct fields *fields,
                             struct err *err)
{
    if (!d->message_id || !header_uses(d->message_id, TEMPLATE_MESSAGE_ID)) {
        return true;
    }
    const struct field *field = fields_find(fields, SPAN("Message-ID"));
    err_set(err, EX_DATAERR, "%s:%u: the Message-ID is made of itself",
            field->file, field->line);
    return false;
}

/* Neighbours that are the same in all rows are appended at once. */
static void join_fixed(struct draft *d)
{
    struct buf *out = &d->bench->out;
    for (size_t i = 0; i < d->header_count;) {
        struct header *first = &d->headers[i];
        buf_clear(out);
        for (; i < d->header_count && d->headers[i].fixed.len > 0; i++) {
            buf_append(out, d->headers[i].fixed);
            first->fixed_utf8 = first->fixed_utf8 || d->headers[i].fixed_utf8;
            d->headers[i].joined = &d->headers[i] != first;
        }
        if (out->len > first->fixed.len) {
            first->fixed = arena_copy(&d->arena, buf_span(out));
        }
        i += first->fixed.len == 0;
    }
    buf_clear(out);
}

/* The text becomes what is behind the headers. */
static bool read_fields(struct draft *d, const struct draft_source *source,
                        struct fields *fields, struct span *text,
                        unsigned *line_out, struct err *err)
{
    const char *file = source->origin.file;
    size_t body_at;
    if (span_starts(*text, SPAN("\xff\xfe")) ||
        span_starts(*text, SPAN("\xfe\xff"))) {
        err_set(err, EX_DATAERR,
                "%s:1: this is UTF-16: save it as UTF-8, or iconv -f UTF-16 -t "
                "UTF-8",
                file);
        return false;
    }
    if (!fields_split(fields, *text, file, &body_at, line_out, err) ||
        !fields_check_text(span_slice(*text, 0, body_at), file, 1, err)) {
        return false;
    }
    *text = span_rest(*text, body_at);
    saved_drop(fields);
    size_t before = fields->count;
    for (size_t i = 0; i < source->header_count; i++) {
        if (!fields_add_option(fields, source->headers[i], "--header", err) ||
            !fields_check_text(source->headers[i], "--header", 1, err)) {
            return false;
        }
    }
    if (!unsubscribe_add(fields, source, &d->arena, err)) {
        return false;
    }
    fields_replace(fields, before);
    return fields_check_single(fields, err);
}

/* One that is the same in every row is made once, and one of -f that is wrong
 * in each is told of once. */
static bool fix_sender(struct draft *d, struct err *err)
{
    const struct mailbox *sender = draft_sender(d);
    struct buf *scratch = &d->bench->scratch;
    if (d->null_sender || !sender->address ||
        !template_fixed(sender->address)) {
        return true;
    }
    buf_clear(scratch);
    const char *fault = draft_append_sender(d, SPAN(""), NULL, scratch);
    if (!fault) {
        d->same_sender = arena_copy(&d->arena, buf_span(scratch));
    } else if (d->sender.count > 0) {
        err_set(err, EX_DATAERR, "--from: %s", fault);
        return false;
    }
    return true;
}

static void mark(const struct template *t, unsigned *forms)
{
    if (t) {
        template_mark(t, forms);
    }
}

static void mark_mailboxes(const struct mailboxes *m, unsigned *forms)
{
    for (size_t i = 0; i < m->count; i++) {
        mark(m->list[i].phrase, forms);
        mark(m->list[i].address, forms);
    }
}

/* A value that ten templates name is looked at once for each row. */
static void name_values(struct draft *d)
{
    size_t count = d->names.column_count + TEMPLATE_BUILTINS;
    unsigned *forms = mem_alloc_zero(count, sizeof *forms);
    for (size_t i = 0; i < d->header_count; i++) {
        mark(d->headers[i].value, forms);
        mark_mailboxes(&d->headers[i].mailboxes, forms);
    }
    mark_mailboxes(&d->sender, forms);
    for (size_t i = 0; i < d->body.count; i++) {
        mark(d->body.list[i].text, forms);
    }
    d->named = mem_alloc_zero(count, sizeof *d->named);
    d->bench->seen = mem_alloc_zero(count, sizeof *d->bench->seen);
    for (size_t i = 0; i < count; i++) {
        if (forms[i]) {
            d->named[d->named_count++] = (struct draft_named){i, forms[i]};
        }
    }
    free(forms);
}

static bool compile(struct draft *d, const struct draft_source *source,
                    struct fields *fields, struct err *err)
{
    struct header_context context = {
        .source = source,
        .arena = &d->arena,
        .scratch = &d->bench->scratch,
        .err = err,
    };
    struct span text = source->text;
    unsigned body_line;
    if (span_starts(text, SPAN("\xef\xbb\xbf"))) {
        text = span_rest(text, 3);
    }
    if (!read_fields(d, source, fields, &text, &body_line, err) ||
        !compile_headers(d, fields, &context) || !compile_sender(d, &context) ||
        !mime_compile(&d->body, fields, text, body_line, &context) ||
        !check_message_id(d, fields, err)) {
        return false;
    }
    body_prepare(&d->body, &d->arena, &d->bench->scratch);
    d->bench->cuts = mem_alloc_zero(d->body.count, sizeof *d->bench->cuts);
    d->bench->files = mem_alloc_zero(d->body.count, sizeof *d->bench->files);
    d->bench->looks = mem_alloc_zero(d->body.count, sizeof *d->bench->looks);
    d->bench->places = mem_alloc_zero(d->body.count, sizeof *d->bench->places);
    join_fixed(d);
    name_values(d);
    return fix_sender(d, err);
}

struct draft *draft_compile(const struct draft_source *source, struct err *err)
{
    g_mime_init(); /* for the process: it cannot begin a second time */
    struct draft *d = mem_alloc_zero(1, sizeof *d);
    d->names = source->names;
    d->allow_empty = source->allow_empty;
    d->body.enclosures = source->enclosures;
    d->body.key = *source->print_key;
    d->bench = bench_create();
    arena_init(&d->arena);
    struct fields fields = {0};
    bool fine = compile(d, source, &fields, err);
    fields_release(&fields);
    if (!fine) {
        draft_destroy(d);
        return NULL;
    }
    return d;
}
