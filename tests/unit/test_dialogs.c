/* Plays the conversations of tests/dialogs in memory: whole, and byte by byte.
 * (lint:allow file length: the words of the format stand in one place.)
 *
 * A .dialog file, line by line ("#" begins a comment line):
 *   set NAME VALUE   security starttls|implicit|clear, tier lockstep|group|
 *                    stream, window N, letters N, login USER SECRET,
 *                    dsn NOTIFY RET, verified no
 *   letter PATH…     a letter to those recipients, from sender@example.org;
 *                    letters count from 1
 *   utf8 PATH        the same, needing SMTPUTF8
 *   requiretls PATH… the same, needing REQUIRETLS
 *   big BYTES PATH   the same, with a content of about that size
 *   S: text          the server says this line
 *   C: text          the client must say this line; C: {N} stands for the
 *                    content of letter N as it goes over the wire, C: {N dot}
 *                    with its final dot
 *   unread           what the client said last never reached the kernel
 *   secured          the TLS handshake is done
 *   quit             the owner has no more letters
 *   lost [reset]     the connection is gone
 *   wait MS          over a socket the relay pauses
 *   verdict N[.R] sent|refused CODE|pending|unknown [STEP]
 *   end WORD         why the dialog was over: quit closing refused no-tls
 *                    injected no-auth login token challenge unproven desync
 *                    malformed lost
 *   tier WORD        the tier spoken now
 *   unfit            streaming was given up
 * What the client says between two S blocks must be said in one breath. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "smtp/dialog.h"

enum { LETTERS_MAX = 64, RECIPIENTS_MAX = 16 };

struct told {
    bool given;
    enum verdict_kind kind;
    enum step step;
    unsigned code;
};

struct letter {
    struct span recipients[RECIPIENTS_MAX];
    unsigned count;
    struct buf content;
    struct span whole;
    bool utf8;
    bool requires_tls;
    struct told told[RECIPIENTS_MAX];
};

struct play {
    const char *file;
    unsigned line;
    bool bytewise;
    struct dialog_settings settings;
    struct login login;
    struct dialog *dialog;
    struct letter letters[LETTERS_MAX];
    unsigned letter_count, letters_given;
    struct buf heard;    /* what the client said, not yet looked at */
    struct buf expected; /* what it should have */
    struct buf server;   /* what the server says next */
    uint64_t said;       /* by the client, since secured */
    uint64_t handed;
};

static _Noreturn void wrong(struct play *p, const char *what,
                            struct span detail)
{
    print_error("%s:%u: %s: %.*s\n", p->file, p->line, what, (int)detail.len,
                detail.data);
    fail();
    abort();
}

/* --- words --- */

static struct span word(struct span *rest)
{
    *rest = span_trim(*rest);
    size_t end = span_find(*rest, ' ');
    struct span w = span_slice(*rest, 0, end);
    *rest = span_rest(*rest, end);
    return w;
}

static unsigned number(struct play *p, struct span text)
{
    uint64_t value;
    if (!ascii_parse_number(text, 1 << 30, &value)) {
        wrong(p, "not a number", text);
    }
    return (unsigned)value;
}

static unsigned one_of(struct play *p, struct span w, const char *const *names)
{
    for (unsigned i = 0; names[i]; i++) {
        if (span_equal(w, span_of(names[i]))) {
            return i;
        }
    }
    wrong(p, "unknown word", w);
}

static const char *const securities[] = {"starttls", "implicit", "clear", NULL};
static const char *const tiers[] = {"lockstep", "group", "stream", NULL};
static const char *const kinds[] = {"sent", "refused", "pending", "unknown",
                                    NULL};
static const char *const ends[] = {
    "none",     "quit",    "closing",   "refused", "no-tls",
    "injected", "no-auth", "login",     "token",   "challenge",
    "unproven", "desync",  "malformed", "lost",    NULL};

/* --- the owner's part --- */

static void take_verdicts(struct play *p)
{
    struct dialog_verdict v;
    while (dialog_verdict(p->dialog, &v)) {
        struct letter *letter = v.tag;
        struct told *told = &letter->told[v.recipient];
        assert_false(told->given); /* one verdict a recipient */
        *told = (struct told){true, v.kind, v.step, v.reply.code};
        if (v.kind == VERDICT_SENT) {
            assert_int_equal(v.reply.code / 100, 2);
        }
    }
}

