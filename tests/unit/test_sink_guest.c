/* sink: limits, what depends on which bytes come together, and what is
 * counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sink/path.h"
#include "unit/sink_house.h"

/* What depends on which bytes came together. */

static const struct {
    const char *name;
    unsigned changes;
    const char *parts[4];
    enum guest_phase phase;
    const char *end; /* of the answers */
} turns[] = {
    {"starttls",
     CLEAR,
     {EHLO, "STARTTLS\r\n"},
     GUEST_WANTS_TLS,
     "220 2.0.0 Ready to start TLS\r\n"},
    {"bytes behind starttls",
     CLEAR,
     {EHLO, "STARTTLS\r\nEHLO x\r\n"},
     GUEST_FINISHING,
     "554 5.5.1 Bytes in clear behind STARTTLS, closing\r\n"},
    {"one command a turn",
     NO_PIPELINING,
     {HELLO, "MAIL FROM:<a@b>\r\n", "RCPT TO:<c@d>\r\n", "BDAT 1 LAST\r\nx"},
     GUEST_TALKING,
     QUEUED("1")},
    {"two commands in a turn",
     NO_PIPELINING,
     {HELLO, "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n"},
     GUEST_FINISHING,
     SENDER "500 5.5.0 Pipelining is not offered, and was used\r\n"},
    {"a content with its data",
     NO_PIPELINING,
     {HELLO, "MAIL FROM:<a@b>\r\n", "RCPT TO:<c@d>\r\n", "DATA\r\nx\r\n.\r\n"},
     GUEST_FINISHING,
     GIVE "500 5.5.0 Pipelining is not offered, and was used\r\n"},
    {"a command behind a chunk",
     NO_PIPELINING,
     {HELLO, "MAIL FROM:<a@b>\r\n", "RCPT TO:<c@d>\r\n",
      "BDAT 1 LAST\r\nxQUIT\r\n"},
     GUEST_FINISHING,
     QUEUED("1") "500 5.5.0 Pipelining is not offered, and was used\r\n"},
};

static void minds_what_comes_together(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(turns); i++) {
        struct setting s;
        setting_init(&s, turns[i].changes);
        struct guest *g =
            guest_create(&s.house, 1, !(turns[i].changes & CLEAR));
        for (size_t k = 0; k < 4 && turns[i].parts[k]; k++) {
            guest_receive(g, span_of(turns[i].parts[k]));
        }
        struct span out = buf_span(guest_outbox(g));
        if (!span_ends(out, span_of(turns[i].end))) {
            fail_msg("%s: got\n%.*s", turns[i].name, (int)out.len, out.data);
        }
        assert_int_equal(guest_phase(g), turns[i].phase);
        guest_destroy(g);
        setting_release(&s);
    }
}

static void forgets_all_before_tls(void **state)
{
    (void)state;
    struct setting s;
    setting_init(&s, CLEAR);
    struct guest *g = guest_create(&s.house, 1, false);
    guest_receive(g, SPAN(EHLO "MAIL FROM:<a@b>\r\nSTARTTLS\r\n"));
    buf_clear(guest_outbox(g));
    guest_secured(g);
    guest_receive(g, SPAN("RCPT TO:<c@d>\r\nMAIL FROM:<a@b>\r\n"
                          "AUTH PLAIN AGFubgBzM2NyZXQ=\r\n"));
    expect_text("behind TLS", buf_span(guest_outbox(g)),
                NEED("MAIL") NEED("Say EHLO") NEED("Say EHLO"));
    guest_destroy(g);
    setting_release(&s);
}

static void refuses_long_lines(void **state)
{
    (void)state;
    char line[3 * GUEST_LINE_BYTES_MAX];
    memset(line, 'x', sizeof line);
    static const size_t lengths[] = {GUEST_LINE_BYTES_MAX,
                                     GUEST_LINE_BYTES_MAX + 1, sizeof line};
    for (size_t i = 0; i < COUNT(lengths); i++) {
        for (size_t step = 1; step <= sizeof line; step += 1021) {
            struct setting s;
            setting_init(&s, AS_IT_IS);
            struct guest *g = guest_create(&s.house, 1, true);
            buf_clear(guest_outbox(g));
            memcpy(line, "NOOP ", 5);
            struct span all = span_from(line, lengths[i]);
            memcpy(line + all.len - 2, "\r\n", 2);
            for (size_t at = 0; at < all.len; at += step) {
                size_t end = all.len - at < step ? all.len : at + step;
                guest_receive(g, span_slice(all, at, end));
            }
            memset(line, 'x', sizeof line);
            guest_receive(g, SPAN("NOOP\r\n"));
            expect_text("line", buf_span(guest_outbox(g)),
                        i == 0 ? OK OK : "500 5.5.2 Line too long\r\n" OK);
            guest_destroy(g);
            setting_release(&s);
        }
    }
}

