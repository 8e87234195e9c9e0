/* record/state: what is written is found again, by the same campaign alone;
 * what is damaged, or somebody else's, is refused; budgets by the clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "record/state_survey.h"
#include "record/state_writer.h"

struct fixture {
    char folder[64];
    char path[96];
    struct arena arena;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    snprintf(f->folder, sizeof f->folder, "/tmp/mailshot-state.XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->path, sizeof f->path, "%s/s.db", f->folder);
    arena_init(&f->arena);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    char path[128];
    const char *const endings[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s%s", f->path, endings[i]);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(f->folder), 0);
    arena_release(&f->arena);
    free(f);
    return 0;
}

static struct state *open_state(const struct fixture *f, enum state_use use)
{
    struct err err = {0};
    struct state *s = state_open(f->path, use, &err);
    if (!s) {
        fail_msg("%s", err.text);
    }
    return s;
}

static void take(struct state *s, const char *campaign)
{
    struct err err = {0};
    struct siphash_key key;
    struct state_mailing m = {.campaign = span_of(campaign)};
    memset(m.id_key.bytes, 7, sizeof m.id_key.bytes);
    (void)state_find_mailing(s, m.campaign, &key, &err);
    assert_int_equal(err.status, 0);
    assert_true(state_take_mailing(s, &m, &err));
}

static struct state_row row_of(uint64_t id, const char *key,
                               enum outcome outcome)
{
    return (struct state_row){
        .id = id,
        .key = span_of(key),
        .report =
            {
                .line = (uint32_t)id + 1,
                .address = span_of(key),
                .status = outcome,
                .code = 250,
                .enhanced = SPAN("2.0.0"),
                .scope = "recipient",
                .reply = SPAN("taken\0as it was"),
                .attempts = 1,
                .message_id = SPAN("<x@y>"),
                .relay = SPAN("r:25"),
                .tls = SPAN("TLS1.3"),
                .time_ms = 1000,
            },
    };
}

static void nobody_waits(void *context)
{
    (void)context;
}

static void write_rows(struct state *s, const struct state_row *rows,
                       size_t count)
{
    struct err err = {0};
    struct state_writer *w = state_writer_create(s, nobody_waits, NULL, &err);
    assert_non_null(w);
    for (size_t i = 0; i < count; i++) {
        state_writer_put(w, &rows[i]);
        state_writer_count_letters(w, 1);
        assert_true(state_writer_turn(w, &err));
    }
    assert_true(state_writer_finish(w, &err));
}

static void a_row_comes_back_as_it_was(void **state)
{
    struct fixture *f = *state;
    struct state *s = open_state(f, STATE_RUN);
    take(s, "main");
    struct state_row row = row_of(state_new_id(s), "a@b.c", OUTCOME_SENT);
    write_rows(s, &row, 1);
    state_close(s);

    s = open_state(f, STATE_RUN);
    take(s, "main");
    struct state_row found;
    struct err err = {0};
    assert_int_equal(state_find(s, SPAN("a@b.c"), 0, &f->arena, &found, &err),
                     STATE_THERE);
    assert_int_equal(found.id, row.id);
    assert_false(found.begun);
    assert_int_equal(found.report.status, OUTCOME_SENT);
    assert_int_equal(found.report.line, row.report.line);
    assert_true(span_equal(found.report.reply, row.report.reply));
    assert_string_equal(found.report.scope, "recipient");
    assert_true(state_new_id(s) > row.id);
    assert_int_equal(state_find(s, SPAN("a@b.c"), 1, &f->arena, &found, &err),
                     STATE_ABSENT);
    assert_int_equal(state_find(s, SPAN("b@b.c"), 0, &f->arena, &found, &err),
                     STATE_ABSENT);
    state_close(s);

    s = open_state(f, STATE_RUN);
    take(s, "other");
    assert_int_equal(state_find(s, SPAN("a@b.c"), 0, &f->arena, &found, &err),
                     STATE_ABSENT);
    state_close(s);
}

static void the_last_word_on_a_row_counts(void **state)
{
    struct fixture *f = *state;
    struct state *s = open_state(f, STATE_RUN);
    take(s, "main");
    struct state_row rows[3];
    uint64_t id = state_new_id(s);
    for (size_t i = 0; i < 3; i++) {
        rows[i] = row_of(id, "a@b.c", OUTCOME_DEFERRED);
    }
    rows[0].begun = true;
    rows[2].begun = true;
    rows[2].report.status = OUTCOME_UNKNOWN;
    write_rows(s, rows, 3);
    state_close(s);
    s = open_state(f, STATE_RUN);
    take(s, "main");
    struct state_row found;
    struct err err = {0};
    assert_int_equal(state_find(s, SPAN("a@b.c"), 0, &f->arena, &found, &err),
                     STATE_THERE);
    assert_true(found.begun);
    assert_int_equal(found.report.status, OUTCOME_UNKNOWN);
    state_close(s);
}

static void a_key_of_a_campaign_is_kept(void **state)
{
    struct fixture *f = *state;
    struct state *s = open_state(f, STATE_RUN);
    take(s, "main");
    state_close(s);
    s = open_state(f, STATE_READ);
    struct siphash_key key;
    struct err err = {0};
    assert_true(state_find_mailing(s, SPAN("main"), &key, &err));
    for (size_t i = 0; i < sizeof key.bytes; i++) {
        assert_int_equal(key.bytes[i], 7);
    }
    assert_false(state_find_mailing(s, SPAN("none"), &key, &err));
    assert_int_equal(err.status, 0);
    state_close(s);
}

static void another_template_is_refused(void **state)
{
    struct fixture *f = *state;
    struct state *s = open_state(f, STATE_RUN);
    take(s, "main");
    state_close(s);
    s = open_state(f, STATE_RUN);
    struct err err = {0};
    struct state_mailing m = {.campaign = SPAN("main")};
    assert_true(state_find_mailing(s, m.campaign, &m.id_key, &err));
    m.template.bytes[0] = 1;
    assert_false(state_take_mailing(s, &m, &err));
    assert_int_equal(err.status, EX_DATAERR);
    m.template_may_change = true;
    assert_true(state_take_mailing(s, &m, &err));
    state_close(s);
}

/* Each byte of the file, one after the other: what is read is what was
 * written, or the file is refused. */
