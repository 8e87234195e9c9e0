#include "letter/unsubscribe.h"

enum { LIST_BYTES_MAX = 1 << 20 };

/* Faults of such a template are said of the option that gave it. */
static bool check_template(const struct draft_source *source, struct span text,
                           const char *option, struct err *err)
{
    struct template_source origin = {.file = option, .line = 1, .header = true};
    if (!fields_check_text(text, option, 1, err)) {
        return false;
    }
    struct template *t =
        template_compile(text, &origin, &source->names, TEMPLATE_PLAIN, err);
    template_destroy(t);
    return t != NULL;
}

static struct span list_of(struct span url, struct span mailto,
                           struct arena *arena)
{
    struct buf list;
    buf_init(&list, LIST_BYTES_MAX);
    if (url.len > 0) {
        buf_append(&list, SPAN("<"));
        buf_append(&list, url);
        buf_append(&list, mailto.len > 0 ? SPAN(">, ") : SPAN(">"));
    }
    if (mailto.len > 0) {
        bool whole = span_starts_nocase(mailto, SPAN("mailto:"));
        buf_append(&list, whole ? SPAN("<") : SPAN("<mailto:"));
        buf_append(&list, mailto);
        buf_append(&list, SPAN(">"));
    }
    struct span copy = arena_copy(arena, buf_span(&list));
    buf_release(&list);
    return copy;
}

/* What can be clicked comes first (RFC 2369 2), and a header says that it can
 * (RFC 8058 3.1). */
bool unsubscribe_add(struct fields *fields, const struct draft_source *source,
                     struct arena *arena, struct err *err)
{
    struct span url = source->unsubscribe_url;
    struct span mailto = source->unsubscribe_mailto;
    if (!check_template(source, url, "--unsubscribe-url", err) ||
        !check_template(source, mailto, "--unsubscribe-mailto", err)) {
        return false;
    }
    struct span value = list_of(url, mailto, arena);
    struct field field = {
        .name = SPAN("List-Unsubscribe"),
        .value = value,
        .file = url.len > 0 ? "--unsubscribe-url" : "--unsubscribe-mailto",
        .line = 1,
        .column = 1,
        .one_click = url.len > 0,
    };
    struct field post = field;
    post.name = SPAN("List-Unsubscribe-Post");
    post.value = SPAN("List-Unsubscribe=One-Click");
    return value.len == 0 || (fields_add(fields, &field, err) &&
                              (url.len == 0 || fields_add(fields, &post, err)));
}
