#include "letter/attachment.h"
#include "letter/mime_part.h"

/* A name that is the same in every row, though its folder may vary. */
static bool is_inlined(const struct mime_walk *w, struct span file)
{
    return attachment_cited(w->html, attachment_name(file));
}

bool mime_has_files(const struct mime_walk *w, bool inlined)
{
    const struct draft_source *source = w->context->source;
    for (size_t i = 0; i < source->attach_count; i++) {
        if (is_inlined(w, source->attach[i]) == inlined) {
            return true;
        }
    }
    return false;
}

/* The same in every row: it is had now, and a piece like others. */
static bool add_fixed(struct mime_walk *w, const struct template *name,
                      bool inlined)
{
    const struct enclosures *e = &w->context->source->enclosures;
    buf_clear(w->context->scratch);
    template_fill(name, NULL, w->context->scratch);
    struct enclosure_request request = {
        .file = arena_copy(w->context->arena, buf_span(w->context->scratch)),
        .fixed = true,
        .inlined = inlined,
    };
    struct enclosure had;
    struct span why = {0};
    if (!e->take(e->context, &request, w->context->arena, &had, &why)) {
        err_set(w->context->err, EX_NOINPUT, "--attach: %.*s", (int)why.len,
                why.data);
        return false;
    }
    if (!mime_end_bytes(w)) {
        return false;
    }
    body_add_bytes(w->body, had.part);
    return true;
}

static bool add_file(struct mime_walk *w, struct span file, bool inlined)
{
    const struct draft_source *source = w->context->source;
    struct template_source origin = {
        .file = "--attach", .line = 1, .header = true};
    struct template *name = template_compile(file, &origin, &source->names,
                                             TEMPLATE_PLAIN, w->context->err);
    if (!name) {
        return false;
    }
    bool fine = true;
    if (template_fixed(name)) {
        fine = add_fixed(w, name, inlined);
        template_destroy(name);
    } else if (!source->enclosures.has_folder) {
        err_set(w->context->err, EX_USAGE,
                "--attach %.*s: a file that varies by row needs --attach-dir, "
                "beneath which it lies",
                (int)file.len, file.data);
        template_destroy(name);
        fine = false;
    } else {
        fine = mime_end_bytes(w);
        struct piece *piece = body_add(w->body, PIECE_FILE);
        piece->text = name;
        piece->inlined = inlined;
    }
    return fine;
}

bool mime_add_files(struct mime_walk *w, const struct mime_container *c,
                    bool inlined)
{
    const struct draft_source *source = w->context->source;
    for (size_t i = 0; i < source->attach_count; i++) {
        if (is_inlined(w, source->attach[i]) == inlined) {
            mime_next(w, c);
            if (!add_file(w, source->attach[i], inlined)) {
                return false;
            }
        }
    }
    return true;
}
