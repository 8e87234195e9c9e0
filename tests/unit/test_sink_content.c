/* sink: what it takes for a content, its end and its Message-ID, and what it
 * writes down of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sink/content.h"
#include "sink/journal.h"
#include "unit/edge.h"
#include "unit/sink_house.h"

/* Content. */

static const struct {
    const char *wire; /* as DATA brings it */
    const char *content;
    const char *rest; /* behind its end; NULL: it does not end */
} dotted[] = {
    {".\r\n", "", ""},
    {".\r\nQUIT\r\n", "", "QUIT\r\n"},
    {"a\r\n.\r\n", "a\r\n", ""},
    {"..\r\n.\r\n", ".\r\n", ""},
    {"...\r\n.\r\n", "..\r\n", ""},
    {".a\r\n.\r\n", "a\r\n", ""},
    {"a\r\n\r\n.\r\nb", "a\r\n\r\n", "b"},
    {"a\r\n..\r\n.b\r\n.\r\n", "a\r\n.\r\nb\r\n", ""},
    {"a.\r\n.\r\n", "a.\r\n", ""},
    /* Only CRLF . CRLF ends it. */
    {"a\n.\r\nb", "a\n.\r\nb", NULL},
    {"a\r\n.\nb\r\n.\r\n", "a\r\n\nb\r\n", ""},
    {"a\n.\nb", "a\n.\nb", NULL},
    {"a\r.\rb", "a\r.\rb", NULL},
    {"a\r\n.\rb", "a\r\n\rb", NULL},
    {"a\r\n.\r\r\n.\r\n", "a\r\n\r\r\n", ""},
    {"a\r.\r\nb", "a\r.\r\nb", NULL},
    {"\n.\r\nb", "\n.\r\nb", NULL},
    {"\r\n\n.\r\nb", "\r\n\n.\r\nb", NULL},
    {"\r\r\n.\r\n", "\r\r\n", ""},
    {"a\r\n.", "a\r\n", NULL},
    {"a\r\n.\r", "a\r\n", NULL},
    {"a\r", "a\r", NULL},
    {"", "", NULL},
};

static void takes_dots_out(size_t i, size_t cut)
{
    struct span wire = span_of(dotted[i].wire);
    struct content c;
    content_init(&c, true);
    struct edge parts[] = {edge_copy(span_slice(wire, 0, cut)),
                           edge_copy(span_rest(wire, cut))};
    struct buf rest;
    buf_init(&rest, 1000);
    bool ended = false;
    for (size_t p = 0; p < 2; p++) {
        struct span bytes = parts[p].span;
        ended = ended || content_add_dotted(&c, &bytes);
        buf_append(&rest, bytes);
        edge_release(&parts[p]);
    }
    assert_int_equal(ended, dotted[i].rest != NULL);
    expect_text(dotted[i].wire, buf_span(&c.kept), dotted[i].content);
    expect_text(dotted[i].wire, buf_span(&rest),
                dotted[i].rest ? dotted[i].rest : "");
    assert_int_equal(c.bytes, strlen(dotted[i].content));
    buf_release(&rest);
    content_release(&c);
}

static void ends_contents_at_the_one_dot(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(dotted); i++) {
        for (size_t cut = 0; cut <= strlen(dotted[i].wire); cut++) {
            takes_dots_out(i, cut);
        }
    }
}

static const struct {
    const char *content;
    const char *id;
} headers[] = {
    {"Message-ID: <a@b>\r\n\r\n", "<a@b>"},
    {"Subject: x\r\nmessage-id:<a@b> \r\nTo: y\r\n\r\n", "<a@b>"},
    {"Message-ID:\r\n <a@b>\r\n\r\n", "<a@b>"},
    {"Message-ID:\r\nTo: x\r\n <a@b>\r\n\r\n", ""},
    {"Message-ID:\r\nMessage-ID: <a@b>\r\n\r\n", "<a@b>"},
    {"Subject: x\r\n\r\nMessage-ID: <a@b>\r\n", ""},
    {"X-Message-ID: <a@b>\r\n\r\n", ""},
    {"Subject: x\r\n Message-ID: <a@b>\r\n\r\n", ""},
    {"Message-ID: <a@b>\nTo: x\n\n", "<a@b>"},
    {"\r\nMessage-ID: <a@b>\r\n", ""},
    {"", ""},
};

static void finds_the_message_id(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(headers); i++) {
        struct span all = span_of(headers[i].content);
        for (size_t cut = 0; cut <= all.len; cut++) {
            struct content c;
            content_init(&c, false);
            content_add(&c, span_slice(all, 0, cut));
            content_add(&c, span_rest(all, cut));
            expect_text(headers[i].content, content_message_id(&c),
                        headers[i].id);
            content_release(&c);
        }
    }
}

static void bounds_a_message_id(void **state)
{
    (void)state;
    char line[5000] = "Message-ID: ";
    memset(line + 12, 'x', sizeof line - 14);
    memcpy(line + sizeof line - 2, "\r\n", 2);
    for (size_t step = 1; step <= sizeof line; step += 613) {
        struct content c;
        content_init(&c, false);
        for (size_t at = 0; at < sizeof line; at += step) {
            size_t left = sizeof line - at;
            content_add(&c, span_from(line + at, left < step ? left : step));
        }
        assert_in_range(content_message_id(&c).len, 900, CONTENT_LINE_BYTES);
        assert_int_equal(c.bytes, sizeof line);
        content_release(&c);
    }
}

static void writes_journal_lines(void **state)
{
    (void)state;
    struct journal j;
    struct err err;
    assert_true(journal_open(&j, "/dev/null", &err));
    const struct guest_letter letter = {
        .number = 7,
        .session = 3,
        .sender = SPAN("\"a\\\"\"@b"),
        .recipients = SPAN("c@d\n\xc3\xa4@e\n"),
        .message_id = SPAN("<\x01\xff>"),
        .bytes = 12,
        .tier = "bdat",
    };
    assert_true(journal_add(&j, &letter, &err));
    expect_text("line", buf_span(&j.lines),
                "{\"recipients\":[\"c@d\",\"\xc3\xa4@e\"],"
                "\"sender\":\"\\\"a\\\\\\\"\\\"@b\","
                "\"message_id\":\"<\\u0001\xef\xbf\xbd>\",\"bytes\":12,"
                "\"tier\":\"bdat\",\"session\":3,\"queue_id\":7}\n");
    assert_true(journal_flush(&j, &err));
    assert_int_equal(j.lines.len, 0);
    journal_close(&j);
    assert_true(journal_open(&j, "/dev/full", &err));
    assert_true(journal_add(&j, &letter, &err));
    assert_false(journal_flush(&j, &err)); /* and nothing may be confirmed */
    assert_int_equal(err.status, EX_IOERR);
    journal_close(&j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_contents_at_the_one_dot),
        cmocka_unit_test(finds_the_message_id),
        cmocka_unit_test(bounds_a_message_id),
        cmocka_unit_test(writes_journal_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
