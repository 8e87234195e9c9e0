#include "list/bidi.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include <unictype.h>

#include "base/utf8.h"

/* Sets of bidirectional classes, by bit. */
enum {
    L = 1u << UC_BIDI_L,
    R = 1u << UC_BIDI_R | 1u << UC_BIDI_AL,
    EN = 1u << UC_BIDI_EN,
    AN = 1u << UC_BIDI_AN,
    NSM = 1u << UC_BIDI_NSM,
    OTHERS = 1u << UC_BIDI_ES | 1u << UC_BIDI_CS | 1u << UC_BIDI_ET |
             1u << UC_BIDI_ON | 1u << UC_BIDI_BN,
};

static unsigned class_of(struct span *rest)
{
    uint32_t point = 0;
    size_t bytes = utf8_next(*rest, &point);
    assert(bytes > 0);
    *rest = span_rest(*rest, bytes);
    int class = uc_bidi_class(point);
    return class >= 0 && class < 32 ? 1u << class : 0;
}

static bool from_right(struct span domain)
{
    while (domain.len > 0) {
        if (class_of(&domain) & (R | AN)) {
            return true;
        }
    }
    return false;
}

/* Rules 1 to 6: how it begins, what it may hold, how it ends. */
static bool label_holds(struct span label)
{
    unsigned first = 0;
    unsigned last = 0; /* but for nonspacing marks */
    unsigned all = 0;
    while (label.len > 0) {
        unsigned class = class_of(&label);
        first = first ? first : class;
        last = class & NSM ? last : class;
        all |= class;
    }
    if (first & L) {
        return !(all & ~(unsigned)(L | EN | NSM | OTHERS)) && (last & (L | EN));
    }
    return (first & R) && !(all & ~(unsigned)(R | AN | EN | NSM | OTHERS)) &&
           (last & (R | EN | AN)) && !((all & EN) && (all & AN));
}

bool bidi_holds(struct span domain)
{
    if (!from_right(domain)) {
        return true;
    }
    while (domain.len > 0) {
        size_t len = span_find(domain, '.');
        if (len > 0 && !label_holds(span_slice(domain, 0, len))) {
            return false;
        }
        domain = span_rest(domain, len < domain.len ? len + 1 : len);
    }
    return true;
}