static void take_turn(struct play *p)
{
    take_verdicts(p);
    while (p->letters_given < p->letter_count && dialog_hungry(p->dialog) > 0) {
        struct letter *l = &p->letters[p->letters_given++];
        l->whole = buf_span(&l->content);
        struct transaction t = {
            .sender = SPAN("sender@example.org"),
            .recipients = l->recipients,
            .recipient_count = l->count,
            .content = &l->whole,
            .content_count = 1,
            .content_bytes = l->whole.len,
            .needs_smtputf8 = l->utf8,
            .requires_tls = l->requires_tls,
            .id = SPAN("<a+b@example.org>"),
            .tag = l,
        };
        dialog_give(p->dialog, &t);
        take_verdicts(p);
    }
    struct buf *out = dialog_outbox(p->dialog);
    while (dialog_pump(p->dialog), out->len > 0) {
        p->said += out->len;
        p->handed = p->said;
        buf_append(&p->heard, buf_span(out));
        buf_drop_front(out, out->len);
    }
}

static void server_speaks(struct play *p)
{
    size_t step = p->bytewise ? 1 : p->server.len;
    for (size_t i = 0; i < p->server.len; i += step) {
        /* An exact copy: one byte too far is seen by the sanitizer. */
        char *copy = mem_copy_text(p->server.data + i, step);
        dialog_receive(p->dialog, span_from(copy, step), p->handed);
        free(copy);
        take_verdicts(p);
    }
    buf_clear(&p->server);
    take_turn(p);
}

/* A window round the first difference. */
static struct span around(const struct buf *b, size_t at)
{
    size_t from = at > 100 ? at - 100 : 0;
    from = from < b->len ? from : b->len;
    size_t to = at + 200 < b->len ? at + 200 : b->len;
    return span_slice(buf_span(b), from, to);
}

static void compare(struct play *p)
{
    size_t at = 0;
    while (at < p->heard.len && at < p->expected.len &&
           p->heard.data[at] == p->expected.data[at]) {
        at++;
    }
    if (at < p->heard.len || at < p->expected.len) {
        struct span due = around(&p->expected, at);
        struct span got = around(&p->heard, at);
        print_error("%s:%u: after %zu bytes the client should have said\n"
                    "%.*s\n--- but said\n%.*s\n",
                    p->file, p->line, at, (int)due.len, due.data, (int)got.len,
                    got.data);
        fail();
    }
    buf_clear(&p->heard);
    buf_clear(&p->expected);
}

/* --- the lines --- */

static void do_set(struct play *p, struct span rest)
{
    struct span name = word(&rest);
    struct span value = word(&rest);
    if (span_equal(name, SPAN("security"))) {
        p->settings.security = one_of(p, value, securities);
    } else if (span_equal(name, SPAN("tier"))) {
        p->settings.tier_max = one_of(p, value, tiers);
    } else if (span_equal(name, SPAN("window"))) {
        p->settings.window = number(p, value);
    } else if (span_equal(name, SPAN("letters"))) {
        p->settings.letters_max = number(p, value);
    } else if (span_equal(name, SPAN("login"))) {
        p->login = (struct login){
            .user = value,
            .secret = word(&rest),
            .mechanisms = ~0u,
            .host = SPAN("relay.example.org"),
            .port = SPAN("587"),
        };
        p->settings.login = &p->login;
    } else if (span_equal(name, SPAN("verified"))) {
        p->settings.verified = !span_equal(value, SPAN("no"));
    } else if (span_equal(name, SPAN("dsn"))) {
        p->settings.dsn = (struct dsn){value, word(&rest)};
    } else {
        wrong(p, "unknown setting", name);
    }
}

static struct letter *add_letter(struct play *p, struct span paths)
{
    assert_true(p->letter_count < LETTERS_MAX);
    struct letter *l = &p->letters[p->letter_count++];
    buf_init(&l->content, 1 << 24);
    buf_append_format(&l->content, "Subject: letter %u\r\n\r\n.dot\r\nbye\r\n",
                      p->letter_count);
    struct span path;
    while ((path = word(&paths)).len > 0) {
        l->recipients[l->count++] = path;
    }
    assert_true(l->count > 0);
    return l;
}

static void do_letter(struct play *p, struct span rest)
{
    add_letter(p, rest);
}

static void do_utf8(struct play *p, struct span rest)
{
    add_letter(p, rest)->utf8 = true;
}

static void do_requiretls(struct play *p, struct span rest)
{
    add_letter(p, rest)->requires_tls = true;
}

static void do_big(struct play *p, struct span rest)
{
    unsigned bytes = number(p, word(&rest));
    struct letter *l = add_letter(p, rest);
    while (l->content.len < bytes) {
        buf_append(&l->content, SPAN("..a line that is not the last one\r\n"));
    }
}