static void takes_a_thousand_recipients(void **state)
{
    (void)state;
    struct setting s;
    setting_init(&s, AS_IT_IS);
    struct guest *g = guest_create(&s.house, 1, true);
    guest_receive(g, SPAN(HELLO "MAIL FROM:<a@b>\r\n"));
    char line[PATH_BYTES_MAX + 20] = "RCPT TO:<u00000@";
    for (size_t at = 16; at < 9 + PATH_BYTES_MAX; at++) {
        line[at] = 'd'; /* as long as a path can be */
    }
    memcpy(line + 9 + PATH_BYTES_MAX, ">\r\n", 4);
    for (int i = 0; i < GUEST_RECIPIENTS_MAX; i++) {
        snprintf(line + 10, 6, "%05d", i);
        line[15] = '@';
        buf_clear(guest_outbox(g));
        guest_receive(g, span_of(line));
        expect_text(line, buf_span(guest_outbox(g)), RECIPIENT);
    }
    buf_clear(guest_outbox(g));
    guest_receive(g, SPAN("RCPT TO:<c@d>\r\nBDAT 0 LAST\r\n"));
    expect_text("one more", buf_span(guest_outbox(g)),
                "452 4.5.3 Too many recipients\r\n" QUEUED("1"));
    assert_int_equal(s.counts.recipients, GUEST_RECIPIENTS_MAX);
    assert_int_equal(s.counts.deferred, 1);
    guest_destroy(g);
    setting_release(&s);
}

static void cuts_who_never_reads(void **state)
{
    (void)state;
    struct setting s;
    setting_init(&s, AS_IT_IS);
    struct guest *g = guest_create(&s.house, 1, true);
    struct buf many;
    buf_init(&many, 1 << 16);
    while (many.len < 60000) {
        buf_append(&many, SPAN("NOOP\r\n"));
    }
    for (int i = 0; i < 1000 && guest_phase(g) == GUEST_TALKING; i++) {
        guest_receive(g, buf_span(&many));
    }
    assert_int_equal(guest_phase(g), GUEST_CUT);
    assert_in_range(guest_outbox(g)->cap, 1, GUEST_OUTBOX_BYTES_MAX);
    buf_release(&many);
    guest_destroy(g);
    setting_release(&s);
}

static void marks_final_replies(void **state)
{
    (void)state;
    struct setting s;
    setting_init(&s, AS_IT_IS);
    s.house.mark = true;
    struct guest *g = guest_create(&s.house, 1, true);
    guest_receive(g, SPAN(HELLO "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n"
                                "BDAT 1 LAST\r\nxMAIL FROM:<a@b>\r\n"
                                "RCPT TO:<c@d>\r\nBDAT 1 LAST\r\ny"));
    struct guest_mark mark;
    assert_true(guest_mark(g, &mark));
    assert_true(mark.final);
    assert_int_equal(mark.wait_ms, 0);
    assert_int_equal(mark.offset, strlen(HELLOED SENDER RECIPIENT));
    guest_pass_mark(g);
    assert_true(guest_mark(g, &mark));
    assert_int_equal(mark.offset, strlen(HELLOED SENDER RECIPIENT QUEUED("1")
                                             SENDER RECIPIENT));
    guest_pass_mark(g);
    assert_false(guest_mark(g, &mark));
    guest_destroy(g);
    setting_release(&s);
}

static void judges_each_recipient(void **state)
{
    (void)state;
    struct setting s;
    setting_init(&s, SMALL);
    struct guest *g = guest_create(&s.house, 1, true);
    guest_receive(
        g, SPAN(HELLO "MAIL FROM:<a@b>\r\nRCPT TO:<bad@d>\r\nRCPT TO:<c@d>\r\n"
                      "RCPT TO:<e@d>\r\nBDAT 1 LAST\r\nx"
                      "MAIL FROM:<a@b>\r\nRCPT TO:<spam@d>\r\nBDAT 1 LAST\r\nx"
                      "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT 99 LAST\r\n"));
    char chunk[99] = "x";
    guest_receive(g, span_from(chunk, sizeof chunk));
    guest_receive(g, SPAN("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"
                          "12345678901\r\n.\r\n"
                          "MAIL FROM:<a@b>\r\nRCPT TO:<lost@d>\r\n"
                          "BDAT 1 LAST\r\nx"));
    expect_text("judged", buf_span(&s.judged),
                "bad@d RCPT 550;c@d content 250 taken;e@d content 250 taken;"
                "spam@d content 550;c@d content 552;c@d content 552;"
                "lost@d content  taken;");
    assert_int_equal(s.counts.refused, 4);
    guest_destroy(g);
    setting_release(&s);
}

