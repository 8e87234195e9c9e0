/* script: what is read from a file, and how it is played. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/ascii.h"
#include "sink/script.h"
#include "unit/edge.h"
#include "unit/sink_house.h"

/* Reading. */

static const struct {
    const char *text;
    const char *acts; /* one letter a line; NULL: refused */
    unsigned line;    /* where */
} files[] = {
    {"", "", 0},
    {"# nothing\n\n", "", 0},
    {"S: 220 hi\nC: EHLO x\nS: 250 h", "shs", 0},
    {"S: 220 hi\r\nlost\r\n", "sl", 0},
    {"set tier group\nletter a@b\nutf8 a@b\nbig 9 a@b\nunread 1\nquit\n"
     "verdict 1 sent\nend lost\ntier group\nunfit\n",
     "", 0},
    {"C: DATA\nC: {1 dot}\nC: RSET\n", "hch", 0},
    {"C: BDAT 3 LAST\nC: {1}\nC: BDAT 8 LAST\nC: XPROBE\nC: RSET\n", "hkhkh",
     0},
    {"secured\nwait 20\nlost reset\n", "twr", 0},
    {"S:\nS: \n", "ss", 0},
    {"C: {1}\n", NULL, 1},
    {"C: .\n", "h", 0},
    {"\n\nsay hello\n", NULL, 3},
    {"S 220\n", NULL, 1},
    {"wait\n", NULL, 1},
    {"wait soon\n", NULL, 1},
    {"wait 3600001\n", NULL, 1},
    {"lost it\n", NULL, 1},
    {"secured now\n", NULL, 1},
};

static void reads(void **state)
{
    (void)state;
    static const char letters[] = {
        [SCRIPT_SAY] = 's',   [SCRIPT_HEAR] = 'h',   [SCRIPT_CONTENT] = 'c',
        [SCRIPT_CHUNK] = 'k', [SCRIPT_SECURE] = 't', [SCRIPT_WAIT] = 'w',
        [SCRIPT_LOSE] = 'l',  [SCRIPT_RESET] = 'r',
    };
    for (size_t i = 0; i < COUNT(files); i++) {
        struct script s;
        struct err err = {0};
        struct edge edge = edge_copy(span_of(files[i].text));
        bool fine = script_parse(&s, "f", edge.span, &err);
        edge_release(&edge);
        char acts[16] = "";
        for (size_t k = 0; k < s.count; k++) {
            acts[k] = letters[s.lines[k].act];
        }
        char where[16];
        snprintf(where, sizeof where, "f:%u: ", files[i].line);
        assert_int_equal(fine, files[i].acts != NULL);
        if (fine) {
            assert_string_equal(acts, files[i].acts);
        } else {
            assert_int_equal(err.status, EX_DATAERR);
            assert_int_equal(strncmp(err.text, where, strlen(where)), 0);
        }
        script_release(&s);
    }
}

static void reads_long_ones(void **state)
{
    (void)state;
    struct script s;
    struct err err = {0};
    struct buf text;
    buf_init(&text, 2 * SCRIPT_BYTES_MAX);
    for (int i = 0; i < 5000; i++) {
        buf_append_format(&text, "S: %d\n", i);
    }
    assert_true(script_parse(&s, "f", buf_span(&text), &err));
    assert_int_equal(s.count, 5000);
    for (unsigned i = 0; i < 5000; i++) {
        uint64_t value;
        assert_true(ascii_parse_number(s.lines[i].text, 5000, &value));
        assert_int_equal(value, i);
        assert_int_equal(s.lines[i].number, i + 1);
    }
    script_release(&s);
    while (text.len <= SCRIPT_BYTES_MAX) {
        buf_append(&text, SPAN("# and on, and on, and on, and on, and on\n"));
    }
    assert_false(script_parse(&s, "f", buf_span(&text), &err));
    assert_int_equal(err.status, EX_DATAERR);
    script_release(&s);
    assert_false(script_read(&s, "/no/such/script", &err));
    assert_int_equal(err.status, EX_NOINPUT);
    script_release(&s);
    buf_release(&text);
}

/* Playing. */

