#include "letter/mailbox.h"

#include <gmime/gmime.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "letter/encoded_text.h"
#include "letter/mailbox_parts.h"
#include "letter/template_tag.h"

enum {
    MAILBOXES_MAX = 1000,
    VALUE_BYTES_MAX = 1 << 20,
};

void mailboxes_release(struct mailboxes *m)
{
    for (size_t i = 0; i < m->count; i++) {
        template_destroy(m->list[i].phrase);
        template_destroy(m->list[i].address);
    }
    free(m->list);
    free((char *)m->domain.data);
    *m = (struct mailboxes){0};
}

/* The origin of the text at that place of the value. */
static struct template_source origin_at(const struct template_source *origin,
                                        struct span value, size_t at)
{
    struct template_source source = *origin;
    source.header = true;
    for (size_t i = 0; i < at; i++) {
        source.column++;
        if (value.data[i] == '\n') {
            source.line++;
            source.column = 1;
        }
    }
    return source;
}

/* Says what is wrong at that place of the value. */
static bool fail(const struct mailbox_context *context,
                 const struct template_source *origin, struct span value,
                 size_t at, const char *what)
{
    err_set(context->err, EX_DATAERR, "%s:%u: %s", origin->file,
            origin_at(origin, value, at).line, what);
    return false;
}

static struct template *compile(struct span text,
                                const struct template_source *source,
                                const struct mailbox_context *context)
{
    return template_compile(text, source, context->names, TEMPLATE_PLAIN,
                            context->err);
}

static bool compile_phrase(struct mailbox *out, struct span text,
                           const struct template_source *source,
                           const struct mailbox_context *context)
{
    text = template_tag_trim(text);
    if (text.len == 0) {
        return true;
    }
    struct buf decoded;
    buf_init(&decoded, VALUE_BYTES_MAX);
    if (encoded_text_append(&decoded, text, source, context->err)) {
        out->phrase = compile(buf_span(&decoded), source, context);
    }
    buf_release(&decoded);
    size_t column;
    out->phrase_exact =
        out->phrase && template_only_column(out->phrase, &column);
    return out->phrase != NULL;
}

static bool compile_address(struct mailbox *out, struct span text,
                            const struct template_source *source,
                            const struct mailbox_context *context)
{
    out->address = compile(template_tag_trim(text), source, context);
    size_t column;
    if (out->address && template_only_column(out->address, &column) &&
        column == context->address_column) {
        template_destroy(out->address);
        out->address = NULL;
        return true;
    }
    return out->address != NULL;
}

static struct mailbox *add(struct mailboxes *m)
{
    m->list = mem_resize(m->list, m->count + 1, sizeof *m->list);
    m->list[m->count] = (struct mailbox){0};
    return &m->list[m->count++];
}

/* The tags that open a section, the innermost last, which the text does not
 * close. How many; no more than TEMPLATE_SECTIONS_MAX are looked at. */
static size_t open_sections(struct span text,
                            struct span tags[TEMPLATE_SECTIONS_MAX])
{
    size_t open = 0;
    for (size_t at = 0; at < text.len;) {
        size_t tag = mailbox_tag_bytes(text, at);
        struct span name;
        char sigil =
            mailbox_section_sigil(span_slice(text, at, at + tag), &name);
        if (sigil == '/') {
            open -= open > 0;
        } else if (sigil != '\0' && open < TEMPLATE_SECTIONS_MAX) {
            tags[open++] = span_slice(text, at, at + tag);
        }
        at += tag > 0 ? tag : 1;
    }
    return open;
}

/* A section round a mailbox is one round its phrase and one round its address:
 * where it is empty, so are both. Appends the address within; how many bytes
 * were put before it. */
static size_t append_held(struct buf *out, struct span before,
                          struct span address)
{
    struct span tags[TEMPLATE_SECTIONS_MAX];
    size_t open = open_sections(before, tags);
    for (size_t i = 0; i < open; i++) {
        buf_append(out, tags[i]);
    }
    size_t put = out->len;
    buf_append(out, address);
    while (open-- > 0) {
        struct span name;
        mailbox_section_sigil(tags[open], &name);
        buf_append(out, SPAN("{{/"));
        buf_append(out, name);
        buf_append(out, SPAN("}}"));
    }
    return put;
}

static bool finish_angled(struct mailbox *box, const struct mailbox_parts *p,
                          struct span value,
                          const struct template_source *origin,
                          const struct mailbox_context *context)
{
    struct template_source phrase = origin_at(origin, value, p->phrase_at);
    struct template_source at = origin_at(origin, value, p->address_at);
    struct buf address;
    buf_init(&address, 2 * VALUE_BYTES_MAX);
    size_t put = append_held(&address,
                             span_slice(value, p->phrase_at, p->address_at - 1),
                             template_tag_trim(buf_span(&p->address)));
    at.column -= at.column > put ? (unsigned)put : 0;
    bool fine = compile_phrase(box, buf_span(&p->phrase), &phrase, context) &&
                compile_address(box, buf_span(&address), &at, context);
    buf_release(&address);
    return fine;
}

