/* base/descriptor: all bytes, in and out. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/descriptor.h"
#include "base/temporary.h"

enum { BYTES = 300 * 1000 };

static int filled(size_t bytes)
{
    static char text[BYTES];
    const char *folder;
    memset(text, 'x', sizeof text);
    int fd = temporary_open(&folder);
    assert_true(fd >= 0);
    assert_true(descriptor_write(fd, span_from(text, bytes)));
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

static void reads_up_to_the_ceiling(void **state)
{
    (void)state;
    static const struct {
        size_t bytes;
        size_t ceiling;
        size_t reserved;
    } cases[] = {
        {0, 0, 0},
        {0, 10, 0},
        {1, 0, 0},
        {10, 10, 0},
        {11, 10, 0},
        {10, 10, 10},
        {11, 10, 10},
        {10, 100, 11},
        {100, 200, 11},
        {65536, 65536, 0},
        {65537, 65536, 0},
        {BYTES, BYTES, 1},
        {BYTES, BYTES - 1, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out;
        buf_init(&out, cases[i].ceiling);
        const char *place = buf_reserve(&out, cases[i].reserved);
        int fd = filled(cases[i].bytes);
        bool fits = cases[i].bytes <= cases[i].ceiling;
        errno = 0;
        assert_int_equal(descriptor_read_all(fd, &out), fits);
        assert_int_equal(errno == EFBIG, !fits);
        assert_int_equal(out.len, fits ? cases[i].bytes : cases[i].ceiling);
        if (cases[i].bytes < cases[i].reserved) {
            assert_ptr_equal(out.data, place); /* it never grew */
        }
        close(fd);
        buf_release(&out);
    }
}

static void says_what_it_cannot(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 100);
    errno = 0;
    assert_false(descriptor_read_all(-1, &out));
    assert_int_equal(errno, EBADF);
    assert_false(descriptor_write(-1, SPAN("x")));
    assert_int_equal(errno, EBADF);
    buf_release(&out);
}

/* A pipe that somebody made non-blocking holds fewer bytes than are written:
 * who reads is waited for. */
static void waits_for_room(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct buf out;
        close(ends[1]);
        buf_init(&out, BYTES);
        usleep(50 * 1000);
        _exit(descriptor_read_all(ends[0], &out) && out.len == BYTES ? 0 : 1);
    }
    char *text = calloc(1, BYTES);
    close(ends[0]);
    assert_true(descriptor_write(ends[1], span_from(text, BYTES)));
    close(ends[1]);
    free(text);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_up_to_the_ceiling),
        cmocka_unit_test(says_what_it_cannot),
        cmocka_unit_test(waits_for_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
