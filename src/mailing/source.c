#include "mailing/source.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "mailing/file.h"

struct source_partial {
    char *name; /* as the template has it */
    size_t name_bytes;
    struct buf text;
    bool found;
};

enum { PATH_BYTES_MAX = 4096 };

static bool is_stdin(const char *path)
{
    return strncmp(path, "-", 2) == 0;
}

bool source_open(struct source *s, const char *path, struct err *err)
{
    struct span whole = span_of(path);
    size_t slash = span_find_last(whole, '/');
    *s = (struct source){.name = is_stdin(path) ? "stdin" : path};
    if (slash < whole.len) {
        s->folder = span_slice(whole, 0, slash + 1);
    }
    buf_init(&s->text, SOURCE_BYTES_MAX);
    return file_read(path, &s->text, err);
}

void source_release(struct source *s)
{
    for (size_t i = 0; i < s->partial_count; i++) {
        free(s->partials[i].name);
        buf_release(&s->partials[i].text);
    }
    free(s->partials);
    buf_release(&s->text);
    *s = (struct source){0};
}

static bool name_acceptable(struct span name)
{
    return name.len > 0 && span_find(name, '/') == name.len &&
           span_find(name, '\0') == name.len && !span_equal(name, SPAN(".")) &&
           !span_equal(name, SPAN(".."));
}

/* Regular files alone: a template cannot make us wait for a FIFO. */
static int open_regular(const char *path)
{
    int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    struct stat st;
    if (descriptor >= 0 &&
        (fstat(descriptor, &st) != 0 || !S_ISREG(st.st_mode))) {
        close(descriptor);
        return -1;
    }
    return descriptor;
}

static bool read_beside(const struct source *s, struct source_partial *p,
                        struct span suffix)
{
    struct buf path;
    buf_init(&path, PATH_BYTES_MAX);
    buf_append(&path, s->folder);
    buf_append(&path, span_from(p->name, p->name_bytes));
    buf_append(&path, suffix);
    buf_append_byte(&path, '\0');
    int descriptor = path.overflowed ? -1 : open_regular(path.data);
    if (descriptor >= 0) {
        struct err ignored; /* the template says that there is none */
        p->found =
            file_read_descriptor(descriptor, p->name, &p->text, &ignored);
        close(descriptor);
    }
    buf_release(&path);
    return p->found;
}

static struct source_partial *partial_known(const struct source *s,
                                            struct span name)
{
    for (size_t i = 0; i < s->partial_count; i++) {
        struct source_partial *p = &s->partials[i];
        if (span_equal(span_from(p->name, p->name_bytes), name)) {
            return p;
        }
    }
    return NULL;
}

static struct source_partial *partial_add(struct source *s, struct span name)
{
    s->partials =
        mem_resize(s->partials, s->partial_count + 1, sizeof *s->partials);
    struct source_partial *p = &s->partials[s->partial_count++];
    *p = (struct source_partial){
        .name = mem_copy_text(name.data, name.len),
        .name_bytes = name.len,
    };
    buf_init(&p->text, SOURCE_BYTES_MAX);
    if (!read_beside(s, p, SPAN(""))) {
        read_beside(s, p, SPAN(".mustache"));
    }
    return p;
}

static struct span partial_text(void *context, struct span name)
{
    struct source *s = context;
    struct span none = {NULL, 0};
    if (!name_acceptable(name)) {
        return none;
    }
    struct source_partial *p = partial_known(s, name);
    if (!p && s->partial_count < SOURCE_PARTIALS_MAX) {
        p = partial_add(s, name);
    }
    if (!p || !p->found) {
        return none;
    }
    /* An empty file is a text, too: its pointer must not be NULL. */
    return p->text.len > 0 ? buf_span(&p->text) : SPAN("");
}

struct template_source source_origin(struct source *s)
{
    return (struct template_source){
        .file = s->name,
        .line = 1,
        .partial = partial_text,
        .context = s,
    };
}
