#include "cli/places.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/mem.h"

struct place {
    const char *role; /* "the list", "--report" */
    const char *path;
    bool output;
    bool exists;
    struct stat facts;
    char *future; /* where it will be, if it does not exist */
    char *made;   /* the path, where it was put together here */
};

enum { FIXED_PLACES = 14, STATE_PLACES = 3, PATH_BYTES_MAX = 4096 };

bool places_is_stdout(const char *path)
{
    static const char *const names[] = {"-", "/dev/stdout", "/dev/fd/1",
                                        "/proc/self/fd/1"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(path, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* The folder's real name and the file's own. */
static char *future_of(const char *path)
{
    struct span text = span_of(path);
    size_t slash = span_find_last(text, '/');
    bool has_folder = slash < text.len;
    char *folder =
        has_folder ? mem_copy_text(path, slash + 1) : mem_copy_text("./", 2);
    char *real = realpath(folder, NULL);
    struct buf out;
    buf_init(&out, 64 * 1024);
    buf_append(&out, span_of(real ? real : folder));
    buf_append_byte(&out, '/');
    buf_append(&out, span_rest(text, has_folder ? slash + 1 : 0));
    char *future = mem_copy_text(out.data, out.len);
    buf_release(&out);
    free(real);
    free(folder);
    return future;
}

static void look(struct place *p)
{
    if (p->output && places_is_stdout(p->path)) {
        p->exists = fstat(STDOUT_FILENO, &p->facts) == 0;
    } else if (strcmp(p->path, "-") == 0) {
        p->exists = fstat(STDIN_FILENO, &p->facts) == 0;
    } else {
        p->exists = stat(p->path, &p->facts) == 0;
        p->future = p->exists ? NULL : future_of(p->path);
    }
}

/* Terminals, sockets and /dev/null can well be both ends. */
static bool counts(const struct stat *facts)
{
    return S_ISREG(facts->st_mode) || S_ISFIFO(facts->st_mode) ||
           S_ISBLK(facts->st_mode);
}

static bool same(const struct place *a, const struct place *b)
{
    if (a->output && b->output && places_is_stdout(a->path) &&
        places_is_stdout(b->path)) {
        return true;
    }
    if (a->exists && b->exists) {
        return counts(&a->facts) && a->facts.st_dev == b->facts.st_dev &&
               a->facts.st_ino == b->facts.st_ino;
    }
    return a->future && b->future && strcmp(a->future, b->future) == 0;
}

static void add(struct place *list, size_t *count, struct place place)
{
    if (place.path) {
        look(&place);
        list[(*count)++] = place;
    }
}

/* A state and the two files beside it that belong to it. */
static void add_state(struct place *list, size_t *count, const char *path)
{
    static const char *const endings[STATE_PLACES] = {"", "-wal", "-shm"};
    for (size_t i = 0; path && i < STATE_PLACES; i++) {
        struct buf text;
        buf_init(&text, PATH_BYTES_MAX);
        buf_append(&text, span_of(path));
        buf_append(&text, span_of(endings[i]));
        char *made = mem_copy_text(text.data, text.len);
        buf_release(&text);
        add(list, count,
            (struct place){.role = "the state",
                           .path = made,
                           .output = true,
                           .made = made});
    }
}

/* Where a file lies that is the same in every row; others are not known yet. */
static const char *attachment_path(struct options *o, struct span file)
{
    const char *folder = o->settings.attach_folder;
    struct buf path;
    buf_init(&path, PATH_BYTES_MAX);
    if (folder && file.data[0] != '/') {
        buf_append(&path, span_of(folder));
        buf_append_byte(&path, '/');
    }
    buf_append(&path, file);
    char *text = mem_copy_text(path.data, path.len);
    buf_release(&path);
    return options_keep(o, text);
}

static size_t collect(struct options *o, struct place *list)
{
    const struct settings *s = &o->settings;
    const struct secret_source *secret = &s->secret;
    size_t count = 0;
    const struct place fixed[] = {
        {.role = "the list", .path = s->list_path},
        {.role = "the template", .path = s->template_path},
        {.role = "--html", .path = s->html_path},
        {.role = "--tls-ca", .path = s->trust.ca_file},
        {.role = "--tls-cert", .path = s->trust.cert_file},
        {.role = "--tls-key", .path = s->trust.key_file},
        {.role = "the account file", .path = o->config},
        {.role = "the password file",
         .path = secret->kind == SECRET_FILE ? secret->text : NULL},
        {.role = "--report", .path = s->report_path, .output = true},
        {.role = "--failed", .path = s->failed_path, .output = true},
        {.role = "--tls-evidence", .path = s->evidence_path, .output = true},
        {.role = "--metrics", .path = s->metrics_path, .output = true},
        {.role = "--clean", .path = o->check.clean_path, .output = true},
        {.role = "--summary json",
         .path = o->summary == SUMMARY_JSON ? "-" : NULL,
         .output = true},
    };
    _Static_assert(sizeof fixed / sizeof fixed[0] <= FIXED_PLACES,
                   "there is room for each");
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
        add(list, &count, fixed[i]);
    }
    add_state(list, &count, s->state_path);
    for (size_t i = 0; i < s->suppress_count; i++) {
        add(list, &count,
            (struct place){.role = "--suppress", .path = s->suppress[i]});
    }
    for (size_t i = 0; i < s->attach_count; i++) {
        add(list, &count,
            (struct place){.role = "--attach",
                           .path = attachment_path(o, s->attach[i])});
    }
    return count;
}

static bool distinct(const struct place *list, size_t count, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; list[i].output && j < count; j++) {
            bool pair = j != i && (!list[j].output || j > i);
            if (pair && same(&list[i], &list[j])) {
                err_set(err, EX_USAGE, "%s and %s are one file: %s",
                        list[i].role, list[j].role,
                        places_is_stdout(list[i].path) ? "standard output"
                                                       : list[i].path);
                return false;
            }
        }
    }
    return true;
}

