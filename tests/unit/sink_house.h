/* What the tests of the sink share: how a text is compared, and a house with a
 * guest in it. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sink/guest.h"
#include "sink/login.h"
#include "sink/offers.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

static inline void expect_text(const char *what, struct span got,
                               const char *wanted)
{
    if (!span_equal(got, span_of(wanted))) {
        fail_msg("%s: got\n%.*s\nwanted\n%s", what, (int)got.len, got.data,
                 wanted);
    }
}

struct setting {
    struct guest_house house;
    struct counts counts;
    struct faults faults;
    struct throttle throttle;
    struct buf taken;  /* "sender>recipients,:content;" each */
    struct buf judged; /* "address step code taken;" each */
    bool full;         /* nothing can be stored */
};

static inline bool take(void *context, const struct guest_letter *letter)
{
    struct setting *s = context;
    if (s->full) {
        return false;
    }
    buf_append(&s->taken, letter->sender);
    buf_append_byte(&s->taken, '>');
    size_t from = s->taken.len;
    buf_append(&s->taken, letter->recipients);
    for (size_t i = from; i < s->taken.len; i++) {
        char *c = &s->taken.data[i];
        *c = *c == '\n' ? ',' : *c;
    }
    buf_append_byte(&s->taken, ':');
    buf_append(&s->taken, letter->content);
    buf_append_byte(&s->taken, ';');
    assert_int_equal(letter->bytes, letter->content.len);
    return true;
}

static inline void judge(void *context, const struct guest_verdict *v)
{
    struct setting *s = context;
    buf_append(&s->judged, v->address);
    buf_append(&s->judged, v->at_content ? SPAN(" content ") : SPAN(" RCPT "));
    buf_append(&s->judged, v->code);
    buf_append(&s->judged, v->taken ? SPAN(" taken;") : SPAN(";"));
}

enum change {
    AS_IT_IS = 0,
    NO_PIPELINING = 1 << 0,
    NO_CHUNKING = 1 << 1,
    NO_ENHANCED = 1 << 2,
    NO_DSN = 1 << 3,
    SMALL = 1 << 4, /* messages of 10 bytes at most */
    TWO = 1 << 5,   /* messages a connection */
    FULL = 1 << 6,
    CLEAR = 1 << 7, /* no TLS yet */
    LOGIN_FIRST = 1 << 8,
    CLOSING = 1 << 9,
    NO_STARTTLS = 1 << 10,
    LIMITED = 1 << 11,   /* two MAILs a session, two recipients a message */
    THROTTLED = 1 << 12, /* two messages, then 450 */
    THROTTLED_421 = 1 << 13,
};

static inline void setting_init(struct setting *s, unsigned changes)
{
    static const struct limits limits = {SPAN("MAILMAX=2 RCPTMAX=2"), 2, 2};
    *s = (struct setting){.full = changes & FULL};
    faults_init(&s->faults);
    buf_init(&s->taken, 1 << 20);
    buf_init(&s->judged, 1 << 20);
    s->throttle = (struct throttle){
        .messages_max = 2,
        .window_ms = 1000,
        .answer = changes & THROTTLED_421 ? ANSWER_THROTTLED_CLOSING
                                          : ANSWER_THROTTLED,
    };
    bool throttled = changes & (THROTTLED | THROTTLED_421);
    unsigned offers = OFFER_ALL;
    offers &= changes & NO_PIPELINING ? ~(unsigned)OFFER_PIPELINING : ~0u;
    offers &= changes & NO_CHUNKING ? ~(unsigned)OFFER_CHUNKING : ~0u;
    offers &= changes & NO_ENHANCED ? ~(unsigned)OFFER_ENHANCED : ~0u;
    offers &= changes & NO_DSN ? ~(unsigned)OFFER_DSN : ~0u;
    offers &= changes & NO_STARTTLS ? ~(unsigned)OFFER_STARTTLS : ~0u;
    s->house = (struct guest_house){
        .hostname = SPAN("h"),
        .offers = offers,
        .bytes_max = changes & SMALL ? 10 : 1000,
        .messages_max = changes & TWO ? 2 : 0,
        .limits = changes & LIMITED ? limits : (struct limits){0},
        .throttle = throttled ? &s->throttle : NULL,
        .user = SPAN("ann"),
        .secret = SPAN("s3cret"),
        .mechanisms = login_bit(SPAN("PLAIN")) | login_bit(SPAN("LOGIN")),
        .auth_required = changes & LOGIN_FIRST,
        .keep = true,
        .closing = changes & CLOSING,
        .counts = &s->counts,
        .faults = &s->faults,
        .take = take,
        .judge = judge,
        .context = s,
    };
}

static inline void setting_release(struct setting *s)
{
    faults_release(&s->faults);
    buf_release(&s->taken);
    buf_release(&s->judged);
}

#define HELLO "HELO x\r\n"
#define HELLOED "220 h ESMTP mailshot sink\r\n250 h\r\n"
#define EHLO "EHLO x\r\n"
#define EHLOED EHLOED_OF("1000")
#define EHLOED_OF(size) EHLOED_WITH(size, "")
#define EHLOED_WITH(size, more)                                                \
    "220 h ESMTP mailshot sink\r\n"                                            \
    "250-h\r\n250-PIPELINING\r\n"                                              \
    "250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-DSN\r\n"   \
    "250-CHUNKING\r\n250-AUTH PLAIN LOGIN\r\n250-SIZE " size "\r\n" more       \
    "250 HELP\r\n"
#define OK "250 2.0.0 Ok\r\n"
#define SENDER "250 2.1.0 Ok\r\n"
#define RECIPIENT "250 2.1.5 Ok\r\n"
#define QUEUED(n) "250 2.0.0 Ok: queued as " n "\r\n"
#define GIVE "354 End with <CR><LF>.<CR><LF>\r\n"
#define NEED(what) "503 5.5.1 " what " first\r\n"
#define BYE "221 2.0.0 Bye\r\n"
