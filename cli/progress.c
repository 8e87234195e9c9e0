#include "cli/progress.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/buf.h"

enum {
    LINE_EVERY_MS = 5000,
    MOMENT_EVERY_MS = 3000,
    COLUMNS_USUAL = 80,
    TEXT_BYTES_MAX = 1024,
};

static bool can_redraw(void)
{
    const char *kind = getenv("TERM");
    return isatty(STDERR_FILENO) && kind && strcmp(kind, "dumb") != 0;
}

void progress_init(struct progress *p, struct say *say, enum progress_mode mode)
{
    if (mode == PROGRESS_AUTO) {
        mode = can_redraw() ? PROGRESS_BAR : PROGRESS_NONE;
    }
    *p = (struct progress){.say = say, .mode = mode};
}

static uint64_t settled(const struct tally *t)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < OUTCOMES; i++) {
        sum += t->by_outcome[i];
    }
    return sum;
}

/* Rows a second of the last few seconds. */
static uint64_t rate_now(struct progress *p, const struct tally *t)
{
    uint64_t rows = settled(t);
    if (t->elapsed_ms - p->newer.at_ms >= MOMENT_EVERY_MS) {
        p->older = p->newer;
        p->newer.at_ms = t->elapsed_ms;
        p->newer.settled = rows;
    }
    uint64_t ms = t->elapsed_ms - p->older.at_ms;
    return ms > 0 && rows >= p->older.settled
               ? (rows - p->older.settled) * 1000 / ms
               : 0;
}

static void append_time_left(struct buf *out, uint64_t seconds)
{
    if (seconds >= 3600) {
        buf_append_format(out, ", %lluh %llum left",
                          (unsigned long long)seconds / 3600,
                          (unsigned long long)seconds / 60 % 60);
    } else if (seconds >= 60) {
        buf_append_format(out, ", %llum %llus left",
                          (unsigned long long)seconds / 60,
                          (unsigned long long)seconds % 60);
    } else {
        buf_append_format(out, ", %llus left", (unsigned long long)seconds);
    }
}

static void append_state(struct progress *p, const struct tally *t,
                         struct buf *out)
{
    uint64_t rows = settled(t);
    uint64_t rate = rate_now(p, t);
    uint64_t percent = t->rows > 0 ? rows * 100 / t->rows : 0;
    uint64_t failed = 0;
    for (enum outcome o = 0; o < OUTCOMES; o++) {
        failed += outcome_failed(o) ? t->by_outcome[o] : 0;
    }
    buf_append_format(out, "%llu of %llu (%llu%%), %llu/s",
                      (unsigned long long)rows, (unsigned long long)t->rows,
                      (unsigned long long)percent, (unsigned long long)rate);
    if (rate > 0 && rows < t->rows) {
        append_time_left(out, (t->rows - rows) / rate);
    }
    if (failed > 0) {
        buf_append_format(out, ", %llu failed", (unsigned long long)failed);
    }
    buf_append_format(out, ", %u session%s", t->sessions,
                      t->sessions == 1 ? "" : "s");
}

static size_t columns(void)
{
    struct winsize size;
    bool known =
        ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
    return known ? size.ws_col : COLUMNS_USUAL;
}

/* In one write, so that nothing flickers; one column is left free, or the
 * terminal would go on to the next line. */
static void draw(struct progress *p, struct span text)
{
    struct buf line;
    buf_init(&line, TEXT_BYTES_MAX * 2);
    size_t width = columns() - 1;
    buf_append_byte(&line, '\r');
    buf_append(&line, span_slice(text, 0, text.len < width ? text.len : width));
    buf_append(&line, SPAN("\033[K"));
    say_write(buf_span(&line));
    p->say->live_line = true;
    buf_release(&line);
}

void progress_show(struct progress *p, const struct tally *tally, bool asked)
{
    bool due = p->mode == PROGRESS_BAR ||
               (p->mode == PROGRESS_LINE &&
                tally->elapsed_ms - p->drawn_ms >= LINE_EVERY_MS);
    if (!due && !asked) {
        return;
    }
    struct buf text;
    buf_init(&text, TEXT_BYTES_MAX);
    append_state(p, tally, &text);
    if (p->mode == PROGRESS_BAR && !asked) {
        draw(p, buf_span(&text));
    } else {
        buf_append_byte(&text, '\0');
        say_text(p->say, SAY_ERROR, text.data);
        p->drawn_ms = tally->elapsed_ms;
    }
    buf_release(&text);
}

void progress_end(struct progress *p)
{
    say_wipe(p->say);
}
