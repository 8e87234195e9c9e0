#include "record/replacement.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/mem.h"
#include "record/folder.h"
#include "record/nameless.h"

/* The file's own name, links followed, so that the file and not a link to it
 * is replaced. */
static char *resolved(const char *path)
{
    char *name = realpath(path, NULL);
    return name ? name : mem_copy_text(path, strlen(path));
}

static int open_path(struct replacement *r, const char *path)
{
    int fd = output_descriptor(path);
    if (fd != -2) {
        return fd;
    }
    struct stat facts;
    if (stat(path, &facts) == 0 && S_ISDIR(facts.st_mode)) {
        errno = EISDIR;
        return -1;
    }
    if (stat(path, &facts) == 0 && !S_ISREG(facts.st_mode)) {
        return output_create(path);
    }
    r->target = resolved(path);
    return nameless_create(r->target, &r->temporary);
}

static void destroy(struct replacement *r)
{
    free(r->target);
    free(r->temporary);
    r->target = NULL;
    r->temporary = NULL;
}

bool replacement_open(struct replacement *r, const char *path, struct err *err)
{
    *r = (struct replacement){.target = NULL};
    int fd = open_path(r, path);
    const char *name = strcmp(path, "-") == 0 ? "standard output" : path;
    if (fd < 0) {
        output_not_made(name, err);
        destroy(r);
        return false;
    }
    output_init(&r->output, fd, name);
    return true;
}

/* It takes its name, and is on the disk before it does. */
static bool take_name(struct replacement *r, struct err *err)
{
    if (!output_sync(&r->output, err)) {
        return false;
    }
    if (!nameless_become(r->output.fd, r->target, &r->temporary)) {
        err_set(err, EX_IOERR, "%s: cannot be replaced: %s", r->target,
                strerror(errno));
        return false;
    }
    if (!folder_sync(r->target)) {
        err_set(err, EX_IOERR, "%s: its folder cannot be synced: %s", r->target,
                strerror(errno));
        return false;
    }
    return true;
}

bool replacement_finish(struct replacement *r, struct err *err)
{
    if (r->target && !take_name(r, err)) {
        replacement_abandon(r);
        return false;
    }
    bool whole = output_finish(&r->output, err);
    destroy(r);
    return whole;
}

void replacement_abandon(struct replacement *r)
{
    output_release(&r->output);
    if (r->temporary) {
        unlink(r->temporary);
    }
    destroy(r);
}
