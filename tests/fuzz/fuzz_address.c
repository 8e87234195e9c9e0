/* Whatever the bytes: an address that is accepted reads the same again, and
 * cannot break out of an SMTP path; its keys are made without a fault. */
#include <stdint.h>
#include <stdlib.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/utf8.h"
#include "list/address.h"
#include "list/domain.h"
#include "list/key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool truth)
{
    if (!truth) {
        abort();
    }
}

/* A path in angle brackets ends where it should: outside quotes there is no
 * blank, no bracket, no quote. */
static void check_local(const struct address *a)
{
    const struct span specials = SPAN(" <>(),:;@[\\]");
    struct span local = a->local;
    must(local.len > 0 && local.len <= ADDRESS_LOCAL_BYTES_MAX);
    for (size_t i = a->quoted ? 1 : 0; i + a->quoted < local.len; i++) {
        char c = local.data[i];
        must(!ascii_is_control(c));
        if (a->quoted && c == '\\') {
            i++;
            must(i + 1 < local.len);
            continue;
        }
        must(c != '"');
        must(a->quoted || span_find(specials, c) == specials.len);
    }
}

static void check_keys(const struct address *a, struct span ascii_domain)
{
    for (int mode = KEY_EXACT; mode <= KEY_PROVIDER; mode++) {
        struct buf key;
        buf_init(&key, 4096);
        key_append(&key, (enum key_mode)mode, a, ascii_domain);
        must(!key.overflowed && utf8_valid(buf_span(&key)));
        must(span_find_last(buf_span(&key), '@') < key.len);
        buf_release(&key);
    }
}

/* What would stand in RCPT TO parses to the same parts. */
static void check_path(const struct address *a, struct span ascii_domain)
{
    struct buf path;
    buf_init(&path, 4096);
    buf_append(&path, a->local);
    buf_append_byte(&path, '@');
    buf_append(&path, ascii_domain);
    struct address again;
    enum address_fault fault = address_parse(buf_span(&path), &again);
    must(fault == ADDRESS_FINE || path.len > ADDRESS_PATH_BYTES_MAX);
    if (fault == ADDRESS_FINE) {
        must(span_equal(again.local, a->local));
        must(span_equal(again.domain, ascii_domain));
        must(again.quoted == a->quoted);
    }
    buf_release(&path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct address a;
    enum address_fault fault =
        address_parse(span_from((const char *)data, size), &a);
    must(address_fault_text(fault) != NULL);
    if (fault) {
        must(a.local.len == 0 && a.domain.len == 0);
        return 0;
    }
    must(a.local.len + 1 + a.domain.len <= ADDRESS_PATH_BYTES_MAX ||
         !ascii_only(a.domain));
    must(utf8_valid(a.local) && utf8_valid(a.domain));
    check_local(&a);
    check_path(&a, a.domain);
    struct buf domain;
    buf_init(&domain, 4096);
    if (!domain_append_ascii(&domain, a.domain)) {
        check_keys(&a, buf_span(&domain));
        check_path(&a, buf_span(&domain));
    }
    buf_release(&domain);
    return 0;
}