static void start(struct play *p)
{
    if (!p->dialog) {
        p->dialog = dialog_create(&p->settings);
        if (p->settings.security == DIALOG_IMPLICIT_TLS) {
            dialog_secured(p->dialog);
        }
    }
}

static void do_server(struct play *p, struct span rest)
{
    start(p);
    if (!p->bytewise) {
        compare(p);
    }
    buf_append(&p->server, rest);
    buf_append(&p->server, SPAN("\r\n"));
}

/* The content as it goes over the wire: {N} in BDAT, {N dot} in DATA. */
static void expect_content(struct play *p, struct span text)
{
    struct span rest = span_slice(text, 1, span_find(text, '}'));
    unsigned n = number(p, word(&rest));
    struct span content = buf_span(&p->letters[n - 1].content);
    if (word(&rest).len == 0) {
        buf_append(&p->expected, content);
        return;
    }
    while (content.len > 0) {
        size_t end = span_find(content, '\n') + 1;
        if (content.data[0] == '.') {
            buf_append(&p->expected, SPAN("."));
        }
        buf_append(&p->expected, span_slice(content, 0, end));
        content = span_rest(content, end);
    }
    buf_append(&p->expected, SPAN(".\r\n"));
}

static void do_client(struct play *p, struct span rest)
{
    if (p->server.len > 0) {
        server_speaks(p);
    }
    if (span_starts(rest, SPAN("{"))) {
        expect_content(p, rest);
    } else {
        buf_append(&p->expected, rest);
        buf_append(&p->expected, SPAN("\r\n"));
    }
}

/* All that was said so far has been looked at. */
static void settle_down(struct play *p)
{
    start(p);
    if (p->server.len > 0) {
        server_speaks(p);
    }
    if (!p->bytewise) {
        compare(p);
    }
}

static void do_unread(struct play *p, struct span rest)
{
    if (p->server.len > 0) {
        server_speaks(p);
    }
    uint64_t kept = rest.len > 0 ? number(p, word(&rest)) : p->heard.len;
    p->handed = p->said - kept;
}

static void do_secured(struct play *p, struct span rest)
{
    (void)rest;
    settle_down(p);
    assert_int_equal(dialog_phase(p->dialog), DIALOG_WANTS_TLS);
    dialog_secured(p->dialog);
    p->said = 0;
    take_turn(p);
}

static void do_quit(struct play *p, struct span rest)
{
    (void)rest;
    settle_down(p);
    dialog_quit(p->dialog);
    take_turn(p);
}

static void do_lost(struct play *p, struct span rest)
{
    (void)rest;
    if (p->server.len > 0) {
        server_speaks(p);
    }
    dialog_lost(p->dialog, p->handed);
    take_verdicts(p);
}

/* There is no time here. */
static void do_wait(struct play *p, struct span rest)
{
    number(p, rest);
}

static void do_verdict(struct play *p, struct span rest)
{
    if (p->server.len > 0) {
        server_speaks(p);
    }
    struct span which = word(&rest);
    size_t dot = span_find(which, '.');
    unsigned n = number(p, span_slice(which, 0, dot));
    unsigned r = dot < which.len ? number(p, span_rest(which, dot + 1)) : 1;
    const struct told *told = &p->letters[n - 1].told[r - 1];
    struct span kind = word(&rest);
    if (!told->given || told->kind != one_of(p, kind, kinds)) {
        wrong(p, told->given ? kinds[told->kind] : "no verdict yet", kind);
    }
    if (told->kind == VERDICT_REFUSED) {
        assert_int_equal(told->code, number(p, word(&rest)));
        struct span step = word(&rest);
        if (step.len > 0 && !span_equal(step, span_of(step_name(told->step)))) {
            wrong(p, step_name(told->step), step);
        }
    }
}

static void do_end(struct play *p, struct span rest)
{
    if (p->server.len > 0) {
        server_speaks(p);
    }
    struct span w = word(&rest);
    if (dialog_end(p->dialog) != one_of(p, w, ends)) {
        wrong(p, ends[dialog_end(p->dialog)], w);
    }
}

static void do_tier(struct play *p, struct span rest)
{
    settle_down(p);
    struct span w = word(&rest);
    if (dialog_tier(p->dialog) != one_of(p, w, tiers)) {
        wrong(p, tiers[dialog_tier(p->dialog)], w);
    }
}

static void do_unfit(struct play *p, struct span rest)
{
    (void)rest;
    if (p->server.len > 0) {
        server_speaks(p);
    }
    assert_true(dialog_stream_unfit(p->dialog));
}

