/* What amount does a word of the command line mean: a number, a time, a
 * relay? */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "mailing/settings.h"

/* A decimal number and nothing else, from min to max. */
bool units_number(const char *text, uint64_t min, uint64_t max, uint64_t *out);

/* 250ms, 30s, 5m, 2h, 1d; a number alone is seconds. At most a year. */
bool units_duration(const char *text, uint64_t *ms_out);

/* "14/s,2000/24h": N/U or N/kU, at most N in k of a second, minute, hour or
 * day; at most RATE_LIMITS_MAX of them. NULL: fine. */
const char *units_rates(struct span text, struct rate_limit *out,
                        unsigned *count_out);

/* "smtp://HOST[:PORT]", "smtps://HOST[:PORT]" or "HOST[:PORT]", an IPv6
 * address in brackets, "=WEIGHT" behind it perhaps. NULL: fine, and the texts
 * of *out are malloc'd, the caller's. Else why not, in words. */
const char *units_relay(struct span text, struct relay *out);

/* The host as DNS and certificates know it, malloc'd, the caller's: a name
 * outside ASCII in its ASCII form. NULL: fine; else why not, in words. */
const char *units_host(struct span host, char **out);

/* The domain of an address, likewise. */
const char *units_domain(struct span domain, char **out);

/* An IP address, an IPv6 one in brackets perhaps. */
bool units_address(struct span text, struct sockaddr_storage *out);

/* A name that is always this machine: localhost, 127.0.0.0/8, ::1. */
bool units_loopback(const char *host);
