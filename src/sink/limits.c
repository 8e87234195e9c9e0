#include "sink/limits.h"

#include "base/ascii.h"

enum { VALUE_MAX = 999999 };

static bool read_one(struct span word, struct limits *out)
{
    struct {
        struct span name;
        unsigned *to;
    } known[] = {
        {SPAN("MAILMAX="), &out->mails_max},
        {SPAN("RCPTMAX="), &out->recipients_max},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        uint64_t value;
        if (span_starts(word, known[i].name)) {
            struct span digits = span_rest(word, known[i].name.len);
            bool fine = *known[i].to == 0 && digits.len > 0 &&
                        digits.data[0] != '0' &&
                        ascii_parse_number(digits, VALUE_MAX, &value);
            *known[i].to = fine ? (unsigned)value : 0;
            return fine;
        }
    }
    return false;
}

bool limits_read(struct span text, struct limits *out)
{
    struct limits read = {.told = span_trim(text)};
    struct span rest = read.told;
    if (rest.len == 0 || rest.len > LIMITS_TEXT_BYTES_MAX) {
        return false;
    }
    while (rest.len > 0) {
        struct span word = span_slice(rest, 0, span_find(rest, ' '));
        rest = span_trim(span_rest(rest, word.len));
        if (!read_one(word, &read)) {
            return false;
        }
    }
    *out = read;
    return true;
}
