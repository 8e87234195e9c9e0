/* sink: what it answers to whole conversations, given at once and in pieces of
 * any size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "unit/edge.h"
#include "unit/sink_house.h"

static const struct {
    const char *name;
    unsigned changes;
    enum guest_phase phase; /* at the end */
    const char *said;
    const char *answers;
    const char *taken;
} conversations[] = {
    {"a whole session", AS_IT_IS, GUEST_FINISHING,
     EHLO
     "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nx\r\n..\r\n.\r\nQUIT\r\n",
     EHLOED SENDER RECIPIENT GIVE QUEUED("1") BYE, "a@b>c@d,:x\r\n.\r\n;"},
    {"bdat, streamed", AS_IT_IS, GUEST_TALKING,
     HELLO "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nRCPT TO:<e@f>\r\n"
           "BDAT 3 LAST\r\nx\r\nRSET\r\nMAIL FROM:<>\r\nRCPT TO:<c@d>\r\n"
           "bdat 4 last\r\n\r\n.\r",
     HELLOED SENDER RECIPIENT RECIPIENT QUEUED("1")
         OK SENDER RECIPIENT QUEUED("2"),
     "a@b>c@d,e@f,:x\r\n;>c@d,:\r\n.\r;"},
    {"bdat in chunks, the last one empty", AS_IT_IS, GUEST_TALKING,
     HELLO "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT 2\r\nxyBDAT 0\r\n"
           "BDAT 1\r\nzBDAT 0 LAST\r\n",
     HELLOED SENDER RECIPIENT
     "250 2.0.0 Chunk taken\r\n250 2.0.0 Chunk taken\r\n"
     "250 2.0.0 Chunk taken\r\n" QUEUED("1"),
     "a@b>c@d,:xyz;"},
    {"a refused chunk is swallowed", AS_IT_IS, GUEST_TALKING,
     HELLO "MAIL FROM:<a@b>\r\nBDAT 8 LAST\r\nXPROBE\r\nRSET\r\n",
     HELLOED SENDER "554 5.5.1 No valid recipients\r\n" OK, ""},
    {"all recipients refused, with bdat", AS_IT_IS, GUEST_TALKING,
     HELLO "MAIL FROM:<a@b>\r\nRCPT TO:<bad@d>\r\nBDAT 6 LAST\r\nQUIT\r\n"
           "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT 1 LAST\r\nx",
     HELLOED SENDER
     "550 5.1.1 No such user here\r\n554 5.5.1 No valid recipients\r\n" SENDER
         RECIPIENT QUEUED("1"),
     "a@b>c@d,:x;"},
    {"all recipients refused, with data", AS_IT_IS, GUEST_TALKING,
     HELLO "MAIL FROM:<a@b>\r\nRCPT TO:<bad@d>\r\nDATA\r\nRSET\r\n",
     HELLOED SENDER
     "550 5.1.1 No such user here\r\n554 5.5.1 No valid recipients\r\n" OK,
     ""},
    {"chunks behind a refused one", AS_IT_IS, GUEST_TALKING,
     HELLO "MAIL FROM:<a@b>\r\nBDAT 2\r\nxxBDAT 2 LAST\r\nyyNOOP\r\n",
     HELLOED SENDER "554 5.5.1 No valid recipients\r\n" NEED("MAIL") OK, ""},
    {"no mixing of chunks and data", AS_IT_IS, GUEST_TALKING,
     HELLO "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT 1\r\nxDATA\r\n"
           "RCPT TO:<e@f>\r\nBDAT 1 LAST\r\ny",
     HELLOED SENDER RECIPIENT "250 2.0.0 Chunk taken\r\n"
                              "503 5.5.1 Chunks are under way\r\n"
                              "503 5.5.1 Chunks are under way\r\n" QUEUED("1"),
     "a@b>c@d,:xy;"},
    {"a chunk of no size", AS_IT_IS, GUEST_FINISHING,
     HELLO "BDAT x LAST\r\nMAIL FROM:<a@b>\r\n",
     HELLOED "501 5.5.4 Bad chunk size, closing\r\n", ""},
    {"no chunking", NO_CHUNKING, GUEST_TALKING, HELLO "BDAT 4 LAST\r\n",
     HELLOED "500 5.5.1 Command not recognized\r\n", ""},
    {"faults by address", AS_IT_IS, GUEST_TALKING,
     HELLO "MAIL FROM:<a@b>\r\nRCPT TO:<bad.x@d>\r\nRCPT TO:<Grey@d>\r\n"
           "RCPT TO:<full@d>\r\nRCPT TO:<Grey@d>\r\nRCPT TO:<grey2@d>\r\n"
           "BDAT 1 LAST\r\nx",
     HELLOED SENDER "550 5.1.1 No such user here\r\n"
                    "451 4.7.1 Greylisted, try again\r\n"
                    "452 4.2.2 Mailbox full\r\n" RECIPIENT
                    "451 4.7.1 Greylisted, try again\r\n" QUEUED("1"),
     "a@b>Grey@d,:x;"},
    {"dropped behind its content", AS_IT_IS, GUEST_CUT,
     HELLO "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT 1 LAST\r\nx"
           "MAIL FROM:<a@b>\r\nRCPT TO:<drop@d>\r\nBDAT 1 LAST\r\nyNOOP\r\n",
     HELLOED SENDER RECIPIENT QUEUED("1") SENDER RECIPIENT, "a@b>c@d,:x;"},
    {"taken, and then lost", AS_IT_IS, GUEST_CUT,
     HELLO "MAIL FROM:<a@b>\r\nRCPT TO:<lost@d>\r\nDATA\r\ny\r\n.\r\nNOOP\r\n",
     HELLOED SENDER RECIPIENT GIVE, "a@b>lost@d,:y\r\n;"},
    {"busy at one recipient", AS_IT_IS, GUEST_FINISHING,
     HELLO "MAIL FROM:<a@b>\r\nRCPT TO:<busy@d>\r\nRCPT TO:<c@d>\r\n",
     HELLOED SENDER "421 4.3.2 Too busy, closing\r\n", ""},
    {"refused for its content", AS_IT_IS, GUEST_TALKING,
     HELLO "MAIL FROM:<a@b>\r\nRCPT TO:<spam@d>\r\nBDAT 1 LAST\r\nx"
           "MAIL FROM:<a@b>\r\nRCPT TO:<later@d>\r\nDATA\r\ny\r\n.\r\n"
           "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT 1 LAST\r\nz",
     HELLOED SENDER RECIPIENT
     "550 5.7.1 This looks like spam\r\n" SENDER RECIPIENT GIVE
     "451 4.3.0 Not now, try again\r\n" SENDER RECIPIENT QUEUED("1"),
     "a@b>c@d,:z;"},
    {"slow, but taken", AS_IT_IS, GUEST_TALKING,
     HELLO "MAIL FROM:<a@b>\r\nRCPT TO:<slow@d>\r\nBDAT 1 LAST\r\nxNOOP\r\n",
     HELLOED SENDER RECIPIENT QUEUED("1") OK, "a@b>slow@d,:x;"},
    {"silent behind a content", AS_IT_IS, GUEST_MUTE,
     HELLO "MAIL FROM:<a@b>\r\nRCPT TO:<mute@d>\r\nBDAT 1 LAST\r\nxNOOP\r\n",
     HELLOED SENDER RECIPIENT, ""},
    {"no more than was said", LIMITED, GUEST_FINISHING,
     HELLO "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nRCPT TO:<bad@d>\r\n"
           "RCPT TO:<e@d>\r\nRCPT TO:<f@d>\r\nRSET\r\nMAIL FROM:<bad>\r\n"
           "MAIL FROM:<a@b>\r\n",
     HELLOED SENDER RECIPIENT
     "550 5.1.1 No such user here\r\n" RECIPIENT
     "452 4.5.3 Too many recipients\r\n" OK
     "501 5.1.7 Bad sender address syntax\r\n"
     "421 4.7.0 Too many messages in this connection\r\n",
     ""},
    {"limits are told", LIMITED, GUEST_TALKING, "EHLO x\r\n",
     EHLOED_WITH("1000", "250-LIMITS MAILMAX=2 RCPTMAX=2\r\n"), ""},
    {"throttled", THROTTLED, GUEST_TALKING,
     HELLO "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT 1 LAST\r\nx"
           "MAIL FROM:<a@b>\r\nRSET\r\nMAIL FROM:<a@b>\r\n"
           "RCPT TO:<bad@d>\r\nBDAT 1 LAST\r\nxMAIL FROM:<a@b>\r\n"
           "RCPT TO:<c@d>\r\nBDAT 1 LAST\r\nyMAIL FROM:<a@b>\r\n"
           "RCPT TO:<c@d>\r\nNOOP\r\n",
     HELLOED SENDER RECIPIENT QUEUED("1") SENDER OK SENDER
     "550 5.1.1 No such user here\r\n554 5.5.1 No valid recipients\r\n" SENDER
         RECIPIENT QUEUED(
             "2") "450 4.7.1 Too many messages, slow down\r\n" NEED("MAIL") OK,
     "a@b>c@d,:x;a@b>c@d,:y;"},
    {"throttled for good", THROTTLED_421, GUEST_FINISHING,
     HELLO "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT 1 LAST\r\nx"
           "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT 1 LAST\r\ny"
           "MAIL FROM:<a@b>\r\nNOOP\r\n",
     HELLOED SENDER RECIPIENT QUEUED("1") SENDER RECIPIENT QUEUED(
         "2") "421 4.7.0 Too many messages, closing\r\n",
     "a@b>c@d,:x;a@b>c@d,:y;"},
    {"out of order", AS_IT_IS, GUEST_TALKING,
     "MAIL FROM:<a@b>\r\n" HELLO
     "RCPT TO:<c@d>\r\nDATA\r\nBDAT 1 LAST\r\nxMAIL FROM:<a@b>\r\nDATA\r\n"
     "MAIL FROM:<a@b>\r\nRSET\r\nRCPT TO:<c@d>\r\n",
     "220 h ESMTP mailshot sink\r\n" NEED("Say EHLO") "250 h\r\n" NEED("MAIL")
         NEED("MAIL") NEED("MAIL")
             SENDER NEED("RCPT") "503 5.5.1 Nested MAIL\r\n" OK NEED("MAIL"),
     ""},
    {"hello begins anew", AS_IT_IS, GUEST_TALKING,
     HELLO "MAIL FROM:<a@b>\r\nHELO x\r\nRCPT TO:<c@d>\r\n",
     HELLOED SENDER "250 h\r\n" NEED("MAIL"), ""},
    {"small talk", AS_IT_IS, GUEST_TALKING,
     "noop\r\nNOOP x\r\nVRFY a\r\nVRFY\r\nHELP\r\nHELP x\r\nEXPN x\r\n\r\n"
     "RSET x\r\nQUIT now\r\nEHLO\r\nMAILFROM:<a@b>\r\nSTARTTLS\r\n",
     "220 h ESMTP mailshot sink\r\n" OK OK
     "252 2.1.5 Cannot verify, but would take mail for it\r\n"
     "501 5.5.4 Arguments are missing\r\n"
     "214 2.0.0 This relay delivers nowhere\r\n"
     "214 2.0.0 This relay delivers nowhere\r\n"
     "500 5.5.1 Command not recognized\r\n"
     "500 5.5.1 Command not recognized\r\n"
     "501 5.5.4 No arguments are allowed\r\n"
     "501 5.5.4 No arguments are allowed\r\n"
     "501 5.5.4 Arguments are missing\r\n"
     "500 5.5.1 Command not recognized\r\n"
     "503 5.5.1 TLS stands already\r\n",
     ""},
    {"a bare lf ends no line", AS_IT_IS, GUEST_TALKING,
     HELLO "MAIL FROM:<a@b>\nRCPT TO:<c@d>\r\n",
     HELLOED "500 5.5.2 A line must end with <CR><LF>\r\n" NEED("MAIL"), ""},
    {"no enhanced codes", NO_ENHANCED, GUEST_TALKING,
     HELLO "MAIL FROM:<a@b>\r\nRCPT TO:<bad@d>\r\nRCPT TO:<c@d>\r\n"
           "BDAT 1 LAST\r\nx",
     HELLOED "250 Ok\r\n550 No such user here\r\n250 Ok\r\n"
             "250 Ok: queued as 1\r\n",
     "a@b>c@d,:x;"},
    {"too big by its word", SMALL, GUEST_TALKING,
     "EHLO x\r\nMAIL FROM:<a@b> SIZE=11\r\nMAIL FROM:<a@b> SIZE=10\r\n",
     EHLOED_OF("10") "552 5.3.4 Message too big\r\n" SENDER, ""},
    {"too big in data", SMALL, GUEST_TALKING,
     HELLO "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n123456789\r\n.\r\n"
           "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n12345678\r\n.\r\n",
     HELLOED SENDER RECIPIENT GIVE
     "552 5.3.4 Message too big\r\n" SENDER RECIPIENT GIVE QUEUED("1"),
     "a@b>c@d,:12345678\r\n;"},
    {"too big in chunks", SMALL, GUEST_TALKING,
     HELLO "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT 5\r\n12345BDAT 6 LAST\r\n"
           "123456BDAT 99\r\n",
     HELLOED SENDER RECIPIENT
     "250 2.0.0 Chunk taken\r\n552 5.3.4 Message too big\r\n",
     ""},
    {"nowhere to store", FULL, GUEST_TALKING,
     HELLO "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT 1 LAST\r\nxNOOP\r\n",
     HELLOED SENDER RECIPIENT "452 4.3.1 The message cannot be stored\r\n" OK,
     ""},
    {"two messages and no more", TWO, GUEST_FINISHING,
     HELLO "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT 1 LAST\r\nx"
           "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT 1 LAST\r\ny"
           "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT 1 LAST\r\nz",
     HELLOED SENDER RECIPIENT QUEUED("1") SENDER RECIPIENT QUEUED(
         "2") "421 4.7.0 Too many messages in this connection\r\n",
     "a@b>c@d,:x;a@b>c@d,:y;"},
    {"closing down", CLOSING, GUEST_FINISHING, HELLO "MAIL FROM:<a@b>\r\n",
     HELLOED "421 4.3.2 Closing down\r\n", ""},
    {"addresses and parameters", AS_IT_IS, GUEST_TALKING,
     EHLO "MAIL FROM:<a>\r\nMAIL FROM:<postmaster>\r\n"
          "MAIL FROM:<a@b> X=1\r\nMAIL FROM:<\xc3\xa4@b>\r\n"
          "MAIL FROM:<\xff@b> SMTPUTF8\r\nMAIL FROM:<a@b> BODY=9BIT\r\n"
          "MAIL FROM:<a@b> BODY=8BITMIME RET=FULL ENVID=x\r\n"
          "RCPT TO:<>\r\nRCPT TO:<\xc3\xa4@b>\r\n"
          "RCPT TO:<c@d> NOTIFY=FAILURE ORCPT=rfc822;c@d\r\n"
          "RCPT TO:<Postmaster>\r\n",
     EHLOED
     "501 5.1.7 Bad sender address syntax\r\n"
     "501 5.1.7 Bad sender address syntax\r\n"
     "555 5.5.4 Parameter unknown or not offered\r\n"
     "553 5.6.7 Address needs SMTPUTF8, which MAIL did not say\r\n"
     "501 5.1.7 Bad sender address syntax\r\n"
     "501 5.5.4 Bad parameter value\r\n" SENDER
     "501 5.1.3 Bad recipient address syntax\r\n"
     "553 5.6.7 Address needs SMTPUTF8, which MAIL did not say\r\n" RECIPIENT
         RECIPIENT,
     ""},
    {"smtputf8", AS_IT_IS, GUEST_TALKING,
     EHLO "MAIL FROM:<a@b> SMTPUTF8\r\nRCPT TO:<\xc3\xa4@b>\r\n"
          "BDAT 1 LAST\r\nxMAIL FROM:<a@b>\r\nRCPT TO:<\xc3\xa4@b>\r\n",
     EHLOED SENDER RECIPIENT QUEUED("1") SENDER
     "553 5.6.7 Address needs SMTPUTF8, which MAIL did not say\r\n",
     "a@b>\xc3\xa4@b,:x;"},
    {"parameters need ehlo", AS_IT_IS, GUEST_TALKING,
     HELLO "MAIL FROM:<a@b> SIZE=1\r\n",
     HELLOED "555 5.5.4 Parameter unknown or not offered\r\n", ""},
    {"login", LOGIN_FIRST, GUEST_TALKING,
     EHLO "MAIL FROM:<a@b>\r\nAUTH PLAIN AGFubgB4\r\nAUTH LOGIN\r\nYW5u\r\n"
          "czNjcmV0\r\nMAIL FROM:<a@b>\r\nAUTH PLAIN\r\n",
     EHLOED "530 5.7.0 Authentication required\r\n"
            "535 5.7.8 Wrong name or password\r\n334 VXNlciBOYW1l\r\n"
            "334 UGFzc3dvcmQ=\r\n235 2.7.0 Logged in\r\n" SENDER
            "503 5.5.1 Logged in already\r\n",
     ""},
    {"login given up", AS_IT_IS, GUEST_TALKING,
     EHLO "AUTH PLAIN\r\n*\r\nAUTH\r\nAUTH X\r\nMAIL FROM:<a@b>\r\n"
          "AUTH PLAIN\r\n",
     EHLOED "334 \r\n501 5.7.0 Login cancelled\r\n"
            "501 5.5.4 Arguments are missing\r\n"
            "504 5.5.4 Not one of the mechanisms offered\r\n" SENDER
            "503 5.5.1 Not in a transaction\r\n",
     ""},
    {"no login in clear", CLEAR, GUEST_TALKING,
     HELLO "AUTH PLAIN AGFubgBzM2NyZXQ=\r\n",
     HELLOED "538 5.7.11 Encryption required for login\r\n", ""},
    {"no starttls", CLEAR | NO_STARTTLS, GUEST_TALKING, HELLO "STARTTLS\r\n",
     HELLOED "502 5.5.1 Not offered here\r\n", ""},
    {"starttls before ehlo", CLEAR, GUEST_TALKING, "STARTTLS\r\n",
     "220 h ESMTP mailshot sink\r\n" NEED("Say EHLO"), ""},
};

