#include "list/known.h"

#include <string.h>

#include "base/ascii.h"
#include "list/domain.h"

static struct known_domain *place_of(struct known *k, struct span domain)
{
    unsigned sum = 0;
    for (size_t i = 0; i < domain.len; i++) {
        sum = sum * 31 + (unsigned char)domain.data[i];
    }
    return &k->domains[sum % KNOWN_DOMAINS];
}

static void keep(struct known_domain *place, struct span domain,
                 struct span ascii)
{
    if (ascii.len > KNOWN_BYTES_MAX) {
        return;
    }
    memcpy(place->written, domain.data, domain.len);
    place->written_len = (unsigned char)domain.len;
    memcpy(place->ascii, ascii.data, ascii.len);
    place->ascii_len = (unsigned char)ascii.len;
}

/* Plain ASCII is as quickly made as it would be found. */
const char *known_append_ascii(struct known *k, struct buf *out,
                               struct span domain)
{
    if (domain.len == 0 || domain.len > KNOWN_BYTES_MAX || ascii_only(domain)) {
        return domain_append_ascii(out, domain);
    }
    struct known_domain *place = place_of(k, domain);
    if (span_equal(span_from(place->written, place->written_len), domain)) {
        buf_append(out, span_from(place->ascii, place->ascii_len));
        return NULL;
    }
    size_t start = out->len;
    const char *fault = domain_append_ascii(out, domain);
    if (!fault) {
        keep(place, domain, span_rest(buf_span(out), start));
    }
    return fault;
}
