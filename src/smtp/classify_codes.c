/* Codes, and words that hint. RFC 5321 4.2.2 and 4.2.3 for codes, with 4954
 * and 3207 for AUTH and STARTTLS and 7504 for 521 and 556; RFC 3463 for
 * enhanced codes, and the registry that RFC 5248 began, with what RFC 6531,
 * 6710, 7293, 7372, 7505, 8616 and 8689 added to it; what lies outside of the
 * registry is Microsoft's (5.7.57 and three digits) or Gmail's use of 5.4.5. */
#include "smtp/classify_rules.h"

static const struct classify_rule rules[] = {

    /* --- enhanced codes, and codes, that say one thing --- */

    {
        .steps = AT_ADDRESSED,
        .enhanced = ".4.1",
        .words = "recipient address rejected", /* Exchange's directory */
        .class = CLASS_USERUNKNOWN,
        .touches = TOUCHES_RECIPIENT,
    },
    {
        .steps = AT_ADDRESSED,
        .enhanced = ".1.1 .1.3 .1.4 .1.6 .7.17",
        .class = CLASS_USERUNKNOWN,
        .touches = TOUCHES_RECIPIENT,
    },
    {
        .steps = AT_ADDRESSED,
        .enhanced = ".1.2 .1.10 .7.18",
        .class = CLASS_HOSTUNKNOWN,
        .touches = TOUCHES_RECIPIENT,
    },
    {
        .enhanced = ".1.7 .1.8 .7.20 .7.21 .7.22 .7.23 .7.24 .7.27 "
                    ".7.29 .7.32 .7.60 .7.501 .7.502 .7.503 .7.509 .7.511 "
                    ".7.520 .7.750",
        .class = CLASS_POLICY,
        .touches = TOUCHES_SENDER,
    },
    {
        .enhanced = ".1.90 .7.232 .7.233 .7.705",
        .class = CLASS_RATELIMIT,
        .touches = TOUCHES_ACCOUNT,
        .quota = true,
    },
    {
        .steps = AT_ADDRESSED,
        .enhanced = ".2.1",
        .class = CLASS_SUSPEND,
        .touches = TOUCHES_RECIPIENT,
    },
    {
        .steps = AT_ADDRESSED,
        .enhanced = ".2.2",
        .class = CLASS_MAILBOXFULL,
        .touches = TOUCHES_RECIPIENT,
    },
    {
        .steps = AT_MAIL, /* no recipient was named: of the session */
        .enhanced = ".5.3",
        .class = CLASS_RATELIMIT,
        .touches = TOUCHES_SESSION,
    },
    {
        .enhanced = ".2.121 .2.122 .5.3",
        .class = CLASS_RATELIMIT,
        .touches = TOUCHES_RECIPIENT,
    },
    {
        .enhanced = ".2.3 .3.4 .7.16",
        .class = CLASS_TOOBIG,
        .touches = TOUCHES_MESSAGE,
    },
    {
        .enhanced = ".6.7", /* of the address, and it need not be ours */
        .class = CLASS_CONTENT,
        .touches = TOUCHES_RECIPIENT,
    },
    {
        .enhanced = ".6. .7.512",
        .class = CLASS_CONTENT,
        .touches = TOUCHES_MESSAGE,
    },
    {
        .enhanced = ".7.28 .7.508",
        .class = CLASS_RATELIMIT,
        .touches = TOUCHES_ACCOUNT,
    },
    {
        .enhanced = ".7.10 .7.25 .7.54 .7.64 .7.506 .7.510 .7.708",
        .class = CLASS_POLICY,
        .touches = TOUCHES_RELAY,
    },
    {
        .enhanced = ".7.2 .7.124 .7.133 .7.134 .7.135 .7.136 .7.504 .7.505 "
                    ".7.507",
        .class = CLASS_POLICY,
        .touches = TOUCHES_RECIPIENT,
    },
    {
        .enhanced = ".7.3 .7.4 .7.5 .7.6 .7.7 .7.30",
        .class = CLASS_POLICY,
        .touches = TOUCHES_MESSAGE,
    },
    {
        .enhanced = ".7.8 .7.11 .7.12 .7.13 .7.14 .7.57 .7.139",
        .class = CLASS_AUTH,
        .touches = TOUCHES_ACCOUNT,
    },
    {
        .steps = AT_UNKNOWN,
        .codes = "454",
        .class = CLASS_AUTH,
        .touches = TOUCHES_ACCOUNT,
    },
    {
        .steps = AT_MAIL | AT_RCPT | AT_CONTENT,
        .codes = "454",
        .class = CLASS_RATELIMIT,
        .touches = TOUCHES_ACCOUNT,
    },
    {
        .steps = AT_RCPT | AT_UNKNOWN,
        .codes = "521 556",
        .class = CLASS_HOSTUNKNOWN,
        .touches = TOUCHES_RECIPIENT,
    },

    /* --- words that hint --- */

    {
        .steps = AT_CONTENT | AT_UNKNOWN,
        .words = " spam|junk mail|junk email|unsolicited|bulk mail|"
                 "bulk email|phish|mass mailer|nature of the content",
        .class = CLASS_SPAM,
        .touches = TOUCHES_MESSAGE,
    },
    {
        .steps = AT_MAIL | AT_RCPT,
        .words = "as spam |is spam |spam message|spam content|spam detected|"
                 "spamassassin|likely unsolicited",
        .class = CLASS_SPAM,
        .touches = TOUCHES_BY_STEP,
    },
    {
        .words = " spam|unsolicited| abuse|complaint|suspicious|blocked|"
                 "banned|prohibit|policy|policies|access denied|"
                 "not authorized|not authorised|not permitted|not allowed|"
                 "administrative|security",
        .class = CLASS_POLICY,
        .touches = TOUCHES_BY_STEP,
    },
    {
        .steps = AT_ADDRESSED,
        .codes = "5..",
        .words = "mailbox unavailable|mailbox not available|"
                 "mailbox * is unavailable|address rejected|"
                 "recipient rejected|"
                 "user not local|recipient is not local|not our customer|"
                 "undeliverable",
        .class = CLASS_USERUNKNOWN,
        .touches = TOUCHES_RECIPIENT,
    },
    {
        .steps = AT_SETUP | AT_MAIL | AT_CONTENT | AT_UNKNOWN,
        .words = "system storage|disk space|space left|space shortage|"
                 "system resources|system full|system load|overloaded|"
                 "server busy|server is busy|too busy|resources temporarily",
        .class = CLASS_OTHER,
        .touches = TOUCHES_RELAY,
    },
    {
        .words = "timed out|timeout|time out|connection refused|"
                 "connection failed|connection reset|lost connection|"
                 "connection expired|could not connect|unable to connect|"
                 "cannot connect|reachable|unreachable|name service| dns |"
                 "lookup fail|temporary lookup|resolve|resolution|"
                 "too many hops|hop count|mail loop|routing loop",
        .class = CLASS_NETWORK,
        .touches = TOUCHES_BY_STEP,
    },

    {
        .words = "temporary server|temporary system|temporary local|"
                 "internal error|internal server|configuration error|"
                 "local error|local problem|temporary internal",
        .class = CLASS_OTHER,
        .touches = TOUCHES_BY_STEP,
    },

    /* --- enhanced codes that say little, and bare codes --- */

    {
        .steps = AT_MAIL,
        .enhanced = ".1.",
        .class = CLASS_POLICY,
        .touches = TOUCHES_SENDER,
    },
    {
        .steps = AT_ADDRESSED,
        .enhanced = ".1.",
        .class = CLASS_USERUNKNOWN,
        .touches = TOUCHES_RECIPIENT,
    },
    {.steps = AT_MAIL, .enhanced = ".2.", .class = CLASS_OTHER},
    {
        .steps = AT_ADDRESSED,
        .enhanced = ".2.",
        .class = CLASS_OTHER,
        .touches = TOUCHES_RECIPIENT,
    },
    {
        .steps = AT_SETUP | AT_MAIL | AT_UNKNOWN,
        .enhanced = ".3.",
        .class = CLASS_OTHER,
        .touches = TOUCHES_RELAY,
    },
    {
        .steps = AT_ADDRESSED,
        .enhanced = ".4.4",
        .class = CLASS_HOSTUNKNOWN,
        .touches = TOUCHES_RECIPIENT,
    },
    {
        .steps = AT_ADDRESSED,
        .enhanced = ".4.1 .4.3 .4.6 .4.7",
        .class = CLASS_NETWORK,
        .touches = TOUCHES_RECIPIENT,
    },
    {.enhanced = ".4.", .class = CLASS_NETWORK, .touches = TOUCHES_BY_STEP},
    {.enhanced = ".5.", .class = CLASS_OTHER, .touches = TOUCHES_BY_STEP},
    {.enhanced = ".7.", .class = CLASS_POLICY, .touches = TOUCHES_BY_STEP},
    {.codes = "571", .class = CLASS_POLICY, .touches = TOUCHES_BY_STEP},
    {
        .steps = AT_MAIL | AT_CONTENT,
        .codes = "552",
        .class = CLASS_TOOBIG,
        .touches = TOUCHES_MESSAGE,
    },
    {
        .steps = AT_ADDRESSED,
        .codes = "552",
        .class = CLASS_MAILBOXFULL,
        .touches = TOUCHES_RECIPIENT,
    },
    {
        .steps = AT_ADDRESSED,
        .codes = "551 553",
        .class = CLASS_USERUNKNOWN,
        .touches = TOUCHES_RECIPIENT,
    },
};

const struct classify_table classify_by_codes = {
    .rules = rules,
    .count = sizeof rules / sizeof *rules,
};
