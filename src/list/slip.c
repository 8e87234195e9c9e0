#include "list/slip.h"

#include <stdbool.h>
#include <stddef.h>

enum { SHORT_NAME_MAX = 4, PROVIDER_BYTES_MAX = 14 };

static const struct span providers[] = {
    {"gmail.com", 9},       {"googlemail.com", 14}, {"yahoo.com", 9},
    {"yahoo.co.uk", 11},    {"yahoo.co.jp", 11},    {"yahoo.fr", 8},
    {"yahoo.de", 8},        {"ymail.com", 9},       {"hotmail.com", 11},
    {"hotmail.co.uk", 13},  {"hotmail.de", 10},     {"hotmail.fr", 10},
    {"outlook.com", 11},    {"outlook.de", 10},     {"live.com", 8},
    {"msn.com", 7},         {"icloud.com", 10},     {"aol.com", 7},
    {"gmx.de", 6},          {"gmx.net", 7},         {"gmx.com", 7},
    {"web.de", 6},          {"t-online.de", 11},    {"freenet.de", 10},
    {"protonmail.com", 14}, {"proton.me", 9},       {"fastmail.com", 12},
    {"comcast.net", 11},    {"verizon.net", 11},    {"btinternet.com", 14},
    {"orange.fr", 9},       {"wanadoo.fr", 10},     {"laposte.net", 11},
    {"libero.it", 9},       {"mail.ru", 7},         {"yandex.ru", 9},
    {"yandex.com", 10},     {"seznam.cz", 9},       {"bluewin.ch", 10},
};

/* In use, and one slip from a provider. */
static const struct span neighbours[] = {
    {"mail.com", 8},
    {"email.com", 9},
    {"cloud.com", 9},
    {"gmail.ru", 8},
};

static bool in(const struct span *table, size_t count, struct span domain)
{
    for (size_t i = 0; i < count; i++) {
        if (span_equal(table[i], domain)) {
            return true;
        }
    }
    return false;
}

/* What is left of two texts without their common start and end. */
static void strip(struct span *a, struct span *b)
{
    size_t start = 0;
    while (start < a->len && start < b->len &&
           a->data[start] == b->data[start]) {
        start++;
    }
    *a = span_rest(*a, start);
    *b = span_rest(*b, start);
    while (a->len > 0 && b->len > 0 &&
           a->data[a->len - 1] == b->data[b->len - 1]) {
        a->len--;
        b->len--;
    }
}

static bool swapped(struct span a, struct span b)
{
    return a.len == 2 && b.len == 2 && a.data[0] == b.data[1] &&
           a.data[1] == b.data[0];
}

static bool one_slip(struct span a, struct span b, bool swaps_alone)
{
    strip(&a, &b);
    bool edited = a.len <= 1 && b.len <= 1 && a.len + b.len > 0;
    return swapped(a, b) || (edited && !swaps_alone);
}

static bool near(struct span domain, struct span provider)
{
    if (domain.len + 1 < provider.len || domain.len > provider.len + 1) {
        return false;
    }
    size_t name = span_find_last(domain, '.');
    size_t other = span_find_last(provider, '.');
    bool same_name =
        span_equal(span_slice(domain, 0, name), span_slice(provider, 0, other));
    bool countries = domain.len - name == 3 && provider.len - other == 3;
    if (same_name) { /* the slip is behind the last dot */
        return !countries && one_slip(domain, provider, false);
    }
    bool is_short = span_find(provider, '.') <= SHORT_NAME_MAX;
    return one_slip(domain, provider, is_short);
}

struct span slip_meant(struct span domain)
{
    static const size_t count = sizeof providers / sizeof *providers;
    if (domain.len > PROVIDER_BYTES_MAX + 1 || in(providers, count, domain) ||
        in(neighbours, sizeof neighbours / sizeof *neighbours, domain)) {
        return span_from(NULL, 0);
    }
    for (size_t i = 0; i < count; i++) {
        if (near(domain, providers[i])) {
            return providers[i];
        }
    }
    return span_from(NULL, 0);
}
