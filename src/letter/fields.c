#include "letter/fields.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "base/utf8.h"

static const struct rule {
    const char *name;
    enum field_kind kind;
    bool single;
} rules[] = {
    /* RFC 5322 3.6 */
    {"From", FIELD_ADDRESS, true},
    {"Sender", FIELD_ADDRESS, true},
    {"Reply-To", FIELD_ADDRESS, true},
    {"To", FIELD_ADDRESS, true},
    {"Cc", FIELD_ADDRESS, true},
    {"Bcc", FIELD_DROPPED, false},
    {"Return-Path", FIELD_DROPPED, false},
    {"Date", FIELD_RAW, true},
    {"Message-ID", FIELD_RAW, true},
    {"In-Reply-To", FIELD_RAW, true},
    {"References", FIELD_RAW, true},
    {"Subject", FIELD_TEXT, true},
    {"Resent-From", FIELD_ADDRESS, false},
    {"Resent-Sender", FIELD_ADDRESS, false},
    {"Resent-To", FIELD_ADDRESS, false},
    {"Resent-Cc", FIELD_ADDRESS, false},
    {"Resent-Bcc", FIELD_DROPPED, false},
    {"Resent-Message-ID", FIELD_RAW, false},
    {"Resent-Date", FIELD_RAW, false},
    {"Received", FIELD_RAW, false},
    /* RFC 2045, 2183, 2557 */
    {"MIME-Version", FIELD_CONTENT, true},
    {"Content-Type", FIELD_CONTENT, true},
    {"Content-Transfer-Encoding", FIELD_CONTENT, true},
    {"Content-Disposition", FIELD_CONTENT, true},
    {"Content-ID", FIELD_CONTENT, true},
    {"Content-Length", FIELD_CONTENT, false},
    {"Content-MD5", FIELD_DROPPED, false}, /* of what is filled in no more */
    /* RFC 2369, 2919, 8058 */
    {"List-ID", FIELD_LIST_ID, true},
    {"List-Help", FIELD_URIS, true},
    {"List-Subscribe", FIELD_URIS, true},
    {"List-Unsubscribe", FIELD_URIS, true},
    {"List-Unsubscribe-Post", FIELD_RAW, true},
    {"List-Post", FIELD_URIS, true},
    {"List-Owner", FIELD_URIS, true},
    {"List-Archive", FIELD_URIS, true},
    /* RFC 3834, 8098 and custom */
    {"Auto-Submitted", FIELD_RAW, true},
    {"Disposition-Notification-To", FIELD_ADDRESS, true},
    {"Return-Receipt-To", FIELD_ADDRESS, true},
    {"Errors-To", FIELD_ADDRESS, true},
    {"DKIM-Signature", FIELD_RAW, false},
};

static const struct rule *rule_of(struct span name)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (span_equal_nocase(span_of(rules[i].name), name)) {
            return &rules[i];
        }
    }
    return NULL;
}

enum field_kind fields_kind(struct span name)
{
    const struct rule *rule = rule_of(name);
    return rule ? rule->kind : FIELD_TEXT;
}

/* It may stand once at most. */
static bool single(struct span name)
{
    const struct rule *rule = rule_of(name);
    return rule && rule->single;
}

void fields_release(struct fields *f)
{
    free(f->list);
    *f = (struct fields){0};
}

bool fields_add(struct fields *f, const struct field *field, struct err *err)
{
    if (f->count == FIELDS_MAX) {
        err_set(err, EX_DATAERR, "%s:%u: more than %d headers", field->file,
                field->line, FIELDS_MAX);
        return false;
    }
    if (f->count == f->cap) {
        f->cap = f->cap ? f->cap * 2 : 16;
        f->list = mem_resize(f->list, f->cap, sizeof *f->list);
    }
    f->list[f->count++] = *field;
    return true;
}

/* RFC 5322 2.2: ftext. Tags belong in values. */
static bool is_name(struct span name)
{
    for (size_t i = 0; i < name.len; i++) {
        bool tag = span_starts(span_rest(name, i), SPAN("{{"));
        if (name.data[i] <= ' ' || name.data[i] > '~' || tag) {
            return false;
        }
    }
    return name.len > 0 && name.len <= FIELDS_NAME_BYTES_MAX;
}

/* Takes a field that begins at the beginning of text; false where none does. */
static bool parse_field(struct span text, struct field *out)
{
    size_t colon = span_find(text, ':');
    out->name = span_trim(span_slice(text, 0, colon));
    if (colon == text.len || !is_name(out->name)) {
        return false;
    }
    size_t from = colon + 1;
    while (from < text.len && ascii_is_blank(text.data[from])) {
        from++;
    }
    size_t to = text.len;
    while (to > from &&
           (ascii_is_blank(text.data[to - 1]) || text.data[to - 1] == '\n' ||
            text.data[to - 1] == '\r')) {
        to--;
    }
    out->value = span_slice(text, from, to);
    out->column = (unsigned)from + 1;
    return true;
}

