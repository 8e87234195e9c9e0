#include "smtp/dsn.h"

#include "base/ascii.h"

/* RFC 3461 4: what is not printable ASCII, and + and =, as +XX. */
static void append_xtext(struct buf *out, struct span text)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c > ' ' && c < 0x7f && c != '+' && c != '=') {
            buf_append_byte(out, (char)c);
        } else {
            char hex[3] = {'+', digits[c >> 4], digits[c & 15]};
            buf_append(out, span_from(hex, sizeof hex));
        }
    }
}

static bool asked(const struct dsn *dsn)
{
    return dsn->notify.len > 0 || dsn->ret.len > 0;
}

static void append_envid(struct buf *out, struct span id)
{
    if (id.len > 2 && id.data[0] == '<') {
        id = span_slice(id, 1, id.len - 1);
    }
    struct buf text;
    buf_init(&text, DSN_ENVID_BYTES_MAX);
    append_xtext(&text, id);
    if (text.len > 0 && !text.overflowed) {
        buf_append(out, SPAN(" ENVID="));
        buf_append(out, buf_span(&text));
    }
    buf_release(&text);
}

void dsn_append_mail(struct buf *out, const struct dsn *dsn, struct span id)
{
    if (dsn->ret.len > 0) {
        buf_append(out, SPAN(" RET="));
        buf_append(out, dsn->ret);
    }
    if (asked(dsn)) {
        append_envid(out, id);
    }
}

void dsn_append_recipient(struct buf *out, const struct dsn *dsn,
                          struct span path)
{
    if (dsn->notify.len > 0) {
        buf_append(out, SPAN(" NOTIFY="));
        buf_append(out, dsn->notify);
    }
    /* RFC 6533 3 has a form of its own for what is not ASCII. */
    if (asked(dsn) && ascii_only(path)) {
        buf_append(out, SPAN(" ORCPT=rfc822;"));
        append_xtext(out, path);
    }
}
