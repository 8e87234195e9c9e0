/* Whatever the bytes: what is accepted becomes letters, digits and hyphens in
 * labels of a lawful length, and is its own A-label form from then on. */
#include <stdint.h>
#include <stdlib.h>

#include "base/ascii.h"
#include "list/domain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool truth)
{
    if (!truth) {
        abort();
    }
}

static void check(struct span domain)
{
    must(domain.len >= 3 && domain.len <= 253);
    size_t label = 0;
    size_t labels = 1;
    for (size_t i = 0; i < domain.len; i++) {
        char c = domain.data[i];
        if (c == '.') {
            must(label > 0 && domain.data[i - 1] != '-');
            label = 0;
            labels++;
            continue;
        }
        label++;
        must(ascii_is_lower(c) || ascii_is_digit(c) || c == '-');
        must(label <= 63 && (label > 1 || c != '-'));
    }
    must(label > 0 && labels >= 2 && domain.data[domain.len - 1] != '-');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf out;
    struct buf again;
    buf_init(&out, 4096);
    buf_init(&again, 4096);
    if (!domain_append_ascii(&out, span_from((const char *)data, size))) {
        check(buf_span(&out));
        must(!domain_append_ascii(&again, buf_span(&out)));
        must(span_equal(buf_span(&out), buf_span(&again)));
    } else {
        must(out.len == 0);
    }
    buf_release(&out);
    buf_release(&again);
    return 0;
}
