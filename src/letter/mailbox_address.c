#include <gmime/gmime.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "letter/mailbox.h"

enum { ADDRESS_BYTES_MAX = 254 };

/* RFC 5322 3.2.3, blanks and controls. */
static bool special(char c)
{
    static const bool specials[256] = {
        ['('] = true, [')'] = true, ['<'] = true, ['>'] = true, ['['] = true,
        [']'] = true, [':'] = true, [';'] = true, ['@'] = true, ['\\'] = true,
        [','] = true, ['"'] = true, [' '] = true,
    };
    return specials[(unsigned char)c] || ascii_is_control(c);
}

/* Dot-string or Quoted-string; the bytes of it, 0: neither. */
static size_t local_bytes(struct span a)
{
    size_t at = 0;
    if (a.len > 0 && a.data[0] == '"') {
        at = 1;
        while (at < a.len && a.data[at] != '"' &&
               !ascii_is_control(a.data[at])) {
            at += a.data[at] == '\\' && at + 1 < a.len ? 2 : 1;
        }
        return at < a.len && a.data[at] == '"' ? at + 1 : 0;
    }
    while (at < a.len && !special(a.data[at])) {
        bool dot = a.data[at] == '.';
        if (dot && (at == 0 || a.data[at - 1] == '.')) {
            return 0;
        }
        at++;
    }
    return at > 0 && a.data[at - 1] == '.' ? 0 : at;
}

static bool domain_fine(struct span d)
{
    bool literal = d.len > 2 && d.data[0] == '[' && d.data[d.len - 1] == ']';
    d = literal ? span_slice(d, 1, d.len - 1) : d;
    for (size_t i = 0; i < d.len; i++) {
        char c = d.data[i];
        bool dot =
            c == '.' && (i == 0 || i + 1 == d.len || d.data[i - 1] == '.');
        if ((special(c) && !(literal && c == ':')) || (dot && !literal)) {
            return false;
        }
    }
    return d.len > 0;
}

const char *mailbox_address_fault(struct span address)
{
    if (address.len > ADDRESS_BYTES_MAX) {
        return "an address of more than 254 octets";
    }
    size_t local = local_bytes(address);
    if (local == 0 || local == address.len || address.data[local] != '@' ||
        !domain_fine(span_rest(address, local + 1))) {
        return "no address";
    }
    return NULL;
}

static const char *to_ascii_domain(struct buf *out, size_t from)
{
    struct span address = span_rest(buf_span(out), from);
    char *text = mem_copy_text(address.data, address.len);
    InternetAddress *box = internet_address_mailbox_new("", text);
    const char *ascii =
        internet_address_mailbox_get_idn_addr((InternetAddressMailbox *)box);
    size_t at = ascii ? span_find_last(span_of(ascii), '@') : 0;
    bool fine = ascii && ascii[at] == '@' && ascii_only(span_of(ascii + at));
    if (fine) {
        buf_truncate(out, from);
        buf_append(out, span_of(ascii));
    }
    g_object_unref(box);
    free(text);
    return fine ? NULL : "a domain that IDNA does not know";
}

const char *mailbox_finish_address(struct buf *out, size_t from)
{
    struct span address = span_rest(buf_span(out), from);
    struct span trimmed = span_trim(address);
    if (trimmed.len < address.len) {
        memmove(out->data + from, trimmed.data, trimmed.len);
        buf_truncate(out, from + trimmed.len);
        address = span_rest(buf_span(out), from);
    }
    if (address.len == 0) {
        return NULL;
    }
    const char *fault = mailbox_address_fault(address);
    size_t at = span_find_last(address, '@');
    if (!fault && !ascii_only(span_rest(address, at))) {
        fault = to_ascii_domain(out, from);
    }
    return fault;
}

const char *mailbox_append_address(const struct mailbox *m, struct span own,
                                   const struct template_value *values,
                                   struct buf *out)
{
    size_t from = out->len;
    if (m->address) {
        template_fill(m->address, values, out);
    } else {
        buf_append(out, own);
    }
    return out->overflowed ? "no address" : mailbox_finish_address(out, from);
}
