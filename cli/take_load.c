/* Whom the load goes to, and which part of it is ours: relays and shards. */
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "cli/take.h"
#include "cli/units.h"

enum { DOMAIN_RATES_MAX = 64 };

static bool add_relay(struct options *o, struct span text, struct err *err)
{
    struct relay relay;
    const char *fault = units_relay(text, &relay);
    if (fault) {
        return take_wrong(o, fault, err);
    }
    options_add_relay(o, &relay);
    for (size_t i = 0; i + 1 < o->settings.relay_count; i++) {
        if (strcmp(o->relays[i].host, relay.host) == 0 &&
            strcmp(o->relays[i].port, relay.port) == 0) {
            return take_wrong(o, "one relay is named twice", err);
        }
    }
    return true;
}

static bool add_bind(struct options *o, struct span text, struct err *err)
{
    struct sockaddr_storage address;
    if (!units_address(text, &address)) {
        return take_wrong(o, "no IP address of this machine", err);
    }
    options_add_bind(o, &address);
    return true;
}

/* In the environment nothing can be repeated: one value names several, parted
 * by commas or blanks. */
static bool take_several(struct options *o, const char *value,
                         bool (*add)(struct options *o, struct span text,
                                     struct err *err),
                         struct err *err)
{
    struct span left = span_of(value);
    if (!span_starts(span_of(o->saying), SPAN("MAILSHOT_"))) {
        return add(o, left, err);
    }
    for (left = span_trim(left); left.len > 0; left = span_trim(left)) {
        size_t comma = span_find(left, ',');
        size_t blank = span_find(left, ' ');
        size_t end = comma < blank ? comma : blank;
        if (!add(o, span_slice(left, 0, end), err)) {
            return false;
        }
        left = span_rest(left, end < left.len ? end + 1 : end);
    }
    return true;
}

bool take_server(struct options *o, const struct option *row, const char *value,
                 struct err *err)
{
    (void)row;
    o->server_said = true;
    return take_several(o, value, add_relay, err);
}

bool take_bind(struct options *o, const struct option *row, const char *value,
               struct err *err)
{
    (void)row;
    return take_several(o, value, add_bind, err);
}

bool take_rate(struct options *o, const struct option *row, const char *value,
               struct err *err)
{
    (void)row;
    struct settings *s = &o->settings;
    const char *fault = units_rates(span_of(value), s->rates, &s->rate_count);
    return !fault || take_wrong(o, fault, err);
}

static bool add_domain_rate(struct options *o, struct span text,
                            struct err *err)
{
    struct domain_rate of = {.limit_count = 0};
    size_t equals = span_find(text, '=');
    char *domain;
    if (equals == text.len) {
        return take_wrong(o, "a domain's rate is DOMAIN=N/U", err);
    }
    const char *fault =
        units_rates(span_rest(text, equals + 1), of.limits, &of.limit_count);
    fault = fault ? fault : units_domain(span_slice(text, 0, equals), &domain);
    if (fault) {
        return take_wrong(o, fault, err);
    }
    of.domain = span_of(options_keep(o, domain));
    size_t count = o->settings.domain_rate_count;
    for (size_t i = 0; i < count; i++) {
        if (span_equal(o->domain_rates[i].domain, of.domain)) {
            return take_wrong(o, "a domain has two rates", err);
        }
    }
    if (count == DOMAIN_RATES_MAX) {
        return take_wrong(o, "too many domains", err);
    }
    o->domain_rates =
        mem_resize(o->domain_rates, count + 1, sizeof *o->domain_rates);
    o->domain_rates[count] = of;
    o->settings.domain_rates = o->domain_rates;
    o->settings.domain_rate_count = count + 1;
    return true;
}

bool take_domain_rate(struct options *o, const struct option *row,
                      const char *value, struct err *err)
{
    (void)row;
    struct span left = span_trim(span_of(value));
    if (left.len == 0) {
        return take_wrong(o, "its value is empty", err);
    }
    for (; left.len > 0; left = span_trim(left)) {
        size_t blank = span_find(left, ' ');
        if (!add_domain_rate(o, span_slice(left, 0, blank), err)) {
            return false;
        }
        left = span_rest(left, blank);
    }
    return true;
}

bool take_shard(struct options *o, const struct option *row, const char *value,
                struct err *err)
{
    (void)row;
    struct span text = span_of(value);
    size_t slash = span_find(text, '/');
    uint64_t number, count;
    if (slash == text.len ||
        !ascii_parse_number(span_slice(text, 0, slash), SHARDS_MAX, &number) ||
        !ascii_parse_number(span_rest(text, slash + 1), SHARDS_MAX, &count) ||
        number == 0 || number > count) {
        return take_wrong(o, "shards are K/N, such as 1/4, with K from 1 to N",
                          err);
    }
    o->settings.shard = (struct shard){(uint32_t)number, (uint32_t)count};
    return true;
}
