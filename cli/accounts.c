#include "cli/accounts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/descriptor.h"
#include "base/mem.h"
#include "cli/account_commands.h"
#include "mailing/command.h"

enum {
    FILE_BYTES_MAX = 1024 * 1024,
    LINE_BYTES_MAX = 64 * 1024,
    PASSED_OVER_BYTES_MAX = 64 * 1024,
    ACCOUNTS_MAX = 10000,
};

/* One line, understood so far. */
struct line {
    const char *file;
    unsigned number;
    struct span command;
    struct span argument;
};

static bool wrong(const struct line *line, const char *why, struct err *err)
{
    err_set(err, EX_CONFIG, "%s:%u: %.*s: %s", line->file, line->number,
            (int)(line->command.len > 64 ? 64 : line->command.len),
            line->command.data, why);
    return false;
}

static void set_text(char **text, struct span value)
{
    if (*text) {
        mem_wipe(*text, strlen(*text));
        free(*text);
    }
    *text = value.len > 0 ? mem_copy_text(value.data, value.len) : NULL;
}

/* --- accounts --- */

static void copy(struct account *to, const struct account *from, size_t i)
{
    set_text(&to->texts[i], span_of(from->texts[i]));
}

/* What was said there, if only that it is to be nothing. */
static void inherit(struct account *to, const struct account *from)
{
    for (size_t i = 0; i < ACCOUNT_TEXTS; i++) {
        if (from->said[i]) {
            copy(to, from, i);
            to->said[i] = true;
        }
    }
}

static struct account *find(const struct accounts *all, struct span name)
{
    for (size_t i = 1; i < all->count; i++) {
        if (span_equal(span_of(all->list[i].name), name)) {
            return &all->list[i];
        }
    }
    return NULL;
}

/* A new one has the values of `defaults`, and hands on only its own. */
static void add(struct accounts *all, struct span name)
{
    all->list = mem_resize(all->list, all->count + 1, sizeof *all->list);
    struct account *a = &all->list[all->count++];
    *a = (struct account){.name = mem_copy_text(name.data, name.len)};
    for (size_t i = 0; i < ACCOUNT_TEXTS && all->count > 1; i++) {
        copy(a, &all->list[0], i);
    }
}

/* Without blanks at its ends, and without the quotes round it. */
static struct span plain(struct span text)
{
    text = span_trim(text);
    return text.len >= 2 && text.data[0] == '"' && span_ends(text, SPAN("\""))
               ? span_slice(text, 1, text.len - 1)
               : text;
}

static bool build_on(struct accounts *all, struct span names,
                     const struct line *line, struct err *err)
{
    for (bool more = true; more;) {
        size_t len = span_find(names, ',');
        struct span name = plain(span_slice(names, 0, len));
        const struct account *other = find(all, name);
        if (name.len == 0) {
            return wrong(line, "the name is missing", err);
        }
        if (!other || other == &all->list[all->count - 1]) {
            return wrong(line, "it builds on an account that is not above",
                         err);
        }
        inherit(&all->list[all->count - 1], other);
        more = len < names.len;
        names = span_rest(names, more ? len + 1 : len);
    }
    return true;
}

static bool begin_account(struct accounts *all, const struct line *line,
                          struct err *err)
{
    size_t colon = span_find(line->argument, ':');
    bool builds = colon < line->argument.len;
    struct span name =
        builds ? plain(span_slice(line->argument, 0, colon)) : line->argument;
    if (name.len == 0) {
        return wrong(line, "the name is missing", err);
    }
    if (span_find(name, ',') < name.len) {
        return wrong(line, "a comma in the name", err);
    }
    if (find(all, name)) {
        return wrong(line, "an account of this name stands above", err);
    }
    if (all->count >= ACCOUNTS_MAX) {
        return wrong(line, "too many accounts", err);
    }
    add(all, name);
    return !builds ||
           build_on(all, span_rest(line->argument, colon + 1), line, err);
}

/* --- lines --- */

static void pass_over(struct accounts *all, const struct line *line)
{
    struct buf *out = &all->passed_over;
    size_t before = out->len;
    buf_append_format(out, "%s:%u: %.*s: passed over", line->file, line->number,
                      (int)line->command.len, line->command.data);
    buf_append_byte(out, '\0');
    if (out->overflowed) {
        buf_truncate(out, before);
    }
}

static bool set(struct accounts *all, struct account *a,
                const struct line *line, struct err *err)
{
    const struct account_command *c = account_command_of(line->command);
    if (!c) {
        return wrong(line, "no such command", err);
    }
    struct buf value;
    buf_init(&value, LINE_BYTES_MAX);
    (void)buf_reserve(&value, LINE_BYTES_MAX); /* it may be a secret */
    const char *fault = c->read(c, line->argument, &value);
    if (!fault && value.overflowed) {
        fault = "the argument is too long";
    }
    if (!fault && c->passed_over) {
        pass_over(all, line);
    } else if (!fault) {
        set_text(&a->texts[c->text], buf_span(&value));
        a->said[c->text] = true;
    }
    buf_wipe(&value);
    return !fault || wrong(line, fault, err);
}

static void split(struct span text, struct line *line)
{
    size_t end = 0;
    while (end < text.len && !ascii_is_blank(text.data[end])) {
        end++;
    }
    line->command = span_slice(text, 0, end);
    line->argument = plain(span_rest(text, end));
}