/* A comment that a person put above the headers. */
static bool only_comment(struct span line)
{
    struct span s = line;
    while (s.len > 0 &&
           (s.data[s.len - 1] == '\n' || s.data[s.len - 1] == '\r')) {
        s.len--;
    }
    s = span_trim(s);
    return span_starts(s, SPAN("{{!")) && span_ends(s, SPAN("}}"));
}

static bool empty_line(struct span line)
{
    return span_equal(line, SPAN("\n")) || span_equal(line, SPAN("\r\n"));
}

/* Bytes of the field or line that text begins with, its line ends included,
 * and how many lines they are. */
static size_t field_bytes(struct span text, unsigned *lines_out)
{
    size_t at = 0;
    *lines_out = 0;
    do {
        at += span_find(span_rest(text, at), '\n');
        at += at < text.len;
        ++*lines_out;
    } while (at < text.len && ascii_is_blank(text.data[at]));
    return at;
}

/* What to say of a line that should have been a header. */
static const char *no_field(struct span line)
{
    return span_starts(span_trim(line), SPAN("{{"))
               ? "a tag may stand in a header's value alone: what is empty "
                 "then is left out, so write Cc: {{#x}}{{x}}{{/x}}"
               : "this is no header, and no empty line came before it: a "
                 "template begins with headers, then an empty line";
}

bool fields_split(struct fields *out, struct span text, const char *file,
                  size_t *body_out, unsigned *body_line_out, struct err *err)
{
    *out = (struct fields){0};
    struct field field = {.file = file, .line = 1};
    size_t at = 0;
    while (at < text.len) {
        struct span rest = span_rest(text, at);
        if (empty_line(span_slice(rest, 0, rest.len < 2 ? rest.len : 2)) ||
            rest.data[0] == '\n') {
            at += rest.data[0] == '\n' ? 1 : 2;
            field.line++;
            break;
        }
        unsigned lines;
        size_t bytes = field_bytes(rest, &lines);
        struct span whole = span_slice(rest, 0, bytes);
        bool passed = only_comment(whole) ||
                      (at == 0 && span_starts(whole, SPAN("From ")));
        if (!passed && !parse_field(whole, &field)) {
            err_set(err, EX_DATAERR, "%s:%u: %s", file, field.line,
                    no_field(whole));
            return false;
        }
        if (!passed && !fields_add(out, &field, err)) {
            return false;
        }
        at += bytes;
        field.line += lines;
    }
    *body_out = at;
    *body_line_out = field.line;
    return true;
}

bool fields_add_option(struct fields *f, struct span header, const char *file,
                       struct err *err)
{
    struct field field = {.file = file, .line = 1};
    if (!parse_field(header, &field) ||
        span_find(field.value, '\n') < field.value.len ||
        span_find(field.value, '\r') < field.value.len) {
        err_set(err, EX_USAGE, "%s: \"%.*s\" is not \"Name: value\"", file,
                (int)header.len, header.data);
        return false;
    }
    return fields_add(f, &field, err);
}

void fields_replace(struct fields *f, size_t before)
{
    size_t kept = 0;
    for (size_t i = 0; i < f->count; i++) {
        bool replaced = false;
        for (size_t j = before; i < before && j < f->count; j++) {
            replaced =
                replaced || span_equal_nocase(f->list[i].name, f->list[j].name);
        }
        if (!replaced) {
            f->list[kept++] = f->list[i];
        }
    }
    f->count = kept;
}

const struct field *fields_find(const struct fields *f, struct span name)
{
    for (size_t i = 0; i < f->count; i++) {
        if (span_equal_nocase(f->list[i].name, name)) {
            return &f->list[i];
        }
    }
    return NULL;
}

bool fields_check_single(const struct fields *f, struct err *err)
{
    for (size_t i = 0; i < f->count; i++) {
        const struct field *field = &f->list[i];
        if (single(field->name) && fields_find(f, field->name) != field) {
            err_set(err, EX_DATAERR, "%s:%u: a second %.*s header", field->file,
                    field->line, (int)field->name.len, field->name.data);
            return false;
        }
    }
    return true;
}

static const char *fault_at(struct span rest, size_t *len_out)
{
    uint32_t point;
    *len_out = utf8_next(rest, &point);
    if (*len_out == 0) {
        return "bytes that are no UTF-8";
    }
    char c = rest.data[0];
    if (c == '\r' && rest.len > 1 && rest.data[1] == '\n') {
        return NULL;
    }
    return ascii_is_control(c) && c != '\t' && c != '\n' ? "a control character"
                                                         : NULL;
}

bool fields_check_text(struct span text, const char *file, unsigned line,
                       struct err *err)
{
    unsigned column = 1;
    for (size_t i = 0; i < text.len;) {
        size_t len;
        const char *fault = fault_at(span_rest(text, i), &len);
        if (fault) {
            err_set(err, EX_DATAERR, "%s:%u:%u: %s (0x%02x)", file, line,
                    column, fault, (unsigned char)text.data[i]);
            return false;
        }
        column++;
        if (text.data[i] == '\n') {
            line++;
            column = 1;
        }
        i += len;
    }
    return true;
}
