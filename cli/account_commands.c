#include "cli/account_commands.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "cli/take.h"

static bool is(struct span argument, const char *word)
{
    return span_equal(argument, span_of(word));
}

/* The argument stands between two bars of "|on|off|". */
static bool stands_in(const char *words, struct span argument)
{
    struct span rest = span_of(words);
    while (rest.len > 1) {
        rest = span_rest(rest, 1);
        size_t end = span_find(rest, '|');
        if (span_equal(span_slice(rest, 0, end), argument)) {
            return true;
        }
        rest = span_rest(rest, end);
    }
    return false;
}

/* --- how an argument is read --- */

#define READER(name)                                                           \
    static const char *name(const struct account_command *c,                   \
                            struct span argument, struct buf *out)

READER(read_text)
{
    (void)c;
    buf_append(out, argument);
    return NULL;
}

READER(read_needed)
{
    return argument.len > 0 ? read_text(c, argument, out)
                            : "it needs an argument";
}

READER(read_path)
{
    (void)c;
    if (argument.len > 0 && argument.data[0] == '~') {
        buf_append(out, span_of(getenv("HOME")));
        argument = span_rest(argument, 1);
    }
    buf_append(out, argument);
    return NULL;
}

/* Nothing is no file, which is not the same as unsaid. */
READER(read_trust)
{
    if (argument.len == 0) {
        argument = SPAN(ACCOUNT_NO_TRUST);
    } else if (is(argument, "system")) {
        return NULL;
    } else if (is(argument, ACCOUNT_NO_TRUST)) {
        buf_append(out, SPAN("./"));
    }
    return read_path(c, argument, out);
}

READER(read_switch)
{
    (void)c;
    if (!stands_in("||on|off|", argument)) {
        return "neither on nor off";
    }
    buf_append(out, is(argument, "off") ? SPAN("off") : SPAN("on"));
    return NULL;
}

/* tls_nostarttls, of before msmtp 1.4. */
READER(read_off)
{
    (void)c;
    if (argument.len > 0) {
        return "it takes no argument";
    }
    buf_append(out, SPAN("off"));
    return NULL;
}

READER(read_port)
{
    (void)c;
    uint64_t port;
    if (!ascii_parse_number(argument, 65535, &port) || port == 0) {
        return "no number from 1 to 65535";
    }
    buf_append_number(out, port);
    return NULL;
}

READER(read_address)
{
    struct in6_addr address;
    char text[INET6_ADDRSTRLEN] = "";
    if (argument.len < sizeof text) {
        memcpy(text, argument.data, argument.len);
    }
    return argument.len == 0 || inet_pton(AF_INET, text, &address) == 1 ||
                   inet_pton(AF_INET6, text, &address) == 1
               ? read_text(c, argument, out)
               : "no IP address";
}

READER(read_seconds)
{
    (void)c;
    uint64_t seconds;
    if (is(argument, "off")) {
        return NULL;
    }
    if (!ascii_parse_number(argument, 24 * 3600, &seconds) || seconds == 0) {
        return "neither off nor a number of seconds";
    }
    buf_append_number(out, seconds * 1000);
    return NULL;
}

READER(read_auth)
{
    static const char *const strange[] = {"digest-md5", "ntlm", "gssapi",
                                          "external"};
    unsigned bits;
    if (stands_in("||on|off|", argument)) {
        return read_switch(c, argument, out);
    }
    for (size_t i = 0; i < sizeof strange / sizeof strange[0]; i++) {
        if (is(argument, strange[i])) {
            return "a mechanism that is not spoken here";
        }
    }
    buf_append(out, argument);
    buf_append_byte(out, '\0');
    bool known =
        !stands_in("|auto|", argument) && take_mechanism(out->data, &bits);
    buf_truncate(out, out->len - 1);
    return known ? NULL : "no mechanism that is known here";
}

/* 01:23:… of SHA-256, SHA-1 or MD5. */
READER(read_fingerprint)
{
    bool fits = argument.len == 95 || argument.len == 59 || argument.len == 47;
    for (size_t i = 0; i < argument.len && fits; i++) {
        fits = i % 3 == 2 ? argument.data[i] == ':'
                          : ascii_hex_value(argument.data[i]) >= 0;
    }
    return fits || argument.len == 0 ? read_text(c, argument, out)
                                     : "not a fingerprint such as 01:23:45:...";
}

READER(read_dsn_notify)
{
    if (is(argument, "off")) {
        return NULL;
    }
    struct span left = argument;
    bool fits = left.len > 0;
    while (left.len > 0 && fits && !is(argument, "never")) {
        size_t comma = span_find(left, ',');
        fits = stands_in("|success|failure|delay|", span_slice(left, 0, comma));
        left = span_rest(left, comma < left.len ? comma + 1 : comma);
    }
    return fits ? read_text(c, argument, out)
                : "neither off, nor never, nor a list of failure, delay and "
                  "success";
}

