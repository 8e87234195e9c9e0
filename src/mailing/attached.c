#include "mailing/attached.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"
#include "letter/attachment.h"
#include "mailing/file.h"
#include "mailing/fingerprint.h"

enum {
    PATH_BYTES_MAX = 4096,
    PART_BYTES_MAX = ATTACHED_BYTES_MAX / 54 * 76 + (1 << 16),
    RACES_MAX = 16, /* with who renames folders meanwhile */
    OPEN_FLAGS = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
};

/* A file as it is in a letter, known by path and manner. */
struct attached_file {
    unsigned holders;
    struct siphash_print id;
    char *part;
    size_t bytes;
    struct siphash_print print;
};

static void let_go(void *thing)
{
    struct attached_file *file = thing;
    if (--file->holders == 0) {
        free(file->part);
        free(file);
    }
}

void attached_init(struct attached *a)
{
    *a = (struct attached){.descriptor = -1, .links = true};
}

void attached_release(struct attached *a)
{
    for (size_t i = 0; i < a->kept_count; i++) {
        let_go(a->kept[i]);
    }
    if (a->descriptor >= 0) {
        close(a->descriptor);
    }
    attached_init(a);
}

bool attached_open(struct attached *a, const char *folder,
                   const struct siphash_key *key, struct err *err)
{
    a->key = *key;
    a->folder = folder;
    if (folder) {
        a->descriptor = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    }
    if (folder && a->descriptor < 0) {
        err_set(err, EX_NOINPUT, "--attach-dir %s: %s", folder,
                strerror(errno));
        return false;
    }
    return true;
}

/* --- opening --- */

static bool refuse(struct arena *arena, struct span *reason_out,
                   struct span file, const char *why)
{
    struct buf text;
    buf_init(&text, PATH_BYTES_MAX + 256);
    buf_append(&text, SPAN("attachment \""));
    buf_append(&text, file);
    buf_append_format(&text, "\": %s", why);
    *reason_out = arena_copy(arena, buf_span(&text));
    buf_release(&text);
    return false;
}

/* Step by step, and no step is a link. */
static int open_stepwise(int folder, char *path)
{
    int at = folder;
    char *name = path;
    for (char *slash; (slash = strchr(name, '/')); name = slash + 1) {
        *slash = '\0';
        int next = -1;
        if (strcmp(name, "..") == 0) {
            errno = EXDEV;
        } else {
            next = openat(at, *name ? name : ".",
                          O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        }
        *slash = '/';
        if (at != folder) {
            close(at);
        }
        if (next < 0) {
            return -1;
        }
        at = next;
    }
    int file = openat(at, name, OPEN_FLAGS | O_NOFOLLOW);
    int fault = errno;
    if (at != folder) {
        close(at);
    }
    errno = fault;
    return file;
}

static int open_beneath(struct attached *a, char *path)
{
    static const struct open_how how = {
        .flags = OPEN_FLAGS,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
    };
    for (int i = 0; a->links && i < RACES_MAX; i++) {
        int file =
            (int)syscall(SYS_openat2, a->descriptor, path, &how, sizeof how);
        if (file >= 0 || (errno != EAGAIN && errno != EINTR &&
                          errno != ENOSYS && errno != EPERM)) {
            return file;
        }
        /* Sandboxes that do not know the call say EPERM. */
        a->links = errno == EAGAIN || errno == EINTR;
    }
    if (path[0] == '/') {
        errno = EXDEV;
        return -1;
    }
    return open_stepwise(a->descriptor, path);
}

/* Behind the folder as it was written, where the path begins with it. */
static char *behind_folder(const struct attached *a, char *path)
{
    size_t len = strlen(a->folder);
    while (len > 1 && a->folder[len - 1] == '/') {
        len--;
    }
    if (strncmp(path, a->folder, len) != 0 || path[len] != '/') {
        return NULL;
    }
    return path + len + strspn(path + len, "/");
}

static int open_path(struct attached *a, char *path, bool fixed)
{
    if (!a->folder) {
        return open(path, OPEN_FLAGS);
    }
    char *behind = behind_folder(a, path);
    if (path[0] == '/') {
        return behind  ? open_beneath(a, behind)
               : fixed ? open(path, OPEN_FLAGS)
                       : open_beneath(a, path);
    }
    int file = open_beneath(a, path);
    return file < 0 && errno == ENOENT && behind ? open_beneath(a, behind)
                                                 : file;
}

/* NULL: it is a file that can go with a letter. */
static const char *fault_of(int descriptor, struct stat *facts_out)
{
    if (fstat(descriptor, facts_out) != 0) {
        return strerror(errno);
    }
    if (!S_ISREG(facts_out->st_mode)) {
        return S_ISDIR(facts_out->st_mode) ? "a folder" : "no regular file";
    }
    return facts_out->st_size > ATTACHED_BYTES_MAX ? "larger than 64 MiB"
                                                   : NULL;
}

static const char *say_why(int fault)
{
    static const struct {
        int fault;
        const char *text;
    } said[] = {
        {EXDEV, "not beneath --attach-dir"},
        {ELOOP, "a symbolic link that may not be followed"},
        {ENXIO, "no regular file"},
    };
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        if (said[i].fault == fault) {
            return said[i].text;
        }
    }
    return strerror(fault);
}

