/* What does the sink offer? Bits of a set; each has its EHLO keyword. */
#pragma once

enum offer {
    OFFER_PIPELINING = 1 << 0,
    OFFER_CHUNKING = 1 << 1,
    OFFER_8BITMIME = 1 << 2,
    OFFER_SMTPUTF8 = 1 << 3,
    OFFER_DSN = 1 << 4,
    OFFER_ENHANCED = 1 << 5, /* ENHANCEDSTATUSCODES: without it replies carry
                                none */
    OFFER_SIZE = 1 << 6,
    OFFER_STARTTLS = 1 << 7,
    OFFER_AUTH = 1 << 8,
    OFFER_ALL = (1 << 9) - 1, /* that are offered unless switched off */
    OFFER_REQUIRETLS = 1 << 9,
};