READER(read_dsn_return)
{
    (void)c;
    if (!stands_in("|off|headers|full|", argument)) {
        return "neither off, nor headers, nor full";
    }
    buf_append(out, is(argument, "headers") ? SPAN("hdrs")
                    : is(argument, "full")  ? SPAN("full")
                                            : SPAN(""));
    return NULL;
}

READER(read_idly)
{
    (void)out;
    return !c->words || stands_in(c->words, argument) ? NULL : "no such value";
}

READER(read_refused)
{
    (void)out;
    return stands_in(c->words, argument) ? NULL : c->why;
}

#undef READER

/* --- the commands --- */

#define USED(name, text, read)                                                 \
    {                                                                          \
        name, text, read, false, NULL, NULL                                    \
    }
#define PASSED_OVER(name, words)                                               \
    {                                                                          \
        name, ACCOUNT_TEXTS, read_idly, true, words, NULL                      \
    }
#define REFUSED(name, words, why)                                              \
    {                                                                          \
        name, ACCOUNT_TEXTS, read_refused, true, words, why                    \
    }

static const char no_proxy[] = "there is no way through a proxy";

static const struct account_command commands[] = {
    USED("host", ACCOUNT_HOST, read_needed),
    USED("port", ACCOUNT_PORT, read_port),
    USED("source_ip", ACCOUNT_SOURCE_IP, read_address),
    USED("timeout", ACCOUNT_TIMEOUT, read_seconds),
    USED("connect_timeout", ACCOUNT_TIMEOUT, read_seconds), /* before 1.4.2 */
    USED("from", ACCOUNT_FROM, read_text),
    USED("auto_from", ACCOUNT_AUTO_FROM, read_switch),
    USED("maildomain", ACCOUNT_MAILDOMAIN, read_text),
    USED("domain", ACCOUNT_DOMAIN, read_text),
    USED("auth", ACCOUNT_AUTH, read_auth),
    USED("user", ACCOUNT_USER, read_text),
    USED("password", ACCOUNT_PASSWORD, read_text),
    USED("passwordeval", ACCOUNT_PASSWORDEVAL, read_text),
    USED("tls", ACCOUNT_TLS, read_switch),
    USED("tls_starttls", ACCOUNT_STARTTLS, read_switch),
    USED("tls_nostarttls", ACCOUNT_STARTTLS, read_off), /* before 1.4 */
    USED("tls_certcheck", ACCOUNT_CERTCHECK, read_switch),
    USED("tls_nocertcheck", ACCOUNT_CERTCHECK, read_off), /* before 1.4 */
    USED("tls_trust_file", ACCOUNT_TRUST_FILE, read_trust),
    USED("tls_fingerprint", ACCOUNT_FINGERPRINT, read_fingerprint),
    USED("tls_cert_file", ACCOUNT_CERT_FILE, read_path),
    USED("tls_key_file", ACCOUNT_KEY_FILE, read_path),
    USED("tls_host_override", ACCOUNT_TLS_NAME, read_text),
    USED("dsn_notify", ACCOUNT_DSN_NOTIFY, read_dsn_notify),
    USED("dsn_return", ACCOUNT_DSN_RETURN, read_dsn_return),

    /* The protocols are TLS 1.2 and 1.3, and no weaker than that. */
    PASSED_OVER("tls_priorities", NULL),
    PASSED_OVER("tls_min_dh_prime_bits", NULL),
    PASSED_OVER("tls_force_sslv3", NULL), /* before 1.4.33 */
    /* One letter at a time, written by us; a report instead of a log. */
    PASSED_OVER("allow_from_override", "|on|off|"),
    PASSED_OVER("set_from_header", "||auto|on|off|"),
    PASSED_OVER("set_date_header", "||auto|off|"),
    PASSED_OVER("set_msgid_header", "||auto|off|"),
    PASSED_OVER("add_missing_from_header", "||on|off|"), /* before 1.8.8 */
    PASSED_OVER("add_missing_date_header", "||on|off|"),
    PASSED_OVER("remove_bcc_headers", "||on|off|"),
    PASSED_OVER("keepbcc", "||on|off|"), /* before 1.8.8 */
    PASSED_OVER("undisclosed_recipients", "||on|off|"),
    PASSED_OVER("logfile", NULL),
    PASSED_OVER("logfile_time_format", NULL),
    PASSED_OVER("syslog", NULL),
    PASSED_OVER("aliases", NULL),

    REFUSED("protocol", "|smtp|", "only smtp is spoken"),
    REFUSED("socket", "||", "there is no way through a local socket"),
    REFUSED("proxy_host", "||", no_proxy),
    REFUSED("proxy_port", "||", no_proxy),
    REFUSED("ntlmdomain", "||", "NTLM is not spoken"),
    REFUSED("tls_crl_file", "||", "revocation lists are not read"),
};

const struct account_command *account_command_of(struct span name)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (span_equal(name, span_of(commands[i].name))) {
            return &commands[i];
        }
    }
    return NULL;
}