static bool follow(struct accounts *all, size_t *current,
                   const struct line *line, struct err *err)
{
    if (span_equal(line->command, SPAN("defaults"))) {
        *current = 0;
        return line->argument.len == 0 ||
               wrong(line, "it takes no argument", err);
    }
    if (span_equal(line->command, SPAN("account"))) {
        bool begun = begin_account(all, line, err);
        *current = all->count - 1;
        return begun;
    }
    if (*current == SIZE_MAX) {
        add(all, SPAN("default"));
        *current = all->count - 1;
    }
    return set(all, &all->list[*current], line, err);
}

/* The line becomes the first one that the command prints. */
static bool evaluate(const struct accounts *all, struct line *line,
                     struct buf *printed, struct err *err)
{
    char *text = mem_copy_text(line->argument.data, line->argument.len);
    struct buf name;
    buf_init(&name, 8192);
    buf_append_format(&name, "%s:%u: eval", line->file, line->number);
    buf_append_byte(&name, '\0');
    bool fine = line->argument.len > 0
                    ? command_read(text, name.overflowed ? "eval" : name.data,
                                   all->timeout_ms, printed, err)
                    : wrong(line, "it needs an argument", err);
    if (fine && printed->len == 0) {
        fine = wrong(line, "the command prints nothing", err);
    }
    if (fine && span_find(buf_span(printed), '\0') < printed->len) {
        fine = wrong(line, "the command prints a NUL byte", err);
    }
    if (fine) {
        struct span first = buf_span(printed);
        first = span_slice(first, 0, span_find(first, '\n'));
        split(span_trim(span_ends(first, SPAN("\r"))
                            ? span_slice(first, 0, first.len - 1)
                            : first),
              line);
    }
    buf_release(&name);
    free(text);
    return fine;
}

static bool follow_evaluated(struct accounts *all, size_t *current,
                             struct line *line, struct err *err)
{
    struct buf printed;
    buf_init(&printed, LINE_BYTES_MAX);
    bool fine = evaluate(all, line, &printed, err) &&
                (line->command.len == 0 || line->command.data[0] == '#' ||
                 follow(all, current, line, err));
    buf_wipe(&printed);
    return fine;
}

static bool read_lines(struct accounts *all, const char *path, struct span text,
                       struct err *err)
{
    size_t current = SIZE_MAX;
    struct line line = {.file = path};
    while (text.len > 0) {
        size_t end = span_find(text, '\n');
        struct span one = span_slice(text, 0, end);
        text = end < text.len ? span_rest(text, end + 1) : SPAN("");
        line.number++;
        if (span_ends(one, SPAN("\r"))) {
            one = span_slice(one, 0, one.len - 1);
        }
        one = span_trim(one);
        if (one.len == 0 || one.data[0] == '#') {
            continue;
        }
        split(one, &line);
        bool evaluated = span_equal(line.command, SPAN("eval"));
        if (evaluated ? !follow_evaluated(all, &current, &line, err)
                      : !follow(all, &current, &line, err)) {
            return false;
        }
    }
    return true;
}

/* --- the file --- */

static bool read_file(struct accounts *all, const char *path, struct buf *out,
                      struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    struct stat facts;
    (void)buf_reserve(out, FILE_BYTES_MAX); /* it may hold a secret */
    bool fine = fd >= 0 && descriptor_read_all(fd, out);
    if (!fine) {
        err_set(err, EX_NOINPUT, "%s: %s", path, strerror(errno));
    } else if (fstat(fd, &facts) == 0) {
        all->readable_by_others = (facts.st_mode & (S_IRGRP | S_IROTH)) != 0;
    }
    if (fd >= 0) {
        close(fd);
    }
    if (fine && span_find(buf_span(out), '\0') < out->len) {
        err_set(err, EX_CONFIG, "%s: a NUL byte", path);
        fine = false;
    }
    return fine;
}

bool accounts_read(struct accounts *a, const char *path, uint64_t timeout_ms,
                   struct err *err)
{
    *a = (struct accounts){.timeout_ms = timeout_ms};
    buf_init(&a->passed_over, PASSED_OVER_BYTES_MAX);
    add(a, SPAN(""));
    struct buf text;
    buf_init(&text, FILE_BYTES_MAX);
    bool fine = read_file(a, path, &text, err) &&
                read_lines(a, path, buf_span(&text), err);
    buf_wipe(&text);
    return fine;
}

void accounts_release(struct accounts *a)
{
    for (size_t i = 0; i < a->count; i++) {
        for (size_t j = 0; j < ACCOUNT_TEXTS; j++) {
            set_text(&a->list[i].texts[j], SPAN(""));
        }
        free(a->list[i].name);
    }
    free(a->list);
    buf_release(&a->passed_over);
    *a = (struct accounts){0};
}

void accounts_forget_passwords(struct accounts *a)
{
    for (size_t i = 0; i < a->count; i++) {
        set_text(&a->list[i].texts[ACCOUNT_PASSWORD], SPAN(""));
    }
}

const struct account *accounts_find(const struct accounts *a, const char *name)
{
    return find(a, span_of(name));
}

bool account_says(const struct account *a, enum account_text text,
                  const char *word)
{
    return span_equal(span_of(a->texts[text]), span_of(word));
}
