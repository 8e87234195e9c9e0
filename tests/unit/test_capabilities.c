/* smtp/capabilities: what an EHLO reply offers, whatever its case, order and
 * blanks; and nothing that it does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/buf.h"
#include "smtp/capabilities.h"
#include "unit/edge.h"

static void expect(const char *keywords, const struct capabilities *due)
{
    struct buf lines;
    buf_init(&lines, 65536);
    buf_append(&lines, SPAN("relay.example.org at your service\n"));
    buf_append(&lines, span_of(keywords));
    struct edge edge = edge_copy(buf_span(&lines));
    struct capabilities c;
    memset(&c, 0xff, sizeof c); /* nothing is left of what stood there */
    capabilities_read(edge.span, &c);
    bool same =
        c.starttls == due->starttls && c.pipelining == due->pipelining &&
        c.chunking == due->chunking && c.eight_bit == due->eight_bit &&
        c.smtputf8 == due->smtputf8 && c.dsn == due->dsn &&
        c.requiretls == due->requiretls && c.size == due->size &&
        c.bytes_max == due->bytes_max && c.auth == due->auth &&
        c.mechanisms == due->mechanisms && c.limits == due->limits &&
        c.mail_max == due->mail_max && c.recipients_max == due->recipients_max;
    if (!same) {
        fail_msg("misread: %s", keywords);
    }
    edge_release(&edge);
    buf_release(&lines);
}

static const struct {
    const char *keywords;
    struct capabilities due;
} flags[] = {
    {"", {0}},
    {"\n", {0}},
    {"STARTTLS\n", {.starttls = true}},
    {"starttls\n", {.starttls = true}},
    {"StartTLS", {.starttls = true}},
    {" STARTTLS \n", {.starttls = true}},
    {"STARTTLS\t\n", {.starttls = true}},
    {"XSTARTTLS\nSTARTTLSX\nSTART TLS\n", {0}},
    {"PIPELINING\n", {.pipelining = true}},
    {"CHUNKING\n", {.chunking = true}},
    {"8BITMIME\n", {.eight_bit = true}},
    {"SMTPUTF8\n", {.smtputf8 = true}},
    {"DSN\n", {.dsn = true}},
    {"REQUIRETLS\n", {.requiretls = true}},
    {"HELP\nETRN\nVRFY\nENHANCEDSTATUSCODES\nXCLIENT NAME ADDR\n", {0}},
    {"PIPELINING\n8BITMIME\nCHUNKING\n",
     {.pipelining = true, .eight_bit = true, .chunking = true}},
    {"PIPELINING CHUNKING\n", {.pipelining = true}},
};

static void reads_flags(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        expect(flags[i].keywords, &flags[i].due);
    }
}

static const struct {
    const char *keywords;
    struct capabilities due;
} numbers[] = {
    {"SIZE\n", {.size = true}},
    {"SIZE 0\n", {.size = true}},
    {"SIZE 10240000\n", {.size = true, .bytes_max = 10240000}},
    {"size  \t 7 8\n", {.size = true, .bytes_max = 7}},
    {"SIZE 18446744073709551615\n", {.size = true, .bytes_max = UINT64_MAX}},
    {"SIZE 18446744073709551616\n", {.size = true}},
    {"SIZE 99999999999999999999999\n", {.size = true}},
    {"SIZE -1\n", {.size = true}},
    {"SIZE 1e6\n", {.size = true}},
    {"SIZE=1000\n", {0}},
    {"LIMITS\n", {.limits = true}},
    {"LIMITS MAILMAX=10\n", {.limits = true, .mail_max = 10}},
    {"LIMITS RCPTMAX=20\n", {.limits = true, .recipients_max = 20}},
    {"LIMITS rcptdomainmax=1 RCPTMAX=20 mailmax=3\n",
     {.limits = true, .recipients_max = 20, .mail_max = 3}},
    {"LIMITS MAILMAX= RCPTMAX=x =3 MAILMAX\n", {.limits = true}},
    {"LIMITS MAILMAX=18446744073709551616\n", {.limits = true}},
};

static void reads_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        expect(numbers[i].keywords, &numbers[i].due);
    }
}

static const struct {
    const char *keywords;
    struct capabilities due;
} logins[] = {
    {"AUTH\n", {.auth = true}},
    {"AUTH PLAIN\n", {.auth = true, .mechanisms = CAPABILITIES_AUTH_PLAIN}},
    {"auth plain LOGIN  cram-md5\n",
     {.auth = true,
      .mechanisms = CAPABILITIES_AUTH_PLAIN | CAPABILITIES_AUTH_LOGIN |
                    CAPABILITIES_AUTH_CRAM_MD5}},
    {"AUTH=PLAIN LOGIN\n",
     {.auth = true,
      .mechanisms = CAPABILITIES_AUTH_PLAIN | CAPABILITIES_AUTH_LOGIN}},
    {"AUTH=\n", {.auth = true}},
    {"AUTH LOGIN\nAUTH=PLAIN\n",
     {.auth = true,
      .mechanisms = CAPABILITIES_AUTH_PLAIN | CAPABILITIES_AUTH_LOGIN}},
    {"AUTH SCRAM-SHA-1 SCRAM-SHA-256\n",
     {.auth = true,
      .mechanisms =
          CAPABILITIES_AUTH_SCRAM_SHA_1 | CAPABILITIES_AUTH_SCRAM_SHA_256}},
    {"AUTH SCRAM-SHA-1-PLUS SCRAM-SHA-256-PLUS\n",
     {.auth = true,
      .mechanisms = CAPABILITIES_AUTH_SCRAM_SHA_1_PLUS |
                    CAPABILITIES_AUTH_SCRAM_SHA_256_PLUS}},
    {"AUTH XOAUTH2 OAUTHBEARER\n",
     {.auth = true,
      .mechanisms = CAPABILITIES_AUTH_XOAUTH2 | CAPABILITIES_AUTH_OAUTHBEARER}},
    {"AUTH NTLM GSSAPI PLAINX XPLAIN PLAIN-CLIENTTOKEN\n", {.auth = true}},
    {"AUTHX PLAIN\n", {0}},
};

static void reads_mechanisms(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof logins / sizeof *logins; i++) {
        expect(logins[i].keywords, &logins[i].due);
    }
}

/* The first line names the host, which may be called what it likes. */
static void passes_over_the_first_line(void **state)
{
    (void)state;
    struct capabilities c;
    capabilities_read(SPAN("STARTTLS PIPELINING\nDSN\n"), &c);
    assert_false(c.starttls);
    assert_false(c.pipelining);
    assert_true(c.dsn);
    capabilities_read(SPAN("AUTH PLAIN"), &c);
    assert_false(c.auth);
    assert_int_equal(c.mechanisms, 0);
    capabilities_read(SPAN(""), &c);
    assert_false(c.dsn);
}

static void takes_any_byte(void **state)
{
    (void)state;
    const struct capabilities none = {0};
    expect("STARTTLS\xff\n\x01PIPELINING\n8BIT\xc3\xa9MIME\n", &none);
    struct capabilities c;
    capabilities_read(SPAN("h\nSTART\0TLS\nDSN\0\n\0DSN\n"), &c);
    assert_false(c.starttls);
    assert_false(c.dsn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_flags),
        cmocka_unit_test(reads_numbers),
        cmocka_unit_test(reads_mechanisms),
        cmocka_unit_test(passes_over_the_first_line),
        cmocka_unit_test(takes_any_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
