#include "cli/secret.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "base/mem.h"
#include "cli/accounts.h"
#include "cli/netrc.h"
#include "cli/prompt.h"
#include "mailing/secret_line.h"

void secrets_init(struct secrets *s, const char *user, const char *host)
{
    *s = (struct secrets){.user = user, .host = host};
    buf_init(&s->kept, SECRET_BYTES_MAX);
}

void secrets_release(struct secrets *s)
{
    buf_wipe(&s->kept);
}

void secrets_keep(struct secrets *s, struct span secret)
{
    buf_clear(&s->kept);
    buf_append(&s->kept, secret);
}

static struct span credentials_folder(void)
{
    struct span folder = span_of(getenv("CREDENTIALS_DIRECTORY"));
    return folder.len > 0 && folder.data[0] == '/' ? folder : SPAN("");
}

char *secrets_credential(const char *name)
{
    struct span folder = credentials_folder();
    struct span file = span_of(name);
    if (folder.len == 0 || file.len == 0 || span_find(file, '/') < file.len ||
        file.data[0] == '.') {
        return NULL;
    }
    struct buf path;
    buf_init(&path, 4096);
    buf_append(&path, folder);
    buf_append_byte(&path, '/');
    buf_append(&path, file);
    buf_append_byte(&path, '\0');
    struct stat facts;
    char *found = NULL;
    if (!path.overflowed && stat(path.data, &facts) == 0 &&
        S_ISREG(facts.st_mode)) {
        found = mem_copy_text(path.data, path.len - 1);
    }
    buf_release(&path);
    return found;
}

bool secrets_can_prompt(void)
{
    return prompt_possible();
}

/* Room for all of it at once: growing would leave copies behind. */
static bool read_all(int fd, struct buf *out)
{
    size_t room = out->bytes_max - out->len;
    if (room > SECRET_BYTES_MAX) {
        room = SECRET_BYTES_MAX;
    }
    char *to = buf_reserve(out, room);
    size_t had = 0;
    while (to && had < room) {
        ssize_t len = descriptor_read(fd, to + had, room - had);
        if (len <= 0) {
            buf_commit(out, had);
            return len == 0;
        }
        had += (size_t)len;
    }
    errno = EFBIG;
    return false;
}

static bool guarded(const char *path)
{
    struct span folder = credentials_folder();
    return folder.len > 0 && span_starts(span_of(path), folder) &&
           path[folder.len] == '/';
}

static bool only_its_owners(const struct stat *facts, const char *path,
                            const char *what, struct err *err)
{
    if (guarded(path) || S_ISCHR(facts->st_mode) ||
        (facts->st_mode & (S_IRGRP | S_IROTH)) == 0) {
        return true;
    }
    err_set(err, EX_CONFIG,
            "%s: holds a %s and others can read it (mode %04o); chmod 600 "
            "makes it private",
            path, what, (unsigned)(facts->st_mode & 07777));
    return false;
}

static bool is_private(int fd, const char *path, struct stat *facts,
                       struct err *err)
{
    if (fstat(fd, facts) != 0) {
        err_set(err, EX_NOINPUT, "%s: %s", path, strerror(errno));
        return false;
    }
    return only_its_owners(facts, path, "password", err);
}

bool secrets_key_is_private(const char *path, struct err *err)
{
    struct stat facts;
    return stat(path, &facts) != 0 ||
           only_its_owners(&facts, path, "private key", err);
}

static bool fetch_file(struct secrets *s, const struct secret_source *source,
                       struct buf *out, struct err *err)
{
    int fd = open(source->text, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        err_set(err, EX_NOINPUT, "%s: %s", source->text, strerror(errno));
        return false;
    }
    struct stat facts;
    size_t from = out->len;
    bool fine = is_private(fd, source->text, &facts, err);
    if (fine && !read_all(fd, out)) {
        err_set(err, EX_NOINPUT, "%s: %s", source->text, strerror(errno));
        fine = false;
    }
    close(fd);
    fine = fine && secret_keep_line(out, from, source->text, err);
    if (fine && !S_ISREG(facts.st_mode)) {
        secrets_keep(s, span_rest(buf_span(out), from));
    }
    return fine;
}

static bool fetch_descriptor(struct secrets *s,
                             const struct secret_source *source,
                             struct buf *out, struct err *err)
{
    size_t from = out->len;
    if (!read_all(source->descriptor, out)) {
        err_set(err, EX_NOINPUT, "--password-fd %d: %s", source->descriptor,
                strerror(errno));
        return false;
    }
    if (!secret_keep_line(out, from, "--password-fd", err)) {
        return false;
    }
    secrets_keep(s, span_rest(buf_span(out), from));
    return true;
}

/* Its own mode is msmtp's user's affair; the account file's is warned of. */
static bool fetch_netrc(struct secrets *s, const struct secret_source *source,
                        struct buf *out, struct err *err)
{
    err->status = 0;
    if (netrc_fetch(source->text, span_of(s->host), span_of(s->user), out,
                    err)) {
        return true;
    }
    if (err->status == 0) {
        err_set(err, EX_CONFIG, "%s: no password of %s at %s", source->text,
                s->user, s->host);
    }
    return false;
}

static bool fetch_account(struct secrets *s, const struct secret_source *source,
                          struct buf *out, struct err *err)
{
    struct accounts accounts;
    bool fine = accounts_read(&accounts, source->text, s->timeout_ms, err);
    const struct account *a =
        fine ? accounts_find(&accounts, s->account) : NULL;
    struct span password = span_of(a ? a->texts[ACCOUNT_PASSWORD] : NULL);
    bool there = password.len > 0;
    buf_append(out, password);
    accounts_release(&accounts);
    if (fine && !there) {
        err_set(err, EX_CONFIG, "%s: account %s: no password", source->text,
                s->account);
    }
    return there;
}

static bool fetch_prompt(struct secrets *s, const struct secret_source *source,
                         struct buf *out, struct err *err)
{
    (void)source;
    size_t from = out->len;
    if (!prompt_ask(s->user, s->host, out, err) ||
        !secret_keep_line(out, from, "the terminal", err)) {
        return false;
    }
    secrets_keep(s, span_rest(buf_span(out), from));
    return true;
}

static bool fetch_none(struct secrets *s, const struct secret_source *source,
                       struct buf *out, struct err *err)
{
    (void)source;
    (void)out;
    err_set(err, EX_CONFIG, "no password for %s", s->user);
    return false;
}

bool secrets_fetch(struct secrets *s, const struct secret_source *source,
                   struct buf *out, struct err *err)
{
    static bool (*const fetch[])(struct secrets *, const struct secret_source *,
                                 struct buf *, struct err *) = {
        [SECRET_NONE] = fetch_none,     [SECRET_FILE] = fetch_file,
        [SECRET_FD] = fetch_descriptor, [SECRET_ACCOUNT] = fetch_account,
        [SECRET_NETRC] = fetch_netrc,   [SECRET_PROMPT] = fetch_prompt,
    };
    if (s->kept.len > 0) {
        buf_append(out, buf_span(&s->kept));
        return true;
    }
    assert(source->kind != SECRET_COMMAND);
    return fetch[source->kind](s, source, out, err);
}

bool secrets_prepare(struct secrets *s, const struct secret_source *source,
                     struct err *err)
{
    if (source->kind == SECRET_NONE || source->kind == SECRET_COMMAND) {
        return true;
    }
    struct buf secret;
    buf_init(&secret, SECRET_BYTES_MAX);
    bool fine = secrets_fetch(s, source, &secret, err);
    buf_wipe(&secret);
    return fine;
}
