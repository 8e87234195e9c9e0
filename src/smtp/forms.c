#include "smtp/forms.h"

#include <stdbool.h>

#include "base/ascii.h"

enum { WORDS_LOOKED_AT = 3, WORD_BYTES_LOOKED_AT = 16 };

static uint64_t add(uint64_t sum, unsigned char byte)
{
    return (sum ^ byte) * 1099511628211u; /* FNV-1a */
}

static uint64_t add_bytes(uint64_t sum, struct span bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        sum = add(sum, (unsigned char)bytes.data[i]);
    }
    return add(sum, ' ');
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

static uint64_t form_of(const struct reply *reply)
{
    uint64_t sum = add(14695981039346656037u, (unsigned char)reply->code);
    sum = add_bytes(sum, reply->enhanced);
    struct span rest = span_rest(reply->text, reply->enhanced.len);
    for (unsigned i = 0; i < WORDS_LOOKED_AT && rest.len > 0; i++) {
        size_t end = span_find(rest, ' ');
        size_t most = end < WORD_BYTES_LOOKED_AT ? end : WORD_BYTES_LOOKED_AT;
        struct span word = span_slice(rest, 0, most);
        sum = add_bytes(sum, varies(word) ? SPAN("#") : word);
        rest = span_rest(rest, end < rest.len ? end + 1 : end);
    }
    return sum != 0 ? sum : 1;
}

/* RFC 3463 3.2: of a mailbox. No content has such a status. */
static bool of_a_mailbox(struct span enhanced)
{
    return span_starts(enhanced, SPAN("2.1."));
}

/* The first word for a content is taken for its own, whatever it is, but for a
 * status that no content has. A relay with one word for sender and recipient
 * may be one reply ahead since before the first recipient. */
static enum forms_owner owner_of_content(struct forms *f,
                                         const struct reply *reply)
{
    uint64_t form = form_of(reply);
    bool of_path =
        form == f->mail || form == f->recipient || form == f->last_recipient;
    bool words_differ = f->mail != f->recipient;
    if (f->content == 0 &&
        !(of_path && words_differ && of_a_mailbox(reply->enhanced))) {
        f->content = form;
    }
    if (!words_differ) {
        return FORMS_SHARED;
    }
    if (!of_path && form != f->reset) {
        return FORMS_OWN;
    }
    return form != f->content ? FORMS_ANOTHER : FORMS_SHARED;
}

static void learn_first(uint64_t *first, const struct reply *reply)
{
    if (*first == 0) {
        *first = form_of(reply);
    }
}

enum forms_owner forms_owner(struct forms *f, enum step step,
                             const struct reply *reply)
{
    if (step == STEP_BDAT) {
        return owner_of_content(f, reply);
    }
    if (step == STEP_RSET) {
        learn_first(&f->reset, reply);
    } else if (step == STEP_MAIL) {
        learn_first(&f->mail, reply);
    } else if (step == STEP_RCPT) {
        learn_first(&f->recipient, reply);
        f->last_recipient = form_of(reply);
    }
    return FORMS_SHARED;
}