static void no_byte_can_be_another(void **state)
{
    struct fixture *f = *state;
    struct state *s = open_state(f, STATE_RUN);
    take(s, "main");
    struct state_row row = row_of(state_new_id(s), "a@b.c", OUTCOME_SENT);
    write_rows(s, &row, 1);
    state_close(s);
    int fd = open(f->path, O_RDWR);
    off_t size = lseek(fd, 0, SEEK_END);
    unsigned refused = 0;
    for (off_t at = 0; at < size; at += 7) {
        unsigned char was, is;
        assert_int_equal(pread(fd, &was, 1, at), 1);
        is = was ^ 0x55;
        assert_int_equal(pwrite(fd, &is, 1, at), 1);
        struct err err = {0};
        struct state *broken = state_open(f->path, STATE_READ, &err);
        struct state_row found;
        refused += broken ? 0 : 1;
        if (broken) {
            struct siphash_key key;
            struct state_mailing m = {.campaign = SPAN("main"),
                                      .template_may_change = true};
            if (state_find_mailing(broken, m.campaign, &key, &err) &&
                state_take_mailing(broken, &m, &err)) {
                assert_int_equal(state_find(broken, SPAN("a@b.c"), 0, &f->arena,
                                            &found, &err),
                                 STATE_THERE);
                assert_int_equal(found.report.status, OUTCOME_SENT);
            }
        } else {
            assert_in_range(err.status, EX_USAGE, EX_CONFIG);
        }
        state_close(broken);
        assert_int_equal(pwrite(fd, &was, 1, at), 1);
    }
    close(fd);
    assert_true(refused > 0);
}

