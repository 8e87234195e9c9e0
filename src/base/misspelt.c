#include "base/misspelt.h"

#include "base/ascii.h"

enum { NAME_BYTES_MAX = 64 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Optimal string alignment: three rows of the table are enough. */
static size_t count_edits(struct span a, struct span b)
{
    size_t rows[3][NAME_BYTES_MAX + 1];
    for (size_t j = 0; j <= b.len; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= a.len; i++) {
        size_t *row = rows[i % 3];
        const size_t *last = rows[(i + 2) % 3];
        const size_t *second_last = rows[(i + 1) % 3];
        char ca = ascii_lower(a.data[i - 1]);
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            char cb = ascii_lower(b.data[j - 1]);
            row[j] = least(last[j], row[j - 1]) + 1;
            row[j] = least(row[j], last[j - 1] + (ca == cb ? 0 : 1));
            if (i > 1 && j > 1 && ca == ascii_lower(b.data[j - 2]) &&
                cb == ascii_lower(a.data[i - 2])) {
                row[j] = least(row[j], second_last[j - 2] + 1);
            }
        }
    }
    return rows[a.len % 3][b.len];
}

void misspelt_init(struct misspelt *m, struct span text)
{
    *m = (struct misspelt){.text = text, .edits = text.len / 3 + 2};
}

void misspelt_try(struct misspelt *m, struct span name)
{
    if (m->text.len > NAME_BYTES_MAX || name.len > NAME_BYTES_MAX) {
        return;
    }
    size_t edits = count_edits(m->text, name);
    if (edits < m->edits && edits < name.len) {
        m->edits = edits;
        m->meant = name;
    }
}
