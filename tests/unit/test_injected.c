/* smtp/dialog: whatever stands in clear behind the 220 of STARTTLS, of every
 * length, whole and in two pieces, ends the session, and nothing more is
 * said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "base/mem.h"
#include "smtp/dialog.h"

enum { LENGTH_MAX = 2000 };

static const struct span consent = SPAN("220 go ahead\r\n");

static struct login login = {
    .user = SPAN("ann"), .secret = SPAN("secret"), .mechanisms = ~0u};

static void hear(struct dialog *d, struct span bytes)
{
    struct buf *out = dialog_outbox(d);
    buf_clear(out);
    /* An exact copy: one byte too far is seen by the sanitizer. */
    char *copy = mem_copy_text(bytes.data, bytes.len);
    dialog_receive(d, span_from(copy, bytes.len), UINT64_MAX);
    free(copy);
    dialog_pump(d);
}

static struct dialog *at_starttls(void)
{
    struct dialog_settings how = {
        .helo = SPAN("client.example.org"),
        .security = DIALOG_STARTTLS,
        .tier_max = DIALOG_STREAM,
        .window = 16,
        .login = &login,
        .probe_sender = SPAN("sender@example.org"),
    };
    struct dialog *d = dialog_create(&how);
    hear(d, SPAN("220 hi\r\n"));
    hear(d, SPAN("250-relay\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n"));
    assert_true(span_equal(buf_span(dialog_outbox(d)), SPAN("STARTTLS\r\n")));
    return d;
}

static void assert_ended(struct dialog *d)
{
    assert_int_equal(dialog_phase(d), DIALOG_OVER);
    assert_int_equal(dialog_end(d), DIALOG_END_INJECTED);
    assert_int_equal(dialog_outbox(d)->len, 0);
    assert_int_equal(dialog_hungry(d), 0);
    dialog_destroy(d);
}

/* The text behind the consent, and its line end or none. */
static void fill(char *text, size_t length, bool ended)
{
    static const char reply[] = "250 hello ";
    for (size_t i = 0; i < length; i++) {
        text[i] = i < sizeof reply - 1 ? reply[i] : 'x';
    }
    if (ended && length >= 2) {
        text[length - 2] = '\r';
        text[length - 1] = '\n';
    } else if (ended) {
        text[length - 1] = '\n';
    }
}

static void in_one_piece(struct span text)
{
    struct buf whole;
    buf_init(&whole, LENGTH_MAX + 100);
    buf_append(&whole, consent);
    buf_append(&whole, text);
    struct dialog *d = at_starttls();
    hear(d, buf_span(&whole));
    assert_ended(d);
    buf_release(&whole);
}

/* Before the owner has begun the handshake. */
static void in_two_pieces(struct span text)
{
    struct dialog *d = at_starttls();
    hear(d, consent);
    assert_int_equal(dialog_phase(d), DIALOG_WANTS_TLS);
    hear(d, text);
    assert_ended(d);
}

static void ends_whatever_stands_behind_the_consent(void **state)
{
    (void)state;
    static char text[LENGTH_MAX];
    for (size_t length = 1; length <= LENGTH_MAX; length++) {
        for (int ended = 0; ended < 2; ended++) {
            fill(text, length, ended == 1);
            in_one_piece(span_from(text, length));
            in_two_pieces(span_from(text, length));
        }
    }
}

static void goes_on_with_nothing_behind_it(void **state)
{
    (void)state;
    struct dialog *d = at_starttls();
    hear(d, consent);
    assert_int_equal(dialog_phase(d), DIALOG_WANTS_TLS);
    assert_int_equal(dialog_outbox(d)->len, 0);
    dialog_destroy(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_whatever_stands_behind_the_consent),
        cmocka_unit_test(goes_on_with_nothing_behind_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
