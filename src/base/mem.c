#include "base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

/* No stdio here: there may be no memory for its buffers. */
_Noreturn void mem_exhausted(void)
{
    static const char text[] = "mailshot: out of memory\n";
    ssize_t written = write(STDERR_FILENO, text, sizeof text - 1);
    (void)written; /* nothing is left to do about it */
    _exit(EX_OSERR);
}

void *mem_alloc(size_t bytes)
{
    void *data = malloc(bytes ? bytes : 1);
    if (!data) {
        mem_exhausted();
    }
    return data;
}

void *mem_alloc_zero(size_t count, size_t bytes_each)
{
    void *data = calloc(count ? count : 1, bytes_each ? bytes_each : 1);
    if (!data) {
        mem_exhausted();
    }
    return data;
}

void *mem_resize(void *old, size_t count, size_t bytes_each)
{
    void *data = reallocarray(old, count ? count : 1, bytes_each);
    if (!data) {
        mem_exhausted();
    }
    return data;
}

char *mem_copy_text(const char *text, size_t len)
{
    char *copy = mem_alloc(len + 1);
    if (len > 0) {
        memcpy(copy, text, len);
    }
    copy[len] = '\0';
    return copy;
}

void mem_wipe(void *data, size_t bytes)
{
    if (data && bytes > 0) {
        explicit_bzero(data, bytes);
    }
}