static const struct {
    const char *name;
    const char *script;
    const char *said;
    const char *answers;
    enum guest_phase phase;
    unsigned played;
    unsigned astray; /* the line; 0: it went along */
} plays[] = {
    {"nothing", "", "", "", GUEST_FINISHING, 1, 0},
    {"it speaks first, and waits", "S: 220 hi\nC: EHLO x\nS: 250 h\n", "",
     "220 hi\r\n", GUEST_TALKING, 0, 0},
    {"arguments are the client's own", "S: 220 hi\nC: EHLO x\nS: 250 h\n",
     "ehlo other\r\n", "220 hi\r\n250 h\r\n", GUEST_FINISHING, 1, 0},
    {"another command", "S: 220 hi\nC: EHLO x\nS: 250 h\n", "HELO x\r\n",
     "220 hi\r\n", GUEST_CUT, 0, 2},
    {"what is no command, to the letter", "C: dXNlcg==\nS: 235\n",
     "dXNlcg==\r\n", "235\r\n", GUEST_FINISHING, 1, 0},
    {"other letters", "C: dXNlcg==\nS: 235\n", "dXNlcg=\r\n", "", GUEST_CUT, 0,
     1},
    {"a lone dot", "C: DATA\nS: 354\nC: .\nS: 250\n", "DATA\r\n.\r\n",
     "354\r\n250\r\n", GUEST_FINISHING, 1, 0},
    {"a content", "C: DATA\nS: 354\nC: {1 dot}\nC: RSET\nS: 250 a\nS: 250 b\n",
     "DATA\r\nx\r\n..\r\n.\r\nRSET\r\n", "354\r\n250 a\r\n250 b\r\n",
     GUEST_FINISHING, 1, 0},
    {"chunks", "C: BDAT 1\nC: {1}\nS: 250 a\nC: BDAT 2\nC: XY\nS: 250 b\n",
     "BDAT 7 LAST\r\n\r\n.\r\n!!BDAT 0\r\n", "250 a\r\n250 b\r\n",
     GUEST_FINISHING, 1, 0},
    {"no size of a chunk", "C: BDAT 1\nC: {1}\n", "BDAT x\r\n", "", GUEST_CUT,
     0, 1},
    {"cut", "S: 220 hi\nC: EHLO\nS: 250\nlost\nS: 220\n", "EHLO x\r\nMAIL\r\n",
     "220 hi\r\n250\r\n", GUEST_CUT, 1, 0},
    {"reset", "S: 220 hi\nlost reset\n", "", "220 hi\r\n", GUEST_RESETTING, 1,
     0},
    {"a line too long for any command", "C: NOOP\nS: 250\n", NULL, "",
     GUEST_CUT, 0, 1},
};

static struct {
    unsigned line;
} strayed;

static void note_astray(void *context, const struct guest_astray *how)
{
    (void)context;
    assert_int_equal(strayed.line, 0);
    strayed.line = how->line;
}

static void play(size_t i, struct span said, size_t step)
{
    struct setting s;
    struct script script;
    struct err err = {0};
    setting_init(&s, AS_IT_IS);
    assert_true(script_parse(&script, "f", span_of(plays[i].script), &err));
    s.house.script = &script;
    s.house.astray = note_astray;
    strayed.line = 0;
    struct guest *g = guest_create(&s.house, 1, true);
    for (size_t at = 0; at < said.len; at += step) {
        size_t end = said.len - at < step ? said.len : at + step;
        guest_receive(g, span_slice(said, at, end));
    }
    expect_text(plays[i].name, buf_span(guest_outbox(g)), plays[i].answers);
    assert_int_equal(guest_phase(g), plays[i].phase);
    assert_int_equal(s.counts.played, plays[i].played);
    assert_int_equal(strayed.line, plays[i].astray);
    guest_destroy(g);
    script_release(&script);
    setting_release(&s);
}

static void plays_along(void **state)
{
    (void)state;
    static char longest[3 * GUEST_LINE_BYTES_MAX];
    memset(longest, 'x', sizeof longest);
    memcpy(longest + sizeof longest - 2, "\r\n", 2);
    for (size_t i = 0; i < COUNT(plays); i++) {
        struct span said = plays[i].said ? span_of(plays[i].said)
                                         : span_from(longest, sizeof longest);
        play(i, said, said.len + 1);
        play(i, said, 1);
        play(i, said, 3);
    }
}

static void begins_tls_and_pauses(void **state)
{
    (void)state;
    struct setting s;
    struct script script;
    struct err err = {0};
    setting_init(&s, AS_IT_IS);
    assert_true(script_parse(&script, "f",
                             SPAN("S: 220\nC: STARTTLS\nS: 220 go\nsecured\n"
                                  "C: EHLO x\nS: a\nwait 30\nS: b\nlost\n"),
                             &err));
    s.house.script = &script;
    struct guest *g = guest_create(&s.house, 1, false);
    guest_receive(g, SPAN("STARTTLS\r\nEHLO x\r\n"));
    assert_int_equal(guest_phase(g), GUEST_WANTS_TLS);
    expect_text("in clear", buf_span(guest_outbox(g)), "220\r\n220 go\r\n");
    guest_secured(g);
    assert_int_equal(guest_phase(g), GUEST_TALKING);
    guest_receive(g, SPAN("EHLO x\r\n"));
    assert_int_equal(guest_phase(g), GUEST_CUT);
    struct guest_mark mark;
    assert_true(guest_mark(g, &mark));
    assert_int_equal(mark.wait_ms, 30);
    assert_false(mark.final);
    assert_int_equal(mark.offset, strlen("220\r\n220 go\r\na\r\n"));
    guest_pass_mark(g);
    assert_false(guest_mark(g, &mark));
    guest_destroy(g);
    script_release(&script);
    setting_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads),
        cmocka_unit_test(reads_long_ones),
        cmocka_unit_test(plays_along),
        cmocka_unit_test(begins_tls_and_pauses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
