/* A list for the tests: bytes as a regular file that has no name of its own. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/span.h"

struct file {
    int descriptor;
    char path[40];
};

static inline struct file file_of(struct span bytes)
{
    struct file f = {.descriptor = memfd_create("list", MFD_CLOEXEC)};
    assert_true(f.descriptor >= 0);
    assert_int_equal(write(f.descriptor, bytes.data, bytes.len), bytes.len);
    snprintf(f.path, sizeof f.path, "/proc/self/fd/%d", f.descriptor);
    return f;
}
