/* mailing/weigh: what attachments and base64 make of a letter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mailing/weigh.h"
#include "unit/edge.h"

#define MIXED "Content-Type: multipart/mixed;\r\n boundary=\"b--\"\r\n\r\n"
#define FILE_PART                                                              \
    "--b--\r\nContent-Disposition: attachment\r\n"                             \
    "Content-Transfer-Encoding: base64\r\n\r\n"

static const struct {
    struct span letter;
    size_t attached;
    size_t base64_added;
} letters[] = {
    {SPAN(""), 0, 0},
    {SPAN("Subject: x\r\n\r\nbase64\r\n--b--\r\n"), 0, 0},
    /* 6 letters, 2 of padding, a line end, for 4 bytes */
    {SPAN("Content-Transfer-Encoding: BASE64\r\n\r\nQUJDRA==\r\n"), 0, 6},
    {SPAN(MIXED "--b--\r\n\r\nHello\r\n" FILE_PART "QUJD\r\n--b----\r\n"), 4,
     1},
    {SPAN(MIXED FILE_PART "QUJD\r\nQUJD\r\n--b--\r\n\r\nQUJD\r\n--b----\r\n"),
     10, 4},
    {SPAN(MIXED FILE_PART "\r\n--b----\r\n"), 0, 0},
    {SPAN(MIXED FILE_PART "--b----\r\n"), 0, 0},
    /* what only looks like a boundary, and a letter that is cut off */
    {SPAN(MIXED FILE_PART "--b-\r\n--b-----\r\n"), 16, 7},
    {SPAN(MIXED FILE_PART "QUJDQUJD"), 8, 2},
    {SPAN("Content-Type: x; boundary=c; d\n\n--c\n"
          "Content-Disposition: inline\n\nQUJD\n--c--\n"),
     0, 0},
};

static void weighs(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++) {
        struct edge e = edge_copy(letters[i].letter);
        struct weight w = weigh(e.span);
        if (w.attached != letters[i].attached ||
            w.base64_added != letters[i].base64_added) {
            print_error("%zu: %zu %zu\n", i, w.attached, w.base64_added);
        }
        assert_int_equal(w.bytes, e.span.len);
        assert_int_equal(w.attached, letters[i].attached);
        assert_int_equal(w.base64_added, letters[i].base64_added);
        edge_release(&e);
    }
}

/* Cut anywhere: nothing is read past, and no part is more than the whole. */
static void weighs_every_prefix(void **state)
{
    (void)state;
    static const char whole[] = MIXED FILE_PART
        "QUJD\r\n--b--\r\n\r\nx\r\n" FILE_PART "QQ==\r\n--b----\r\n";
    for (size_t len = 0; len < sizeof whole; len++) {
        struct edge e = edge_copy(span_from(whole, len));
        struct weight w = weigh(e.span);
        assert_true(w.attached <= len && w.base64_added <= len);
        edge_release(&e);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weighs),
        cmocka_unit_test(weighs_every_prefix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
