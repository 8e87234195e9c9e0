#include "list/returned.h"

#include "base/ascii.h"
#include "base/reserved.h"

static bool is_status(struct span text)
{
    static const struct span failed[] = {{"rejected", 8},
                                         {"deferred", 8},
                                         {"unknown", 7},
                                         {"pending", 7},
                                         {"invalid", 7}};
    for (size_t i = 0; i < sizeof failed / sizeof *failed; i++) {
        if (span_equal(text, failed[i])) {
            return true;
        }
    }
    return false;
}

static bool is_code(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!ascii_is_digit(text.data[i])) {
            return false;
        }
    }
    return text.len == 0 || text.len == 3;
}

/* RFC 3463 2: class, subject and detail. */
static bool is_enhanced(struct span text)
{
    size_t dots = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '.') {
            dots++;
        } else if (!ascii_is_digit(text.data[i])) {
            return false;
        }
    }
    return text.len == 0 || (dots == 2 && text.len >= 5);
}

bool returned(const struct span *fields, size_t count)
{
    if (count <= RESERVED_COLUMNS) {
        return false;
    }
    const struct span *last = fields + count - RESERVED_COLUMNS;
    return is_status(last[0]) && is_code(last[1]) && is_enhanced(last[2]) &&
           last[1].len + last[2].len + last[3].len > 0;
}
