/* Whose word is the grant of a content?
 *
 * Pure. Replies are matched by counting alone (RFC 2920 3.1). In a stream a
 * relay that answers a recipient twice has the second of these counted for the
 * content, before that was answered. But most relays have words of their own
 * for a sender, a recipient and a content, always the same but for ids, sizes
 * and addresses: where a content is granted by the word for a path, or for a
 * RSET though its own is known, the count has slipped. A relay with one word
 * for all is taken at its count, as long as nothing speaks against it. */
#pragma once

#include <stdint.h>

#include "smtp/reply.h"
#include "smtp/steps.h"

enum forms_owner {
    FORMS_OWN,     /* the content's alone */
    FORMS_SHARED,  /* it proves nothing */
    FORMS_ANOTHER, /* of another command: the count has slipped */
};

/* Of the grants of a connection; 0: none yet. All zero at its start. */
struct forms {
    uint64_t reset;
    uint64_t mail;
    uint64_t recipient;
    uint64_t last_recipient;
    uint64_t content;
};

/* Learns what a step was granted with. Of other steps than a content's it
 * tells FORMS_SHARED. */
enum forms_owner forms_owner(struct forms *f, enum step step,
                             const struct reply *reply);
