#include "list/key.h"

#include <stdint.h>
#include <stdlib.h>

#include <unicase.h>
#include <uninorm.h>

#include "base/ascii.h"
#include "base/mem.h"

/* What the local part means: without its quotes, each quoted pair as the
 * character that it stands for (RFC 5321 4.1.2). */
static void append_meaning(struct buf *out, const struct address *address)
{
    if (!address->quoted) {
        buf_append(out, address->local);
        return;
    }
    struct span local = address->local;
    for (size_t i = 1; i + 1 < local.len; i++) {
        if (local.data[i] == '\\' && i + 2 < local.len) {
            i++;
        }
        buf_append_byte(out, local.data[i]);
    }
}

/* Unicode 3.13, D145: canonical caseless matching, brought to NFC. */
static void fold_unicode(struct buf *out, size_t start)
{
    const uint8_t *text = (const uint8_t *)out->data + start;
    size_t split_len;
    size_t folded_len = 0;
    uint8_t *split =
        u8_normalize(UNINORM_NFD, text, out->len - start, NULL, &split_len);
    uint8_t *folded = split ? u8_casefold(split, split_len, NULL, UNINORM_NFC,
                                          NULL, &folded_len)
                            : NULL;
    free(split);
    if (!folded) {
        /* The text is UTF-8, so memory is what was missing: the end. */
        mem_exhausted();
    }
    buf_truncate(out, start);
    buf_append(out, span_from((const char *)folded, folded_len));
    free(folded);
}

static void fold(struct buf *out, size_t start, bool ascii)
{
    if (!ascii) {
        fold_unicode(out, start);
        return;
    }
    for (size_t i = start; i < out->len; i++) {
        out->data[i] = ascii_lower(out->data[i]);
    }
}

static bool is_gmail(struct span ascii_domain)
{
    return span_equal(ascii_domain, SPAN("gmail.com")) ||
           span_equal(ascii_domain, SPAN("googlemail.com"));
}

/* Where nothing would be left, there is no such mailbox, and no two of them
 * are one: it stays as it is. */
static void drop_dots_and_tag(struct buf *out, size_t start)
{
    size_t kept = start;
    for (size_t i = start; i < out->len && out->data[i] != '+'; i++) {
        if (out->data[i] != '.') {
            kept++;
        }
    }
    if (kept == start) {
        return;
    }
    size_t to = start;
    for (size_t i = start; to < kept; i++) {
        if (out->data[i] != '.') {
            out->data[to++] = out->data[i];
        }
    }
    buf_truncate(out, kept);
}

void key_append(struct buf *out, enum key_mode mode,
                const struct address *address, struct span ascii_domain)
{
    size_t start = out->len;
    append_meaning(out, address);
    if (mode >= KEY_FOLD) {
        fold(out, start, address->local_ascii);
    }
    bool gmail = mode >= KEY_PROVIDER && is_gmail(ascii_domain);
    if (gmail) {
        drop_dots_and_tag(out, start);
    }
    buf_append_byte(out, '@');
    buf_append(out, gmail ? SPAN("gmail.com") : ascii_domain);
}