static void answers_late_where_it_is_slow(void **state)
{
    (void)state;
    struct setting s;
    setting_init(&s, AS_IT_IS);
    struct guest *g = guest_create(&s.house, 1, true);
    guest_receive(g, SPAN(HELLO "MAIL FROM:<a@b>\r\nRCPT TO:<slow@d>\r\n"
                                "BDAT 1 LAST\r\nxNOOP\r\n"));
    struct guest_mark mark;
    assert_true(guest_mark(g, &mark));
    assert_int_equal(mark.wait_ms, FAULTS_SLOW_MS);
    assert_int_equal(mark.offset, strlen(HELLOED SENDER RECIPIENT));
    guest_pass_mark(g);
    assert_false(guest_mark(g, &mark));
    guest_destroy(g);
    setting_release(&s);
}

static void turns_away_and_dismisses(void **state)
{
    (void)state;
    struct setting s;
    setting_init(&s, AS_IT_IS);
    struct guest *g = guest_turn_away(&s.house);
    expect_text("turned away", buf_span(guest_outbox(g)),
                "421 4.7.0 Too many concurrent connections\r\n");
    assert_int_equal(guest_phase(g), GUEST_FINISHING);
    guest_destroy(g);
    g = guest_create(&s.house, 1, true);
    buf_clear(guest_outbox(g));
    guest_dismiss(g);
    expect_text("dismissed", buf_span(guest_outbox(g)),
                "421 4.4.2 Idle for too long, closing\r\n");
    assert_int_equal(guest_phase(g), GUEST_FINISHING);
    guest_destroy(g);
    setting_release(&s);
}

/* A client that is gone in the middle leaves its place to others. */
static void gives_its_place_back(void **state)
{
    (void)state;
    struct setting s;
    setting_init(&s, THROTTLED);
    for (int i = 0; i < 5; i++) {
        struct guest *g = guest_create(&s.house, 1, true);
        guest_receive(g, SPAN(HELLO "MAIL FROM:<a@b>\r\n"));
        expect_text("throttled", buf_span(guest_outbox(g)), HELLOED SENDER);
        guest_destroy(g);
    }
    setting_release(&s);
}

static void counts_what_it_saw(void **state)
{
    (void)state;
    struct setting s;
    setting_init(&s, AS_IT_IS);
    struct guest *g = guest_create(&s.house, 1, true);
    guest_receive(
        g,
        SPAN(EHLO "AUTH PLAIN AGFubgB4\r\nAUTH PLAIN AGFubgBzM2NyZXQ=\r\n"
                  "MAIL FROM:<a@b>\r\nRCPT TO:<bad@d>\r\nRCPT TO:<full@d>\r\n"
                  "RCPT TO:<e@f>\r\nRCPT TO:<c@d>\r\nBDAT 3 LAST\r\nxyz"
                  "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n.\r\nX\r\n"
                  "MAIL FROM:<a@b>\r\nRCPT TO:<drop@d>\r\nBDAT 0 LAST\r\n"));
    struct buf json;
    buf_init(&json, 4096);
    counts_write(&s.counts, 1234, &json);
    expect_text("counts", buf_span(&json),
                "{\"connections\":0,\"tls_sessions\":0,"
                "\"tls_resumed\":0,\"messages\":2,"
                "\"recipients\":3,\"bytes\":3,\"refused\":1,\"deferred\":1,"
                "\"throttled\":0,\"dropped\":1,\"turned_away\":0,\"idle\":0,"
                "\"played\":0,\"errors\":1,\"auth_ok\":1,\"auth_failed\":1,"
                "\"auth_busy\":0,\"bdat\":1,\"data\":1,\"max_concurrent\":0,"
                "\"cpu_seconds\":1.234}");
    buf_release(&json);
    guest_destroy(g);
    setting_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(minds_what_comes_together),
        cmocka_unit_test(forgets_all_before_tls),
        cmocka_unit_test(refuses_long_lines),
        cmocka_unit_test(takes_a_thousand_recipients),
        cmocka_unit_test(cuts_who_never_reads),
        cmocka_unit_test(marks_final_replies),
        cmocka_unit_test(judges_each_recipient),
        cmocka_unit_test(answers_late_where_it_is_slow),
        cmocka_unit_test(turns_away_and_dismisses),
        cmocka_unit_test(gives_its_place_back),
        cmocka_unit_test(counts_what_it_saw),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
