/* What does DNS say of a domain: does it take mail, and what does it state?
 *
 * Whether it takes mail its MX records tell, and only where it has none its
 * addresses (RFC 5321 5.1). What it states stands in TXT records. Asked through
 * c-ares the way the system is set up: the servers and options of
 * /etc/resolv.conf and RES_OPTIONS, and a name in /etc/hosts has an address.
 * Hundreds can be under way. What an answer means for a row is said
 * elsewhere. */
#pragma once

#include <stddef.h>

#include "base/err.h"
#include "base/span.h"
#include "net/loop.h"

enum lookup_answer {
    LOOKUP_MAIL,      /* an MX, or an address */
    LOOKUP_NO_DOMAIN, /* NXDOMAIN, for its MX and for an address */
    LOOKUP_NULL_MX,   /* it says that it takes none (RFC 7505) */
    LOOKUP_NO_HOST,   /* it is there, with neither MX nor address */
    LOOKUP_FAILED,    /* SERVFAIL, no answer in time, no server */
    LOOKUP_TEXTS,     /* of its TXT records: that was all */
};

struct lookups;

/* `answer` is called once for each question, perhaps before lookups_ask
 * returns; it must not ask. NULL: EX_OSERR. */
struct lookups *lookups_create(struct loop *l,
                               void (*answer)(void *context, struct span domain,
                                              enum lookup_answer answer),
                               void *context, struct err *err);

/* Questions under way are no more; `answer` is not called. NULL is fine. */
void lookups_destroy(struct lookups *l);

/* A domain in A-labels, at most 253 octets (asserted); copied. Each server is
 * asked as often and as long as the system says, at most three times and for
 * 5, 10 and 20 s; without its saying, twice. */
void lookups_ask(struct lookups *l, struct span ascii_domain);

/* The TXT records of a name: each goes to `text`, its strings joined (RFC 7208
 * 3.3), and then the end to `answer`: LOOKUP_TEXTS, perhaps without any, or
 * LOOKUP_FAILED. */
void lookups_ask_texts(struct lookups *l, struct span name,
                       void (*text)(void *context, struct span name,
                                    struct span text));

size_t lookups_under_way(const struct lookups *l);