/* What was gathered of one mailbox becomes two templates. Without brackets
 * all but a comment is the address, as it stood, quotes and all; the comment is
 * then the phrase (RFC 5322 3.4, the old form). */
static bool finish(struct mailboxes *out, const struct mailbox_parts *p,
                   struct span value, const struct template_source *origin,
                   const struct mailbox_context *context)
{
    if (p->angled) {
        return finish_angled(add(out), p, value, origin, context);
    }
    struct template_source phrase = origin_at(origin, value, p->phrase_at);
    if (template_tag_trim(buf_span(&p->bare)).len == 0) {
        return true; /* RFC 5322 4.4: nothing, or a comment, between commas */
    }
    struct mailbox *box = add(out);
    return compile_phrase(box, buf_span(&p->comment), &phrase, context) &&
           compile_address(box, buf_span(&p->bare), &phrase, context);
}

/* Why what was taken up to `end` can be no mailbox, and where. */
static const char *fault_of(const struct mailbox_parts *p, struct span value,
                            size_t end, size_t *at_out)
{
    struct span tags[TEMPLATE_SECTIONS_MAX];
    char c = end < value.len ? value.data[end] : '\0';
    *at_out = p->fault ? p->fault_at : end;
    if (p->fault) {
        return p->fault;
    }
    if (c == ':') {
        return "a group, not mailboxes";
    }
    if (c == ';') {
        return "a semicolon: what parts mailboxes is a comma";
    }
    if (c == ',' &&
        open_sections(span_slice(value, p->phrase_at, end), tags) > 0) {
        return "a section cannot hold the comma between mailboxes: one that "
               "is empty is left out, so write {{#x}}{{x}}{{/x}}, "
               "y@example.org";
    }
    return mailbox_parts_overflowed(p) ? "too many mailboxes in a header"
                                       : NULL;
}

static bool take_next(struct mailboxes *out, struct span value, size_t *at,
                      const struct template_source *origin,
                      const struct mailbox_context *context)
{
    struct mailbox_parts p;
    mailbox_parts_init(&p);
    while (*at < value.len &&
           template_tag_trim(span_slice(value, *at, *at + 1)).len == 0) {
        ++*at;
    }
    size_t end = mailbox_parts_take(&p, value, *at);
    size_t fault_at;
    const char *fault = fault_of(&p, value, end, &fault_at);
    if (!fault && out->count == MAILBOXES_MAX) {
        fault = "too many mailboxes in a header";
    }
    bool fine = fault ? fail(context, origin, value, fault_at, fault)
                      : finish(out, &p, value, origin, context);
    mailbox_parts_release(&p);
    *at = end + 1;
    return fine;
}

/* What stands behind the last @ and has no tag in it is every row's. */
static void find_domain(struct mailboxes *m)
{
    if (m->count == 0 || !m->list[0].address) {
        return;
    }
    struct span tail = template_tail(m->list[0].address);
    size_t at = span_find_last(tail, '@');
    if (at == tail.len) {
        return;
    }
    struct buf address;
    buf_init(&address, VALUE_BYTES_MAX);
    buf_append(&address, SPAN("x"));
    buf_append(&address, span_trim(span_rest(tail, at)));
    if (!mailbox_finish_address(&address, 0)) {
        struct span domain = span_rest(buf_span(&address), 2);
        m->domain.data = mem_copy_text(domain.data, domain.len);
        m->domain.len = domain.len;
    }
    buf_release(&address);
}

bool mailboxes_compile(struct mailboxes *out, struct span value,
                       const struct template_source *origin,
                       const struct mailbox_context *context)
{
    *out = (struct mailboxes){0};
    for (size_t at = 0; at < value.len;) {
        if (!take_next(out, value, &at, origin, context)) {
            mailboxes_release(out);
            return false;
        }
    }
    find_domain(out);
    return true;
}

bool mailboxes_empty_group(struct span value)
{
    value = template_tag_trim(value);
    size_t colon = span_find(value, ':');
    if (colon == 0 || colon == value.len ||
        !span_equal(template_tag_trim(span_rest(value, colon + 1)),
                    SPAN(";"))) {
        return false;
    }
    for (size_t i = 0; i < colon; i++) {
        char c = value.data[i];
        if (!ascii_is_alnum(c) && c != '-' && c != ' ') {
            return false;
        }
    }
    return true;
}
