#include "mailing/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "mailing/file.h"
#include "mailing/fingerprint.h"

struct source_partial {
    struct buf name; /* as the template has it */
    struct buf path; /* as it was found, NUL-terminated */
    struct buf text;
    bool found;
    const char *fault; /* why it was not; NULL: there is no such file */
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
    struct stat st;
    s->is_file = !is_stdin(path) && stat(path, &st) == 0 && S_ISREG(st.st_mode);
    buf_init(&s->text, SOURCE_BYTES_MAX);
    return file_read(path, &s->text, err);
}

void source_release(struct source *s)
{
    for (size_t i = 0; i < s->partial_count; i++) {
        buf_release(&s->partials[i].name);
        buf_release(&s->partials[i].path);
        buf_release(&s->partials[i].text);
    }
    free(s->partials);
    buf_release(&s->text);
    *s = (struct source){0};
}

/* NULL: it may be the name of a file beside the template. */
static const char *name_fault(const struct source *s, struct span name)
{
    if (!s->is_file) {
        return "a template that is no file, as one on standard input, has "
               "nothing beside it";
    }
    if (span_find(name, '/') < name.len) {
        return "its name has a slash, and it lies beside the template";
    }
    bool folder = span_equal(name, SPAN(".")) || span_equal(name, SPAN(".."));
    return folder || name.len == 0 ? "that is no name of a file" : NULL;
}

/* Regular files alone: a template cannot make us wait for a FIFO. -1: none,
 * and *fault says why where there is something of that name. */
static int open_regular(const char *path, const char **fault)
{
    int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    struct stat st;
    if (descriptor < 0) {
        *fault = errno == ENOENT ? *fault : strerror(errno);
    } else if (fstat(descriptor, &st) != 0 || !S_ISREG(st.st_mode)) {
        *fault = "it is no regular file";
        close(descriptor);
        descriptor = -1;
    }
    return descriptor;
}

static bool read_beside(const struct source *s, struct source_partial *p,
                        struct span suffix)
{
    buf_clear(&p->path);
    buf_append(&p->path, s->folder);
    buf_append(&p->path, buf_span(&p->name));
    buf_append(&p->path, suffix);
    buf_append_byte(&p->path, '\0');
    if (p->path.overflowed) {
        p->fault = strerror(ENAMETOOLONG);
        return false;
    }
    int descriptor = open_regular(p->path.data, &p->fault);
    if (descriptor < 0) {
        return false;
    }
    struct err err = {0};
    p->found = file_read_descriptor(descriptor, p->path.data, &p->text, &err);
    p->fault = err.status == EX_DATAERR ? "it is too long" : "it is unreadable";
    close(descriptor);
    return p->found;
}

static struct source_partial *partial_known(const struct source *s,
                                            struct span name)
{
    for (size_t i = 0; i < s->partial_count; i++) {
        struct source_partial *p = &s->partials[i];
        if (span_equal(buf_span(&p->name), name)) {
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
    *p = (struct source_partial){0};
    buf_init(&p->name, SOURCE_BYTES_MAX);
    buf_init(&p->path, PATH_BYTES_MAX);
    buf_init(&p->text, SOURCE_BYTES_MAX);
    buf_append(&p->name, name);
    if (!read_beside(s, p, SPAN(""))) {
        read_beside(s, p, SPAN(".mustache"));
    }
    return p;
}

static struct template_partial found_text(const struct source_partial *p)
{
    struct span text = buf_span(&p->text);
    if (span_starts(text, SPAN("\xef\xbb\xbf"))) {
        text = span_rest(text, 3);
    }
    return (struct template_partial){
        /* An empty file is a text, too: its pointer must not be NULL. */
        .text = text.len > 0 ? text : SPAN(""),
        .file = span_of(p->path.data),
    };
}

static struct template_partial partial_text(void *context, struct span name)
{
    struct source *s = context;
    const char *fault = name_fault(s, name);
    if (fault) {
        return (struct template_partial){.fault = fault};
    }
    struct source_partial *p = partial_known(s, name);
    if (!p && s->partial_count < SOURCE_PARTIALS_MAX) {
        p = partial_add(s, name);
    }
    if (!p) {
        return (struct template_partial){.fault = "there are too many"};
    }
    return p->found ? found_text(p)
                    : (struct template_partial){.fault = p->fault};
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

static bool one_file(const char *path, const char *other)
{
    struct stat a, b;
    return stat(path, &a) == 0 && stat(other, &b) == 0 &&
           a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

bool source_spared(const struct source *s, const char *const *outputs,
                   size_t count, struct err *err)
{
    for (size_t i = 0; i < s->partial_count * count; i++) {
        const struct source_partial *p = &s->partials[i / count];
        const char *output = outputs[i % count];
        if (p->found && output && one_file(p->path.data, output)) {
            err_set(err, EX_USAGE, "%s: an output would replace this partial",
                    output);
            return false;
        }
    }
    return true;
}

void source_add_print(const struct source *s, struct siphash_print *print)
{
    fingerprint_add(print, SPAN("template"), buf_span(&s->text));
    for (size_t i = 0; i < s->partial_count; i++) {
        const struct source_partial *p = &s->partials[i];
        fingerprint_add(print, buf_span(&p->name), buf_span(&p->text));
    }
}