static const struct {
    struct span word;
    void (*act)(struct play *, struct span);
} actions[] = {
    {SPAN("set"), do_set},
    {SPAN("letter"), do_letter},
    {SPAN("utf8"), do_utf8},
    {SPAN("big"), do_big},
    {SPAN("requiretls"), do_requiretls},
    {SPAN("S:"), do_server},
    {SPAN("C:"), do_client},
    {SPAN("unread"), do_unread},
    {SPAN("secured"), do_secured},
    {SPAN("quit"), do_quit},
    {SPAN("lost"), do_lost},
    {SPAN("verdict"), do_verdict},
    {SPAN("end"), do_end},
    {SPAN("tier"), do_tier},
    {SPAN("unfit"), do_unfit},
    {SPAN("wait"), do_wait},
};

static void do_line(struct play *p, struct span line)
{
    struct span rest = line;
    struct span first = word(&rest);
    if (first.len == 0 || first.data[0] == '#') {
        return;
    }
    rest = rest.len > 0 ? span_rest(rest, 1) : rest;
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        if (span_equal(first, actions[i].word)) {
            actions[i].act(p, rest);
            return;
        }
    }
    wrong(p, "unknown line", line);
}

/* --- a file --- */

static struct span read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *text = mem_alloc(1 << 20);
    size_t len = fread(text, 1, 1 << 20, file);
    fclose(file);
    return span_from(text, len);
}

static void finish(struct play *p)
{
    compare(p);
    if (dialog_phase(p->dialog) != DIALOG_OVER ||
        dialog_letters(p->dialog) > 0) {
        dialog_lost(p->dialog, p->handed);
        take_verdicts(p);
    }
    for (unsigned i = 0; i < p->letters_given; i++) {
        for (unsigned r = 0; r < p->letters[i].count; r++) {
            assert_true(p->letters[i].told[r].given);
        }
    }
    assert_int_equal(dialog_letters(p->dialog), 0);
}

static void play_file(const char *path, bool bytewise)
{
    struct play *p = mem_alloc_zero(1, sizeof *p);
    p->file = path;
    p->bytewise = bytewise;
    p->settings = (struct dialog_settings){
        .helo = SPAN("client.example.org"),
        .security = DIALOG_IMPLICIT_TLS,
        .tier_max = DIALOG_STREAM,
        .window = 16,
        .verified = true,
        .probe_sender = SPAN("sender@example.org"),
    };
    buf_init(&p->heard, 1 << 24);
    buf_init(&p->expected, 1 << 24);
    buf_init(&p->server, 1 << 20);
    struct span text = read_file(path);
    struct span left = text;
    while (left.len > 0) {
        size_t end = span_find(left, '\n');
        p->line++;
        do_line(p, span_slice(left, 0, end));
        left = span_rest(left, end < left.len ? end + 1 : end);
    }
    settle_down(p);
    finish(p);
    dialog_destroy(p->dialog);
    for (unsigned i = 0; i < p->letter_count; i++) {
        buf_release(&p->letters[i].content);
    }
    buf_release(&p->heard);
    buf_release(&p->expected);
    buf_release(&p->server);
    free((char *)text.data);
    free(p);
}

static void plays_whole(void **state)
{
    play_file(*state, false);
}

static void plays_byte_by_byte(void **state)
{
    play_file(*state, true);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int main(int argc, char **argv)
{
    static char *paths[512];
    static struct CMUnitTest tests[1024];
    size_t count = 0;
    DIR *directory = argc == 2 ? opendir(argv[1]) : NULL;
    if (!directory) {
        fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
        return 2;
    }
    for (struct dirent *e; (e = readdir(directory)) && count < 512;) {
        if (span_ends(span_of(e->d_name), SPAN(".dialog"))) {
            struct buf path;
            buf_init(&path, 4096);
            buf_append_format(&path, "%s/%s", argv[1], e->d_name);
            paths[count++] = mem_copy_text(path.data, path.len);
            buf_release(&path);
        }
    }
    closedir(directory);
    qsort(paths, count, sizeof *paths, by_name);
    for (size_t i = 0; i < count; i++) {
        const char *name = strrchr(paths[i], '/') + 1;
        tests[2 * i] =
            (struct CMUnitTest){name, plays_whole, NULL, NULL, paths[i]};
        tests[2 * i + 1] =
            (struct CMUnitTest){name, plays_byte_by_byte, NULL, NULL, paths[i]};
    }
    int failed =
        _cmocka_run_group_tests("dialogs", tests, 2 * count, NULL, NULL);
    for (size_t i = 0; i < count; i++) {
        free(paths[i]);
    }
    return count == 0 || failed ? 1 : 0;
}
