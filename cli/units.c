#include "cli/units.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "list/domain.h"

bool units_number(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
    uint64_t value;
    if (!ascii_parse_number(span_of(text), max, &value) || value < min) {
        return false;
    }
    *out = value;
    return true;
}

bool units_duration(const char *text, uint64_t *ms_out)
{
    static const struct {
        const char *name;
        uint64_t ms;
    } units[] = {
        {"", 1000},       {"ms", 1},          {"s", 1000},
        {"m", 60 * 1000}, {"h", 3600 * 1000}, {"d", 24 * 3600 * 1000},
    };
    const uint64_t year_ms = UINT64_C(366) * 24 * 3600 * 1000;
    struct span word = span_of(text);
    size_t digits = 0;
    while (digits < word.len && ascii_is_digit(word.data[digits])) {
        digits++;
    }
    struct span unit = span_rest(word, digits);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        uint64_t count;
        if (span_equal(unit, span_of(units[i].name)) &&
            ascii_parse_number(span_slice(word, 0, digits),
                               year_ms / units[i].ms, &count)) {
            *ms_out = count * units[i].ms;
            return true;
        }
    }
    return false;
}

static bool read_rate(struct span text, struct rate_limit *out)
{
    static const struct {
        char letter;
        uint64_t ms;
        bool budget;
    } periods[] = {
        {'s', 1000, false},
        {'m', 60000, false},
        {'h', 3600000, true},
        {'d', 86400000, true},
    };
    size_t slash = span_find(text, '/');
    if (slash + 1 >= text.len || !ascii_parse_number(span_slice(text, 0, slash),
                                                     1000000000, &out->count)) {
        return false;
    }
    struct span period = span_rest(text, slash + 1);
    uint64_t times = 1;
    if (period.len > 1 &&
        !ascii_parse_number(span_slice(period, 0, period.len - 1), 366,
                            &times)) {
        return false;
    }
    for (size_t i = 0; i < sizeof periods / sizeof periods[0]; i++) {
        if (period.data[period.len - 1] == periods[i].letter) {
            out->period_ms = periods[i].ms * times;
            out->budget = periods[i].budget;
            return out->count > 0 && times > 0;
        }
    }
    return false;
}

const char *units_rates(struct span text, struct rate_limit *out,
                        unsigned *count_out)
{
    unsigned count = 0;
    while (text.len > 0) {
        size_t comma = span_find(text, ',');
        if (count == RATE_LIMITS_MAX) {
            return "too many windows";
        }
        if (!read_rate(span_slice(text, 0, comma), &out[count++])) {
            return "rates are N/U, such as 14/s or 2000/24h, with U of s, m, h "
                   "or d";
        }
        bool more = comma < text.len;
        text = span_rest(text, more ? comma + 1 : comma);
        if (more && text.len == 0) {
            return "nothing behind the comma";
        }
    }
    *count_out = count;
    return count > 0 ? NULL : "its value is empty";
}

static const char *fault_of_rest(struct span rest)
{
    if (span_find(rest, '@') < rest.len) {
        return "a login does not go into the address of the relay: --user and "
               "--password-file have it";
    }
    if (span_find(rest, '/') < rest.len) {
        return "nothing can stand behind HOST[:PORT]";
    }
    return NULL;
}

/* fe80::1%eth0 has a zone behind its address. */
static bool is_ipv6(struct span host)
{
    struct in6_addr address;
    char text[64];
    size_t len = span_find(host, '%');
    if (len >= sizeof text) {
        return false;
    }
    memcpy(text, host.data, len);
    text[len] = '\0';
    return inet_pton(AF_INET6, text, &address) == 1;
}

static const char *split(struct span rest, struct span *host, struct span *port)
{
    size_t end = span_find(rest, ':');
    if (rest.len > 0 && rest.data[0] == '[') {
        end = span_find(rest, ']');
        if (end == rest.len || !is_ipv6(span_slice(rest, 1, end))) {
            return "no IPv6 address stands in the brackets";
        }
        *host = span_slice(rest, 1, end);
        end++;
    } else {
        *host = span_slice(rest, 0, end);
    }
    if (end == rest.len) {
        *port = SPAN("");
        return NULL;
    }
    if (rest.data[end] != ':' || end + 1 == rest.len) {
        return "no port stands behind the colon";
    }
    *port = span_rest(rest, end + 1);
    return span_find(*port, ':') < port->len
               ? "an IPv6 address has to stand in brackets"
               : NULL;
}