/* Gives `said` in pieces of `step` bytes. */
static void converse(size_t i, size_t step)
{
    struct setting s;
    setting_init(&s, conversations[i].changes);
    struct guest *g =
        guest_create(&s.house, 1, !(conversations[i].changes & CLEAR));
    struct span said = span_of(conversations[i].said);
    for (size_t at = 0; at < said.len; at += step) {
        size_t end = said.len - at < step ? said.len : at + step;
        struct edge edge = edge_copy(span_slice(said, at, end));
        guest_receive(g, edge.span);
        edge_release(&edge);
    }
    const char *name = conversations[i].name;
    expect_text(name, buf_span(guest_outbox(g)), conversations[i].answers);
    expect_text(name, buf_span(&s.taken), conversations[i].taken);
    assert_int_equal(guest_phase(g), conversations[i].phase);
    assert_int_equal(guest_said(g), guest_outbox(g)->len);
    guest_destroy(g);
    setting_release(&s);
}

static void converses(void **state)
{
    (void)state;
    static const size_t steps[] = {SIZE_MAX / 2, 1, 2, 3, 7, 64};
    for (size_t i = 0; i < COUNT(conversations); i++) {
        for (size_t k = 0; k < COUNT(steps); k++) {
            converse(i, steps[k]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(converses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