/* -1: *reason_out. */
static int open_file(struct attached *a,
                     const struct enclosure_request *request,
                     struct arena *arena, struct stat *facts_out,
                     struct span *reason_out)
{
    struct span file = request->file;
    const char *fault = attachment_name_fault(attachment_name(file));
    if (!fault &&
        (file.len >= PATH_BYTES_MAX || span_find(file, '\0') < file.len)) {
        fault = "no path";
    }
    if (fault) {
        refuse(arena, reason_out, file, fault);
        return -1;
    }
    char *path = mem_copy_text(file.data, file.len);
    int descriptor = open_path(a, path, request->fixed);
    fault = descriptor < 0 ? say_why(errno) : fault_of(descriptor, facts_out);
    free(path);
    if (fault) {
        refuse(arena, reason_out, file, fault);
        if (descriptor >= 0) {
            close(descriptor);
        }
        return -1;
    }
    return descriptor;
}

/* --- reading --- */

/* A file that is written to while it is read is not what it was meant to be,
 * before or after. One that is replaced by another of its name is whole, as it
 * was, though it lost its name (which changes st_ctim). */
static const char *read_whole(int descriptor, const struct stat *before,
                              struct buf *out)
{
    struct err err;
    if (!file_read_descriptor(descriptor, "", out, &err)) {
        bool large = err.status == EX_DATAERR;
        return large ? "larger than 64 MiB" : "cannot be read";
    }
    struct stat after;
    bool same = fstat(descriptor, &after) == 0 &&
                out->len == (size_t)before->st_size &&
                after.st_size == before->st_size &&
                after.st_mtim.tv_sec == before->st_mtim.tv_sec &&
                after.st_mtim.tv_nsec == before->st_mtim.tv_nsec;
    return same ? NULL : "it changed while it was read";
}

static struct attached_file *encode(const struct attached *a,
                                    const struct enclosure_request *request,
                                    struct span bytes)
{
    struct buf part;
    buf_init(&part, PART_BYTES_MAX);
    attachment_append(&part, attachment_name(request->file), bytes,
                      request->inlined);
    struct attached_file *file = mem_alloc_zero(1, sizeof *file);
    file->bytes = part.len;
    file->part = mem_resize(part.data, part.len, 1); /* it is ours now */
    file->print = siphash(&a->key, span_from(file->part, file->bytes));
    return file;
}

static struct attached_file *read_file(struct attached *a,
                                       const struct enclosure_request *request,
                                       struct arena *arena,
                                       struct span *reason_out)
{
    struct stat facts;
    int descriptor = open_file(a, request, arena, &facts, reason_out);
    if (descriptor < 0) {
        return NULL;
    }
    struct buf raw;
    buf_init(&raw, ATTACHED_BYTES_MAX);
    const char *fault = read_whole(descriptor, &facts, &raw);
    close(descriptor);
    struct attached_file *file = NULL;
    if (fault) {
        refuse(arena, reason_out, request->file, fault);
    } else {
        file = encode(a, request, buf_span(&raw));
    }
    buf_release(&raw);
    return file;
}

/* --- remembering --- */

static struct siphash_print id_of(const struct attached *a,
                                  const struct enclosure_request *request)
{
    struct buf text;
    buf_init(&text, 1 << 26);
    buf_append_byte(&text, request->inlined ? 'i' : 'a');
    buf_append(&text, request->file);
    struct siphash_print id = siphash(&a->key, buf_span(&text));
    buf_release(&text);
    return id;
}

static struct attached_file *find(const struct attached *a,
                                  const struct siphash_print *id, size_t *at)
{
    for (size_t i = 0; i < a->kept_count; i++) {
        if (memcmp(&a->kept[i]->id, id, sizeof *id) == 0) {
            *at = i;
            return a->kept[i];
        }
    }
    *at = a->kept_count;
    return NULL;
}

/* It becomes the latest; it was at that place, or the place is a new one. */
static void move_to_front(struct attached *a, size_t at,
                          struct attached_file *file)
{
    memmove(a->kept + 1, a->kept, at * sizeof(struct attached_file *));
    a->kept[0] = file;
}

static void keep(struct attached *a, struct attached_file *file)
{
    size_t bytes = file->bytes;
    if (bytes > ATTACHED_KEPT_BYTES_MAX) {
        return;
    }
    while (a->kept_count == ATTACHED_KEPT_MAX ||
           a->kept_bytes + bytes > ATTACHED_KEPT_BYTES_MAX) {
        struct attached_file *oldest = a->kept[--a->kept_count];
        a->kept_bytes -= oldest->bytes;
        let_go(oldest);
    }
    file->holders++;
    a->kept_bytes += bytes;
    move_to_front(a, a->kept_count++, file);
}

static bool take(void *context, const struct enclosure_request *request,
                 struct arena *arena, struct enclosure *out,
                 struct span *reason_out)
{
    struct attached *a = context;
    struct siphash_print id = id_of(a, request);
    size_t at;
    struct attached_file *file = find(a, &id, &at);
    if (file) {
        move_to_front(a, at, file);
    } else {
        file = read_file(a, request, arena, reason_out);
        if (!file) {
            return false;
        }
        file->id = id;
        if (request->fixed) {
            fingerprint_add(&a->fixed, request->file,
                            span_from(file->part, file->bytes));
        } else {
            keep(a, file);
        }
    }
    file->holders++;
    arena_hold(arena, let_go, file);
    *out = (struct enclosure){span_from(file->part, file->bytes), file->print};
    return true;
}

static bool look(void *context, const struct enclosure_request *request,
                 struct arena *arena, struct span *reason_out)
{
    struct attached *a = context;
    struct stat facts;
    int descriptor = open_file(a, request, arena, &facts, reason_out);
    if (descriptor < 0) {
        return false;
    }
    close(descriptor);
    return true;
}

struct enclosures attached_enclosures(struct attached *a)
{
    return (struct enclosures){
        .has_folder = a->folder != NULL,
        .look = look,
        .take = take,
        .context = a,
    };
}
