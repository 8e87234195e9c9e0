/* How fast are letters made?
 *
 *   render TEMPLATE COUNT [7bit]
 *
 * Fills the template in COUNT times on one processor, with rows that have
 * names of ASCII and others in turn, as a mailing would: checked, filled in,
 * gathered. `7bit` is a relay without 8BITMIME. Prints a line: microseconds of
 * CPU and bytes, each of a letter. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "letter/letter.h"

enum { TEMPLATE_BYTES = 1 << 20, COLUMNS = 4 };

static const struct span names[] = {
    {"email", 5}, {"name", 4}, {"town", 4}, {"id", 2}};

static const struct span rows[][COLUMNS] = {
    {{"ann.ash@example.org", 19}, {"Ann Ash", 7}, {"Aachen", 6}, {"A-1", 3}},
    {{"zoe@example.net", 15},
     {"Zo\xc3\xab M\xc3\xbcller", 12},
     {"M\xc3\xbcnchen", 8},
     {"A-22", 4}},
    {{"bob.the.builder@example.com", 27},
     {"Bob & Co. \"Builders\"", 20},
     {"Bern", 4},
     {"A-333", 5}},
    {{"yamada@example.jp", 17},
     {"\xe5\xb1\xb1\xe7\x94\xb0 \xe5\xa4\xaa\xe9\x83\x8e", 13},
     {"\xe6\x9d\xb1\xe4\xba\xac", 6},
     {"A-4444", 6}},
};

static double cpu_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "render: %s\n", what);
    exit(1);
}

static struct draft *compile(const char *path)
{
    static char text[TEMPLATE_BYTES];
    int file = open(path, O_RDONLY);
    ssize_t len = file < 0 ? -1 : read(file, text, sizeof text);
    if (len < 0) {
        fail("no template");
    }
    static const struct siphash_key key = {{1}};
    struct draft_source source = {
        .text = {text, (size_t)len},
        .origin = {.file = path, .line = 1},
        .names = {names, COLUMNS},
        .boundary_key = &key,
        .print_key = &key,
    };
    struct err err = {0};
    struct draft *draft = draft_compile(&source, &err);
    if (!draft) {
        fail(err.text);
    }
    return draft;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fail("TEMPLATE COUNT [7bit]");
    }
    struct draft *draft = compile(argv[1]);
    unsigned long count = strtoul(argv[2], NULL, 10);
    struct arena arena;
    arena_init(&arena);
    size_t bytes = 0;
    double began = cpu_s();
    for (unsigned long i = 0; i < count; i++) {
        const struct span *row = rows[i % (sizeof rows / sizeof rows[0])];
        struct letter_values values = {
            .values = {.columns = row, .builtin = {{"1", 1}, {"c", 1}}},
            .address = row[0],
            .message_id = {"<abcdefghijklmnopqrstuvwxyz@example.org>", 40},
            .date_s = 1795491000 + (int64_t)(i / 20000),
            .eight_bit = argc == 3,
        };
        struct letter letter;
        struct span reason;
        arena_reset(&arena);
        if (!draft_fill(draft, &values, &arena, &letter, &reason)) {
            fail("a row that is no letter");
        }
        bytes += letter.bytes;
    }
    printf("%.4f %.1f\n", (cpu_s() - began) * 1e6 / (double)count,
           (double)bytes / (double)count);
    arena_release(&arena);
    draft_destroy(draft);
    return 0;
}
