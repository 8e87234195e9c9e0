#include "sink/port_file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static bool write_file(const char *path, unsigned port)
{
    FILE *file = fopen(path, "we");
    if (!file) {
        return false;
    }
    bool fine = fprintf(file, "%u\n", port) > 0;
    return fclose(file) == 0 && fine;
}

bool port_file_write(const char *path, unsigned port, struct err *err)
{
    char beside[PATH_MAX];
    int len = snprintf(beside, sizeof beside, "%s.new", path);
    if (len < 0 || (size_t)len >= sizeof beside) {
        err_set(err, EX_CANTCREAT, "%s: the name is too long", path);
        return false;
    }
    if (!write_file(beside, port) || rename(beside, path) != 0) {
        err_set(err, EX_CANTCREAT, "%s: %s", path, strerror(errno));
        return false;
    }
    return true;
}