static const char *fault_of_host(struct span host)
{
    if (host.len == 0) {
        return "the host is missing";
    }
    if (host.len > 253) {
        return "the host is longer than any name";
    }
    for (size_t i = 0; i < host.len && !is_ipv6(host); i++) {
        if (!ascii_is_alnum(host.data[i]) && host.data[i] != '-' &&
            host.data[i] != '.' && host.data[i] != '_') {
            return "the host has a character that no name has";
        }
    }
    return NULL;
}

const char *units_host(struct span host, char **out)
{
    const char *fault = NULL;
    struct buf ascii;
    buf_init(&ascii, 1024);
    if (ascii_only(host)) {
        fault = fault_of_host(host);
        buf_append(&ascii, host);
    } else {
        fault = domain_append_ascii(&ascii, host);
    }
    if (!fault) {
        *out = mem_copy_text(ascii.data, ascii.len);
    }
    buf_release(&ascii);
    return fault;
}

const char *units_domain(struct span domain, char **out)
{
    struct buf ascii;
    buf_init(&ascii, 1024);
    const char *fault = domain_append_ascii(&ascii, domain);
    if (!fault) {
        *out = mem_copy_text(ascii.data, ascii.len);
    }
    buf_release(&ascii);
    return fault;
}

static bool drop_scheme(struct span *rest, bool *implicit_tls)
{
    static const struct {
        struct span name;
        bool implicit_tls;
    } schemes[] = {{{"smtp://", 7}, false}, {{"smtps://", 8}, true}};
    *implicit_tls = false;
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        if (span_starts_nocase(*rest, schemes[i].name)) {
            *rest = span_rest(*rest, schemes[i].name.len);
            *implicit_tls = schemes[i].implicit_tls;
            return true;
        }
    }
    for (size_t i = 0; i + 2 < rest->len; i++) {
        if (span_starts(span_rest(*rest, i), SPAN("://"))) {
            return false;
        }
    }
    return true;
}

/* NULL: fine. */
static const char *drop_weight(struct span *rest, unsigned *weight)
{
    enum { WEIGHT_MAX = 1000 };
    size_t equals = span_find_last(*rest, '=');
    uint64_t number = 1;
    bool login = span_find(*rest, '@') < rest->len; /* that is refused */
    if (equals < rest->len && !login) {
        struct span digits = span_rest(*rest, equals + 1);
        *rest = span_slice(*rest, 0, equals);
        if (!ascii_parse_number(digits, WEIGHT_MAX, &number) || number == 0) {
            return "the weight is no number from 1 to 1000";
        }
    }
    *weight = (unsigned)number;
    return NULL;
}

const char *units_relay(struct span text, struct relay *out)
{
    struct span rest = text;
    struct span host = {NULL, 0};
    struct span port = {NULL, 0};
    if (!drop_scheme(&rest, &out->implicit_tls)) {
        return "the address of a relay begins with smtp:// or smtps://";
    }
    const char *fault = drop_weight(&rest, &out->weight);
    if (fault) {
        return fault;
    }
    if (span_ends(rest, SPAN("/"))) {
        rest = span_slice(rest, 0, rest.len - 1);
    }
    fault = fault_of_rest(rest);
    if (!fault) {
        fault = split(rest, &host, &port);
    }
    uint64_t number;
    if (!fault && port.len > 0 &&
        (!ascii_parse_number(port, 65535, &number) || number == 0)) {
        fault = "the port is no number from 1 to 65535";
    }
    char *name;
    fault = fault ? fault : units_host(host, &name);
    if (fault) {
        return fault;
    }
    if (port.len == 0) {
        port = out->implicit_tls ? SPAN("465") : SPAN("587");
    }
    out->host = name;
    out->port = mem_copy_text(port.data, port.len);
    return NULL;
}

bool units_address(struct span text, struct sockaddr_storage *out)
{
    char digits[128];
    if (text.len > 2 && text.data[0] == '[' && span_ends(text, SPAN("]"))) {
        text = span_slice(text, 1, text.len - 1);
    }
    if (text.len == 0 || text.len >= sizeof digits) {
        return false;
    }
    memcpy(digits, text.data, text.len);
    digits[text.len] = '\0';
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_NUMERICHOST};
    struct addrinfo *found;
    if (getaddrinfo(digits, NULL, &hints, &found) != 0) {
        return false;
    }
    *out = (struct sockaddr_storage){.ss_family = AF_UNSPEC};
    memcpy(out, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return true;
}

bool units_loopback(const char *host)
{
    struct in_addr v4;
    struct in6_addr v6;
    if (inet_pton(AF_INET, host, &v4) == 1) {
        return ntohl(v4.s_addr) >> 24 == 127;
    }
    if (inet_pton(AF_INET6, host, &v6) == 1) {
        return IN6_IS_ADDR_LOOPBACK(&v6);
    }
    return span_equal_nocase(span_of(host), SPAN("localhost"));
}