static void one_process_at_a_time(void **state)
{
    struct fixture *f = *state;
    struct state *s = open_state(f, STATE_RUN);
    pid_t child = fork();
    if (child == 0) {
        struct err err = {0};
        char mine[32];
        snprintf(mine, sizeof mine, "process %d ", (int)getppid());
        bool refused = !state_open(f->path, STATE_RUN, &err) &&
                       err.status == EX_TEMPFAIL && strstr(err.text, mine);
        _exit(refused ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    struct state *reader = open_state(f, STATE_READ);
    assert_int_equal(state_holder(reader), getpid());
    state_close(s);
    assert_int_equal(state_holder(reader), 0);
    state_close(reader);
}

struct usage {
    uint64_t hour, all;
};

static void count_usage(void *context, uint64_t age_s, uint64_t messages)
{
    struct usage *u = context;
    u->hour += age_s <= 3600 ? messages : 0;
    u->all += messages;
}

static struct usage usage_at(struct state *s, int64_t now_s)
{
    struct usage u = {0};
    struct err err = {0};
    assert_true(state_each_begun(s, now_s, count_usage, &u, &err));
    return u;
}

static void a_clock_set_back_opens_no_budget(void **state)
{
    struct fixture *f = *state;
    struct state *s = open_state(f, STATE_RUN);
    take(s, "main");
    struct state_row row = row_of(state_new_id(s), "a@b.c", OUTCOME_SENT);
    write_rows(s, &row, 1);
    int64_t now = (int64_t)time(NULL);
    enum { HOUR = 3600, DAY = 24 * HOUR };
    assert_int_equal(usage_at(s, now).hour, 1);
    assert_int_equal(usage_at(s, now + 2 * HOUR).hour, 0);
    /* Back by a day: it still counts, and for an hour of that clock. */
    assert_int_equal(usage_at(s, now - DAY).hour, 1);
    assert_int_equal(usage_at(s, now - DAY + HOUR / 2).hour, 1);
    assert_int_equal(usage_at(s, now - DAY + 2 * HOUR).hour, 0);
    /* As it was again: what was true before is. */
    assert_int_equal(usage_at(s, now).hour, 1);
    assert_int_equal(usage_at(s, now + 500 * (int64_t)DAY).all, 0);
    state_close(s);
}

static void a_minute_never_counts_for_less_than_none(void **state)
{
    struct fixture *f = *state;
    struct state *s = open_state(f, STATE_RUN);
    take(s, "main");
    struct err err = {0};
    struct state_row row = row_of(state_new_id(s), "a@b.c", OUTCOME_PENDING);
    struct state_writer *w = state_writer_create(s, nobody_waits, NULL, &err);
    assert_non_null(w);
    state_writer_put(w, &row);
    state_writer_count_letters(w, -2);
    assert_true(state_writer_finish(w, &err));
    assert_int_equal(usage_at(s, (int64_t)time(NULL)).all, 0);
    state_close(s);
}

static bool count_suppression(void *context, struct span address,
                              struct err *err)
{
    (void)address;
    (void)err;
    ++*(unsigned *)context;
    return true;
}

static bool keep_learned(void *context, const struct state_learned *learned,
                         struct err *err)
{
    (void)err;
    *(uint64_t *)context = learned->letters;
    return true;
}

static void what_was_learned_is_kept(void **state)
{
    struct fixture *f = *state;
    struct state *s = open_state(f, STATE_RUN);
    struct state_learned learned = {.relay = SPAN("r:25"), .letters = 50};
    struct err err = {0};
    uint64_t letters = 0;
    unsigned suppressed = 0;
    assert_true(state_learn(s, &learned, &err));
    learned.letters = 40;
    assert_true(state_learn(s, &learned, &err));
    assert_true(state_each_learned(s, keep_learned, &letters, &err));
    assert_int_equal(letters, 40);
    assert_true(
        state_each_suppression(s, count_suppression, &suppressed, &err));
    assert_int_equal(suppressed, 0);
    state_close(s);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_row_comes_back_as_it_was),
        CASE(the_last_word_on_a_row_counts),
        CASE(a_key_of_a_campaign_is_kept),
        CASE(another_template_is_refused),
        CASE(no_byte_can_be_another),
        CASE(one_process_at_a_time),
        CASE(a_clock_set_back_opens_no_budget),
        CASE(a_minute_never_counts_for_less_than_none),
        CASE(what_was_learned_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
