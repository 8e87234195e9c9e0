#include "smtp/forms.h"

#include "base/ascii.h"

/* Beyond that, two that are alike are the same. */
enum { BYTES_LOOKED_AT = 128 };

static uint64_t add(uint64_t sum, unsigned char byte)
{
    return (sum ^ byte) * 1099511628211u; /* FNV-1a */
}

/* What may differ from one reply to the next: an id, a size, an address. */
static bool varies(struct span word)
{
    for (size_t i = 0; i < word.len; i++) {
        if (ascii_is_digit(word.data[i]) || word.data[i] == '@' ||
            word.data[i] == '<') {
            return true;
        }
    }
    return false;
}

static uint64_t add_word(uint64_t sum, struct span word)
{
    if (varies(word)) {
        return add(sum, '#');
    }
    for (size_t i = 0; i < word.len; i++) {
        sum = add(sum, (unsigned char)word.data[i]);
    }
    return sum;
}

static uint64_t form_of(const struct reply *reply)
{
    uint64_t sum = add(14695981039346656037u, (unsigned char)reply->code);
    for (size_t i = 0; i < reply->enhanced.len; i++) {
        sum = add(sum, (unsigned char)reply->enhanced.data[i]);
    }
    struct span rest = span_rest(reply->text, reply->enhanced.len);
    rest = span_slice(rest, 0,
                      rest.len < BYTES_LOOKED_AT ? rest.len : BYTES_LOOKED_AT);
    while (rest.len > 0) {
        size_t end = span_find(rest, ' ');
        sum = add(add_word(sum, span_slice(rest, 0, end)), ' ');
        rest = span_rest(rest, end < rest.len ? end + 1 : end);
    }
    return sum != 0 ? sum : 1;
}

void forms_learn(struct forms *f, enum step step, const struct reply *reply)
{
    f->last = form_of(reply);
    if (f->of[step] == 0) {
        f->of[step] = f->last;
    }
}

enum form_sense forms_look(struct forms *f, enum step step,
                           const struct reply *reply)
{
    uint64_t form = form_of(reply);
    bool first = f->of[step] == 0;
    if (first) {
        f->of[step] = form;
    }
    bool own = f->of[step] == form;
    bool of_another = f->last == form;
    for (enum step s = 0; s < STEPS; s++) {
        of_another |= s != step && f->of[s] == form;
    }
    if (of_another) {
        return own ? FORM_SAYS_ALL : FORM_ASTRAY;
    }
    return own && !first ? FORM_FITS : FORM_NEW;
}
