/* How fast could a list be read at all? libcsv alone over the bytes of a
 * file; with `set`, also a hash set of the first field, which says what came
 * before. Nothing is checked, and nothing is written. */
#include <csv.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reading {
    int keeps;
    size_t field;
    size_t rows;
    size_t twice;
    uint64_t *table; /* 0: free */
    size_t size;     /* a power of two */
    size_t used;
};

static uint64_t hash_of(const unsigned char *text, size_t len)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ text[i]) * 0x100000001b3u;
    }
    return hash ? hash : 1;
}

static size_t slot_of(const struct reading *r, uint64_t hash)
{
    size_t slot = (hash ^ hash >> 32) & (r->size - 1);
    while (r->table[slot] && r->table[slot] != hash) {
        slot = (slot + 1) & (r->size - 1);
    }
    return slot;
}

static void grow(struct reading *r)
{
    uint64_t *old = r->table;
    size_t count = r->size;
    r->size = count ? count * 2 : 1024;
    r->table = calloc(r->size, sizeof *r->table);
    if (!r->table) {
        abort();
    }
    for (size_t i = 0; i < count; i++) {
        if (old[i]) {
            r->table[slot_of(r, old[i])] = old[i];
        }
    }
    free(old);
}

static void keep(struct reading *r, const void *text, size_t len)
{
    if (r->used * 4 >= r->size * 3) {
        grow(r);
    }
    uint64_t hash = hash_of(text, len);
    size_t slot = slot_of(r, hash);
    r->twice += r->table[slot] != 0;
    r->used += r->table[slot] == 0;
    r->table[slot] = hash;
}

static void take_field(void *text, size_t len, void *context)
{
    struct reading *r = context;
    if (r->field++ == 0 && r->keeps) {
        keep(r, text, len);
    }
}

static void take_row(int end, void *context)
{
    struct reading *r = context;
    (void)end;
    r->field = 0;
    r->rows++;
}

int main(int argc, char **argv)
{
    static char block[128 << 10];
    struct reading r = {.keeps = argc > 2 && strcmp(argv[2], "set") == 0};
    struct csv_parser parser;
    FILE *list = argc > 1 ? fopen(argv[1], "rb") : NULL;
    if (!list || csv_init(&parser, CSV_STRICT)) {
        return 1;
    }
    size_t got;
    while ((got = fread(block, 1, sizeof block, list)) > 0) {
        if (csv_parse(&parser, block, got, take_field, take_row, &r) != got) {
            return 1;
        }
    }
    csv_fini(&parser, take_field, take_row, &r);
    printf("%zu rows, %zu twice\n", r.rows, r.twice);
    return 0;
}