static void release(struct place *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(list[i].future);
        free(list[i].made);
    }
    free(list);
}

static struct place *room_for(const struct options *o)
{
    return mem_alloc_zero(FIXED_PLACES + STATE_PLACES +
                              o->settings.suppress_count +
                              o->settings.attach_count,
                          sizeof(struct place));
}

bool places_distinct(struct options *o, struct err *err)
{
    struct place *list = room_for(o);
    size_t count = collect(o, list);
    bool fine = distinct(list, count, err);
    release(list, count);
    return fine;
}

/* Could a letter of that folder have this path? They are called LINE.eml. */
static bool is_of_folder(const char *path, const char *folder)
{
    struct span name = span_of(path);
    size_t slash = span_find_last(name, '/');
    name = slash < name.len ? span_rest(name, slash + 1) : name;
    uint64_t line;
    if (name.len < 5 ||
        !span_equal(span_rest(name, name.len - 4), SPAN(".eml")) ||
        !ascii_parse_number(span_from(name.data, name.len - 4), UINT32_MAX,
                            &line)) {
        return false;
    }
    struct buf text;
    buf_init(&text, PATH_BYTES_MAX);
    buf_append(&text, span_of(folder));
    buf_append_byte(&text, '/');
    buf_append(&text, name);
    char *letter = mem_copy_text(text.data, text.len);
    char *one = future_of(letter);
    char *other = future_of(path);
    bool equal = strcmp(one, other) == 0;
    free(letter);
    free(one);
    free(other);
    buf_release(&text);
    return equal;
}

bool places_spared(struct options *o, struct err *err)
{
    const char *folder = o->render.directory;
    struct place *list = room_for(o);
    size_t count = collect(o, list);
    bool fine = true;
    for (size_t i = 0; folder && fine && i < count; i++) {
        fine = !is_of_folder(list[i].path, folder);
        if (!fine) {
            err_set(err, EX_USAGE, "--output %s: a letter would replace %s: %s",
                    folder, list[i].role, list[i].path);
        }
    }
    release(list, count);
    return fine;
}

bool places_no_state(const char *report, const char *const *states,
                     size_t state_count, struct err *err)
{
    for (size_t i = 0; i < state_count; i++) {
        struct place *list = mem_alloc_zero(1 + STATE_PLACES, sizeof *list);
        size_t count = 0;
        add(list, &count,
            (struct place){.role = "--report", .path = report, .output = true});
        add_state(list, &count, states[i]);
        bool fine = distinct(list, count, err);
        release(list, count);
        if (!fine) {
            return false;
        }
    }
    return true;
}
